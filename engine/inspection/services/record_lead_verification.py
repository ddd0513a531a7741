"""Keep what the check of a lead found; a visit goes into the register of checks outside the draw."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import redaction, site_officers
from engine.inspection import uscc as credit_codes
from engine.inspection.lead_models import CaseLead
from engine.inspection.lead_steps import PERSONAL_NUMBER, keep
from engine.inspection.lead_visits import enter_visit
from engine.inspection.leads import known_subject, lead
from engine.service_tasks import ServiceContext, service_task


@service_task("record-lead-verification", title="登记线索核查")
def record_lead_verification(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``to_approve``: whether an urgent visit still needs the head's approval.

    The firm may turn out to be another one, or get its name and code only now.  Raises :class:`InvalidInput` for a
    visit in the future, without certificates shown or by inspectors who may not make it, and a code that is none.
    """
    values = dict(ctx.values or {})
    row = lead(ctx.session, ctx.district_id, ctx.business_key)
    plan = row.facts.get("plan") or {}
    visited = datetime.fromisoformat(values["visited_at"]) if values.get("visited_at") else None
    faults: dict[str, list[str]] = {}
    if plan.get("way") == "现场检查":
        if visited is None:
            faults["visited_at"] = ["请填写到达现场的时间；没有进行现场检查的，请科室负责人退回重新安排。"]
        elif visited > ctx.now:
            faults["visited_at"] = ["时间晚于现在，请在检查之后登记。"]
        elif ctx.calendar.local_date(visited) < row.received_on:
            faults["visited_at"] = ["时间早于收到线索的日期，请核对。"]
        if not values.get("certificates_shown"):
            faults["certificates_shown"] = ["现场检查必须出示执法证件并告知权利，请确认。"]
        left = datetime.fromisoformat(values["left_at"]) if values.get("left_at") else None
        if left is not None and (left > ctx.now or (visited is not None and left < visited)):
            faults["left_at"] = ["离开时间应当不早于到达时间、不晚于现在，请核对。"]
    _identify(ctx, row, values, faults)
    if plan.get("way") == "现场检查":
        day = ctx.calendar.local_date(visited or ctx.now)
        wrong = site_officers.faults(ctx.session, ctx.district_id, values.get("inspectors") or [], row.uscc, day)
        if wrong:
            faults["inspectors"] = wrong
    if faults:
        raise InvalidInput(f"有 {len(faults)} 项需要改正。", fields=faults)
    keep(row, "verification", values)
    row.state = "待决定"
    waiting = plan.get("urgent") == "是" and (row.facts.get("approval") or {}).get("decision") is None
    if visited is not None:
        enter_visit(ctx, row, ctx.calendar.local_date(visited))
        if waiting:
            ctx.set_deadline(row.number, "urgent-visit-approval", started_at=visited)
    return {"to_approve": waiting and visited is not None}


def _identify(ctx: ServiceContext, row: CaseLead, values: dict[str, Any], faults: dict[str, list[str]]) -> None:
    """Whom the lead is about, as the check showed."""
    code = credit_codes.normalise(str(values.get("uscc") or ""))
    if code:
        try:
            credit_codes.doubts(code)
        except ValueError:
            faults["uscc"] = ["不是18位字母或数字，请按营业执照填写；没有营业执照的留空。"]
            return
    known = known_subject(ctx.session, ctx.district_id, code) or {}
    if not known and redaction.barred(ctx.settings, code, ctx.calendar.local_date(ctx.now)):
        faults["uscc"] = [PERSONAL_NUMBER]
    typed = {
        "uscc": code, "name": values.get("subject_name"), "address": values.get("subject_address"),
        "subject_kind": None if known else values.get("subject_kind"),
    }  # fmt: skip
    subject = {**row.subject, **known, **{key: value for key, value in typed.items() if value}}
    if not subject.get("subject_kind"):
        faults["subject_kind"] = ["名录库中没有这户，请选择类型；公示时个人信息按类型保护。"]
    if not code:
        subject.pop("uscc", None)
    row.subject, row.uscc, row.subject_name = subject, code, str(subject.get("name") or row.subject_name)
