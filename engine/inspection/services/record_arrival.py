"""Keep an arrival at the firm (到场与告知): certificates, code, rights told; or why there was no check."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.bpmn.timers import parse_instant
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import evidence, records, recusals, tables, visits
from engine.inspection.models import DepartmentInspection
from engine.inspection.visit_models import VisitAttempt
from engine.service_tasks import ServiceContext, service_task


@service_task("record-arrival", title="登记到场与告知")
def record_arrival(ctx: ServiceContext) -> dict[str, Any]:
    """One row an arrival; the table ``entry-outcome`` says what follows from it.

    Returns ``next`` (``check``, ``again`` or ``conclude``), ``attempt`` and the ``certificates`` shown, checked
    against the registry on the day (PL42, PL55).  A firm not found is concluded (category 5) after arrivals on two
    days, a refusal (category 7) at once with its recording.  An application for recusal goes to the organ's head
    while the work goes on (PL43).
    """
    values = dict(ctx.values or {})
    part = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    arrived = parse_instant(values["arrived_at"], ctx.settings.timezone)
    outcome = next(
        row for row in tables.rows(ctx.settings, "entry-outcome", ctx.calendar.local_date(ctx.now))
        if row["code"] == values["outcome"]
    )  # fmt: skip
    earlier = visits.attempts(ctx.session, part)
    certificates = _check(ctx, part, values, arrived, outcome)
    final = visits.concludes(ctx.settings, outcome, earlier, arrived)
    if outcome["then"] != "check" and not final:
        _check_next(ctx, values)
    attempt = len(earlier) + 1
    place = {"address": values["address"], **(values.get("location") or {})}
    met = "，".join(str(values[k]) for k in ("present_person", "present_post") if values.get(k))
    later = values.get("next_at")
    ctx.session.add(
        VisitAttempt(
            id=new_id(), district_id=ctx.district_id, department_inspection=part.number, attempt=attempt,
            arrived_at=arrived, outcome=outcome["code"], inspectors=list(values["inspectors"]),
            certificates=certificates, place=place, met=met,
            situation="；".join(str(values[k]) for k in ("situation", "witness") if values.get(k)),
            recording=values.get("recording") or "",
            next_at=parse_instant(later, ctx.settings.timezone) if later and not final else None,
            by_user=ctx.actor.user_id, at=ctx.now,
        )
    )  # fmt: skip
    evidence.keep(ctx, part, values, place=str(values["address"]), stage=f"arrive-{attempt}")
    found = {"attempt": attempt, "certificates": certificates}
    part.record = {**part.record, "arrival": {**values, **found}}
    if values.get("recusal_asked") == "申请":
        _ask_recusal(ctx, part, values)
    if final:
        _conclude(ctx, part, outcome, arrived, values)
    return {"next": "conclude" if final else "check" if outcome["then"] == "check" else "again", **found}


def _check(
    ctx: ServiceContext, part: DepartmentInspection, values: dict[str, Any], arrived: datetime,
    outcome: dict[str, Any],
) -> list[dict[str, Any]]:  # fmt: skip
    faults: dict[str, list[str]] = {}
    if arrived > ctx.now + visits.CLOCK_SKEW:
        faults["arrived_at"] = ["到达时间晚于现在，请核对。"]
    day = ctx.calendar.local_date(arrived)
    present = [row for row in visits.team(ctx.session, part) if row.code in values["inspectors"]]
    lapsed = [f"{row.name}：{why}" for row in present if (why := visits.why_not_certified(row, day))]
    if lapsed:
        faults["inspectors"] = [f"{'；'.join(lapsed)}。到达当日没有有效执法证件的不能执法，请先办理人员替换。"]
    elif len(present) < 2:
        faults["inspectors"] = ["到场的检查人员不得少于两名（行政处罚法第四十二条），请核对，或先办理人员替换。"]
    if "recording" in outcome["needs"] and not values.get("recording"):
        faults["recording"] = [f"“{outcome['name']}”必须有全过程音像记录，请填写执法记录仪编号。"]
    if outcome["then"] == "conclude" and not values.get("photos") and not values.get("witness"):
        faults["photos"] = ["请拍摄现场照片，或者写明见证人。"]
    if values.get("entry_code") == "本系统入企码" and part.scanned_at is None:
        faults["entry_code"] = [
            "还没有收到对方扫码确认。请对方扫描本页的入企码并点“确认”，或者选择“未扫码”并写明原因。"
        ]
    if faults:
        raise InvalidInput("到场与告知有内容需要修改。", fields=faults)
    return [visits.certificate(row) for row in present]


def _check_next(ctx: ServiceContext, values: dict[str, Any]) -> None:
    later = values.get("next_at")
    message = ""
    if not later:
        message = "还要再到场一次才能作出结论，请填写下次到场时间。"
    elif parse_instant(later, ctx.settings.timezone) <= ctx.now:
        message = "下次到场时间应当晚于现在，请核对。"
    if message:
        raise InvalidInput(message, fields={"next_at": [message]})


def _ask_recusal(ctx: ServiceContext, part: DepartmentInspection, values: dict[str, Any]) -> None:
    if recusals.undecided(ctx.session, ctx.district_id, part.number) is not None:
        message = "已有一项回避申请等待机关负责人决定，请在决定作出后再登记；这里选“不申请”。"
        raise InvalidInput(message, fields={"recusal_asked": [message]})
    payload = {
        "applicant": str(values.get("present_person") or "当事人"), "reason": str(values["recusal_reason"]),
        "inspector": values.get("recusal_inspector") or None,
    }  # fmt: skip
    recusals.keep(ctx.session, ctx.district_id, part.number, payload, ctx.now)
    ctx.record(recusals.MESSAGE, payload)
    ctx.send_message(recusals.MESSAGE, part.number, payload)


def _conclude(
    ctx: ServiceContext, part: DepartmentInspection, outcome: dict[str, Any], arrived: datetime, values: dict[str, Any]
) -> None:
    """No item was checked; the organ concludes by the category of the arrivals."""
    note = f"{outcome['name']}：{values['situation']}"
    unchecked = [
        visits.finding(
            ctx, part, item, checked=False, problem=True, method=visits.ON_SITE, category=outcome["category"],
            handling="其他", note=note,
        )
        for item in part.items
    ]  # fmt: skip
    visits.store_findings(ctx, part, unchecked)
    records.note_who_entered(part, ctx.actor)
    part.state = "待结论"
    visits.end_of_visit(ctx, part, arrived)
