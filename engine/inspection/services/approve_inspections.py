"""An organ approves the inspection of its list (行政检查审批表) and may remove a firm for a legal reason only."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.drawn import drawn_objects
from engine.inspection.records import draw
from engine.service_tasks import ServiceContext, service_task


@service_task("approve-inspections", title="登记行政检查审批")
def approve_inspections(ctx: ServiceContext) -> None:
    """Check the removals; they take effect, with their reasons, when the inspections are opened.

    A removal is a logged failure of the draw, never a choice: the next ticket takes the place.
    """
    values = ctx.values or {}
    drawn = {row.uscc for row in drawn_objects(draw(ctx.session, ctx.district_id, ctx.data["draw_id"]))}
    faults: dict[str, list[str]] = {}
    seen: set[str] = set()
    for n, removal in enumerate(values.get("removals") or []):
        if removal["uscc"] not in drawn:
            faults[f"removals[{n}].uscc"] = ["该检查对象不在本次抽取名单中。"]
        elif removal["uscc"] in seen:
            faults[f"removals[{n}].uscc"] = ["该检查对象已经填写过，请删除重复的一行。"]
        seen.add(removal["uscc"])
    if faults:
        raise InvalidInput("移出名单有误。", fields=faults)
    ctx.record(
        "inspection-approved",
        {"organ": ctx.item, "document_number": values.get("document_number", ""), "removals": values.get("removals")},
    )
