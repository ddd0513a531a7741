"""Give an account a new password that its owner must change at the next sign-in."""

from __future__ import annotations

from dataclasses import dataclass

from engine.accounts import close_sessions_of
from engine.commands.context import CommandContext
from engine.errors import Forbidden, NotFound
from engine.models import User


@dataclass(frozen=True)
class ResetPassword:
    """Also unlocks the account and signs it out everywhere; a disabled account stays disabled.

    ``password_hash`` is made outside, because hashing is slow on purpose.  Raises
    :class:`Forbidden` unless an administrator acts and :class:`NotFound` for an unknown account.
    """

    user_id: str
    password_hash: str

    def run(self, ctx: CommandContext) -> None:
        if not ctx.actor.is_system and not ctx.actor.has_role("系统管理员"):
            raise Forbidden("只有系统管理员可以管理账号。")
        user = ctx.session.get(User, self.user_id, with_for_update=True)
        if user is None or user.district_id != ctx.district_id:
            raise NotFound("账号不存在。")
        user.password_hash, user.must_change_password = self.password_hash, True
        user.password_changed_at = ctx.now
        user.failed_logins, user.locked_until = 0, None
        close_sessions_of(ctx.session, user.id)
        ctx.record(None, "account-changed", {"user": user.id, "login": user.login, "action": "reset-password"})
