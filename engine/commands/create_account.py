"""Create one account, usually the first administrator's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine.accounts import find_user
from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.models import Department, User, UserRole

LOGIN = re.compile(r"[0-9A-Za-z一-鿿._-]{2,64}")


@dataclass(frozen=True)
class CreateAccount:
    """``roles`` are held in ``department``, which may be empty for an administrator of no department.

    ``password_hash`` is made outside, because hashing is slow on purpose; the person must change
    the password unless ``must_change_password`` is false.  Returns the account's id.  Raises
    :class:`Forbidden` unless an administrator acts, :class:`InvalidInput` for a login or a role that cannot
    be, :class:`NotFound` for an unknown department and :class:`Conflict` when the login is taken.
    """

    login: str
    name: str
    password_hash: str
    roles: Sequence[str]
    department: str = ""
    post: str = ""
    must_change_password: bool = True

    def run(self, ctx: CommandContext) -> str:
        if not ctx.actor.is_system and not ctx.actor.has_role("系统管理员"):
            raise Forbidden("只有系统管理员可以管理账号。")
        self._check(ctx)
        user = User(
            district_id=ctx.district_id, login=self.login, name=self.name, department=self.department, post=self.post,
            password_hash=self.password_hash, must_change_password=self.must_change_password, created_at=ctx.now,
        )  # fmt: skip
        ctx.session.add(user)
        ctx.session.flush()
        ctx.session.add_all(
            UserRole(user_id=user.id, department=self.department, role=role, district_id=ctx.district_id)
            for role in dict.fromkeys(self.roles)
        )
        ctx.record(
            None,
            "account-created",
            {"user": user.id, "login": self.login, "name": self.name, "department": self.department,
             "roles": sorted([self.department, role] for role in set(self.roles))},
        )  # fmt: skip
        return user.id

    def _check(self, ctx: CommandContext) -> None:
        if LOGIN.fullmatch(self.login) is None:
            raise InvalidInput(f"登录名“{self.login}”不能使用，请用 2 至 64 个字母、数字、汉字、点或短横线。")
        if not self.name.strip() or len(self.name) > 64:
            raise InvalidInput("请填写姓名，不超过 64 个字。")
        known = ctx.kernel.roles
        if known is not None and (unknown := sorted(set(self.roles) - known)):
            raise InvalidInput(f"没有角色“{'、'.join(unknown)}”，可用的角色：{'、'.join(sorted(known))}。")
        if find_user(ctx.session, ctx.district_id, self.login) is not None:
            raise Conflict(
                f"登录名 {self.login} 已有账号；忘记密码的，请运行 lianjian account reset-password {self.login}。"
            )
        if self.department:
            own = (Department.district_id == ctx.district_id, Department.code == self.department)
            if ctx.session.scalar(sa.select(Department.id).where(*own)) is None:
                raise NotFound(f"没有代码为 {self.department} 的部门，请先导入部门或核对代码。")
