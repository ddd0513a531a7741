"""Begin a hearing (听证) on a party's request."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.db import new_id
from engine.inspection.follow_ups import find_follow_up
from engine.inspection.records import follow_up
from engine.inspection.service_models import Hearing
from engine.service_tasks import ServiceContext, service_task


@service_task("open-hearing", title="登记听证申请")
def open_hearing(ctx: ServiceContext) -> dict[str, Any]:
    """Keeps who asked and when, as the case of the penalty says; accepted or refused at the next step."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    case = find_follow_up(ctx.session, ctx.district_id, row.origin)
    filing = (case.facts.get("filing") or {}) if case is not None else {}
    asked = str(ctx.data.get("requested_on") or "")[:10]
    ctx.session.add(
        Hearing(
            id=new_id(), district_id=ctx.district_id, number=row.number, origin=row.origin,
            department=row.department, party=row.subject_name, opened_at=ctx.now,
            cause=str(ctx.data.get("cause") or filing.get("cause") or "")[:300],
            requested_on=date.fromisoformat(asked) if asked else None,
        )
    )  # fmt: skip
    row.state = "待审查"
    ctx.session.flush()
    return {}
