"""Unlock, disable or enable an account."""

from __future__ import annotations

from dataclasses import dataclass

from engine.accounts import close_sessions_of
from engine.commands.context import CommandContext
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.models import User

ACTIONS = {"unlock": "解除锁定", "disable": "停用", "enable": "启用"}


@dataclass(frozen=True)
class ChangeAccount:
    """``action`` is one of :data:`ACTIONS`; disabling signs the person out everywhere.

    Raises :class:`Forbidden` unless an administrator acts, and :class:`InvalidInput` for
    one's own account (nobody locks the last administrator out) or an unknown action.
    """

    user_id: str
    action: str

    def run(self, ctx: CommandContext) -> None:
        if not ctx.actor.is_system and not ctx.actor.has_role("系统管理员"):
            raise Forbidden("只有系统管理员可以管理账号。")
        if self.action not in ACTIONS:
            raise InvalidInput("请选择解除锁定、停用或启用。")
        user = ctx.session.get(User, self.user_id, with_for_update=True)
        if user is None or user.district_id != ctx.district_id:
            raise NotFound("账号不存在。")
        if self.action == "disable" and user.id == ctx.actor.user_id:
            raise InvalidInput("不能停用自己的账号，请由另一名系统管理员办理。")
        if self.action == "unlock":
            user.failed_logins, user.locked_until = 0, None
        else:
            user.active = self.action == "enable"
            if not user.active:
                close_sessions_of(ctx.session, user.id)
        ctx.record(None, "account-changed", {"user": user.id, "login": user.login, "action": self.action})
