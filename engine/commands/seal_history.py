"""Seal the recent history into the district's append-only log."""

from __future__ import annotations

from dataclasses import dataclass

from engine.commands.context import CommandContext
from engine.history import seal


@dataclass(frozen=True)
class SealHistory:
    """Give every event without one its place in the log; returns how many were sealed."""

    def run(self, ctx: CommandContext) -> int:
        return seal(ctx.session, ctx.district_id)
