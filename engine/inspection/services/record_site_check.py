"""Keep the site record (现场检查笔录), item by item, with its evidence and what was adopted from others."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import adoptions, evidence, records, samples, visits
from engine.inspection.models import DepartmentInspection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-site-check", title="登记现场检查笔录")
def record_site_check(ctx: ServiceContext) -> dict[str, Any]:
    """Store one finding per item and say whether any is a problem.

    The check begins with the arrival, or with its own time when it was written or over the network (R35); with its
    end the department has left the object.  Samples to be tested get a process each; ``testing`` says that the
    result waits for them.
    """
    values = dict(ctx.values or {})
    row = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    zone = ctx.settings.timezone
    arrival = row.record.get("arrival") or {}
    began = parse_instant(values.get("arrived_at") or arrival["arrived_at"], zone)
    left = parse_instant(values["left_at"], zone)
    adoptions.keep(ctx, row, values.get("adoptions") or [])
    _check(row, values, began, left, ctx.now, adoptions.replaced_items(ctx.session, row))
    visits.store_findings(ctx, row, [_finding(ctx, row, one) for one in values["findings"]])
    place = str(arrival.get("address") or records.inspection(ctx.session, ctx.district_id, row.inspection).object.get(
        "address", ""))  # fmt: skip
    evidence.keep(ctx, row, values, place=place, stage=ctx.element_id)
    problem = any(f.get("problem") == "是" for f in values["findings"])
    row.record = {**row.record, "site_check": values}
    records.note_who_entered(row, ctx.actor)
    testing = samples.keep(ctx, row, values, place=place) > 0
    row.state = "待检验结果" if testing else "待结论" if problem else "待审核"
    visits.end_of_visit(ctx, row, left)
    samples.stand_still(ctx, row)
    return {"has_problem": problem, "testing": testing}


def _check(
    row: DepartmentInspection, values: dict[str, Any], began: datetime, left: datetime, now: datetime,
    replaced: set[str],
) -> None:  # fmt: skip
    faults: dict[str, list[str]] = {}
    if left < began:
        faults["left_at"] = ["结束时间早于到达（开始）时间，请核对。"]
    elif left > now + visits.CLOCK_SKEW:
        faults["left_at"] = ["结束时间晚于现在，请核对。"]
    named = [f["item"] for f in values["findings"]]
    if sorted(named) != sorted(row.items):
        faults["findings"] = ["检查事项与派发的事项不一致，请刷新页面后重新填写，每个事项填写一行。"]
    for n, finding in enumerate(values["findings"]):
        if finding.get("checked") == "采用" and finding["item"] not in replaced:
            faults[f"findings[{n}].checked"] = [
                "没有登记可以代替检查的结论。请在“采用的结论和意见”中登记，或者改为“已检查”。"
            ]
    if values.get("signed") not in (None, "签名") and not (
        values.get("refusal_witness") or values.get("refusal_recording")
    ):
        faults["refusal_witness"] = ["没有签名的，请写明见证人，或者填写音像记录。"]
    if faults:
        raise InvalidInput("现场检查笔录有内容需要修改。", fields=faults)


def _finding(ctx: ServiceContext, row: DepartmentInspection, finding: dict[str, Any]) -> Any:
    problem = finding.get("problem")
    category = {"是": finding.get("category"), "未开展": visits.NOT_ACTIVE}.get(str(problem)) or visits.CLEAN
    adopted, checked = finding.get("checked") == "采用", finding.get("checked") == "是"
    return visits.finding(
        ctx, row, finding["item"], checked=checked or adopted, problem=problem == "是",
        method=visits.ADOPTED if adopted else (finding.get("method") or visits.ON_SITE) if checked else "",
        category=category, clause=finding.get("clause") or "", handling=finding.get("handling") or "无需处置",
        note=finding.get("note") or finding.get("unchecked_reason") or "",
    )  # fmt: skip
