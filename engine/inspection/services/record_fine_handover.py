"""Keep that a fine collected on the spot was handed over and paid in (PL71)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-fine-handover", title="登记上交罚款")
def record_fine_handover(ctx: ServiceContext) -> None:
    """After the decision, to the organ first and to the bank then, not later than today."""
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now).isoformat()
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    decided = str((row.facts.get("decision") or {}).get("decided_on") or "")
    handed, banked = str(values["handed_on"])[:10], str(values["banked_on"])[:10]
    faults: dict[str, list[str]] = {}
    if not decided <= handed <= today:
        faults["handed_on"] = [f"应当在处罚之日（{decided}）至今天之间。"]
    if not handed <= banked <= today:
        faults["banked_on"] = ["应当在交至行政机关之日至今天之间。"]
    if faults:
        raise InvalidInput("日期有误。", fields=faults)
    row.facts = {**row.facts, "fine_handover": values}
    ctx.meet_deadline("collected-fine")
