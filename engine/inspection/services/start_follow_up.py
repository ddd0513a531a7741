"""Start what follows a finding: rectification (责令改正) or an administrative penalty (行政处罚) (R41)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import records
from engine.inspection.models import FollowUp
from engine.service_tasks import ServiceContext, service_task

_SUFFIX = {"rectification": "rectification", "administrative-penalty": "penalty"}


@service_task("start-follow-up", title="启动后续处置")
def start_follow_up(ctx: ServiceContext, kind: str) -> dict[str, Any]:
    """``kind`` is the process key the decision table chose; starting it again is harmless."""
    if kind not in _SUFFIX:
        raise ServiceTaskFailed(f"决策表给出的后续程序“{kind}”无法识别，请检查决策表 follow-up。")
    origin = str(ctx.data.get("origin") or ctx.business_key)
    part = records.department_inspection(ctx.session, ctx.district_id, origin)
    inspection = records.inspection(ctx.session, ctx.district_id, part.inspection)
    number = f"{origin}/{_SUFFIX[kind]}"
    known = ctx.session.scalar(
        sa.select(FollowUp.id).where(FollowUp.district_id == ctx.district_id, FollowUp.number == number)
    )
    if known is None:
        ctx.session.add(
            FollowUp(
                id=new_id(), district_id=ctx.district_id, number=number, kind=kind, origin=origin,
                department=part.department, uscc=inspection.uscc, subject_name=inspection.object["name"],
                state="已启动", facts={}, opened_at=ctx.now,
            )
        )  # fmt: skip
        ctx.session.flush()
    word = "责令改正" if kind == "rectification" else "行政处罚"
    ctx.start_process(
        kind,
        number,
        {"origin": origin, "object": {k: inspection.object.get(k, "") for k in ("uscc", "name", "address")}},
        title=f"{inspection.object['name']} · {word}",
        department=part.department,
    )
    return {"number": number, "kind": kind}
