"""Begin to hold things: preservation in advance (先行登记保存), seal (查封) or seizure (扣押)."""

from __future__ import annotations

from typing import Any

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import held_items, site_officers
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

#: The approval caught up with afterwards when it was urgent, by process.
_AFTERWARDS = {"evidence-preservation": "preservation-approval", "coercive-measure": "measure-approval"}


@service_task("start-measure", title="实施并登记物品")
def start_measure(ctx: ServiceContext) -> dict[str, Any]:
    """Every thing counted on the spot gets its row; the term starts when it was done (PL56, Coercion Law 25).

    An urgent one starts the hours for its approval as well.  Returns ``count``.  Raises :class:`InvalidInput` for
    a moment after now, or before the approval, and for officers without a certificate valid that day or who must
    stand back (PL42, PL43).
    """
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    began = parse_instant(values["started_at"], ctx.settings.timezone)
    if began > ctx.now or (began < row.opened_at and (ctx.data.get("apply") or {}).get("urgent") != "是"):
        fault = "实施时间不能晚于现在，没有情况紧急的也不能早于申请，请修改。"
        raise InvalidInput("实施时间不对。", fields={"started_at": [fault]})
    day, officers = ctx.calendar.local_date(began), values.get("officers") or []
    if wrong := site_officers.faults(ctx.session, ctx.district_id, officers, row.uscc, day):
        raise InvalidInput("执法人员不符合规定。", fields={"officers": wrong})
    asked: dict[str, Any] = ctx.data.get("apply") or {}
    state = asked.get("kind") or held_items.PRESERVED
    count = held_items.register(ctx, row, values["things"], state, str(asked.get("reason") or ""))
    ctx.set_deadline(row.number, held_items.LIMITS[ctx.process_key], started_at=began)
    if asked.get("urgent") == "是":
        ctx.set_deadline(row.number, _AFTERWARDS[ctx.process_key], started_at=began)
    row.state, row.facts = f"{state}中", {**row.facts, "measure": {**asked, **values}}
    return {"count": count}
