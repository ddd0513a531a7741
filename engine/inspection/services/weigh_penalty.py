"""Which standards of the organ the proposed penalty reaches: hearing, legal review, discussion (PL57, PL58, PL63)."""

from __future__ import annotations

from typing import Any

from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("weigh-penalty", title="对照案件标准")
def weigh_penalty(ctx: ServiceContext, stage: str) -> dict[str, Any]:
    """What the decision tables ask; ``stage`` is 告知前 or 决定前."""
    today = ctx.calendar.local_date(ctx.now)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    report = row.facts.get("report") or {}
    penal, measure = penalties.current(row)
    subject_kind = str((row.subject or {}).get("subject_kind") or "")
    limit = penalties.threshold(ctx.settings, row.department, subject_kind, today)
    known = penalties.kinds(ctx.settings, today)
    rank = max((known.get(kind, {}).get("rank", 0) for kind in measure.kinds), default=0)
    grounds = penalties.hearing_grounds(ctx.settings, today, row.department, subject_kind, measure) if penal else []
    before = penalties.told(row)
    return {
        "penal": penal,
        "hearing": bool(grounds),
        "hearing_grounds": grounds,
        "by_organ": penal and max(measure.amount, measure.taken) >= limit.review,
        "collective": penal
        and (max(measure.amount, measure.taken) >= limit.collective or rank >= limit.collective_rank),
        "public_interest": report.get("public_interest") == "是",
        "complex": report.get("complex") == "是",
        "grave": report.get("grave") == "是",
        "heard": stage == "决定前" and (row.facts.get("hearing") or {}).get("outcome") == "已举行",
        "changed": stage == "决定前" and before is not None and before != measure,
    }
