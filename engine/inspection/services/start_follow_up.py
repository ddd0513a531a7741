"""Start what follows a finding: a correction, a penalty, a transfer … (R41)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection.follow_ups import open_follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("start-follow-up", title="启动后续处置")
def start_follow_up(
    ctx: ServiceContext, kind: str, origin: str | None = None, variables: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """``kind`` is a row of the table follow-up-kind; ``variables`` go to its process."""
    row = open_follow_up(ctx, kind, origin or ctx.business_key, variables)
    return {"number": row.number, "kind": row.kind}
