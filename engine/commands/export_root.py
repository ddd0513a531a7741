"""Seal the history and state its root, to be kept where the database's keeper cannot reach."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from engine.commands.context import CommandContext
from engine.errors import Forbidden
from engine.history import export_root

KEEPERS = ("系统管理员", "审计监督")


@dataclass(frozen=True)
class ExportRoot:
    """Returns the root as :func:`engine.history.export_root` makes it; who took it is an event of its own."""

    def run(self, ctx: CommandContext) -> dict[str, Any]:
        if not ctx.actor.is_system and not any(ctx.actor.has_role(role) for role in KEEPERS):
            raise Forbidden("只有系统管理员和审计监督人员可以导出历史根。")
        root = export_root(ctx.session, ctx.district_id, ctx.now)
        ctx.record(None, "history-root-exported", {"size": root["size"], "root": root["root"]})
        return root
