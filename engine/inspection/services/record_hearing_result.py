"""Keep what a hearing came to (听证, PL64–PL65)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-hearing-result", title="登记听证结果")
def record_hearing_result(ctx: ServiceContext, result: Mapping[str, Any]) -> None:
    """``result`` is the message of the hearing: its outcome and the opinion of its report."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state, row.facts = "听证结束", {**row.facts, "hearing": dict(result)}
