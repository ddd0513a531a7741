"""Enter a lead from its form (登记线索): one set of rules for the form and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.forms import Form
from engine.inspection import records, redaction, tables
from engine.inspection import uscc as credit_codes
from engine.inspection.lead_models import CaseLead
from engine.inspection.lead_reporters import reporter_faults, words_of
from engine.inspection.lead_steps import PERSONAL_NUMBER
from engine.inspection.leads import PROCESS, NewLead, known_subject, open_lead, source_row
from engine.inspection.opening import OFFICE, OFFICER
from engine.models import ProcessInstance
from engine.scope import scope
from engine.settings import Settings

FORM = "case-lead"
#: Officers enter their own department's leads, the conference office hands them to every department.
ENTERING = (OFFICER, OFFICE)


def entry_form(settings: Settings) -> Form:
    """The form of ``forms/case-lead.json`` as it stands now."""
    path = settings.form_dir / f"{FORM}.json"
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _parsed(path: Path, _changed: int) -> Form:
    return Form.parse(path.read_text("utf-8"))


def may_enter(actor: Actor, department: str) -> bool:
    """Whether the actor may enter leads of a department."""
    return bool(actor.has_role(OFFICE) or actor.has_role(OFFICER, department))


def form_context(session: Session, settings: Settings, district_id: str, actor: Actor, today: date) -> dict[str, Any]:
    """The options of the form: departments the actor may enter for, and sources."""
    names = records.department_names(session, district_id)
    may = [code for code in names if code != "QZF" and may_enter(actor, code)]
    return {
        "organs": [{"value": code, "label": names[code]} for code in may],
        "department": actor.department if actor.department in may else (may[0] if may else ""),
        "lead_sources": tables.options(settings, "lead-source", today),
        "today": today.isoformat(),
    }


@dataclass(frozen=True)
class RegisterLead:
    """Enter one lead from the form's raw values; returns its number.

    Raises :class:`Forbidden` for people who may not enter any, :class:`InvalidInput` naming every faulty field,
    :class:`Conflict` when the platform's number was entered already.
    """

    values: Mapping[str, Any] = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        settings = ctx.settings
        today = date.fromisoformat(ctx.today)
        if not any(ctx.actor.has_role(role) for role in ENTERING):
            raise Forbidden("线索由承办人和联席会议办公室登记。")
        context = form_context(ctx.session, settings, ctx.district_id, ctx.actor, today)
        clean = entry_form(settings).validate(dict(self.values), context, ctx.now)
        new, faults = judged(ctx.session, settings, ctx.district_id, today, clean)
        if faults or new is None:
            raise InvalidInput(f"有 {len(faults)} 项需要改正。", fields=faults)
        if number := known_platform_number(ctx.session, ctx.district_id, new.platform_number):
            instance = sa.select(ProcessInstance.id).where(
                ProcessInstance.district_id == ctx.district_id, ProcessInstance.process_key == PROCESS,
                ProcessInstance.business_key == number,
            )  # fmt: skip
            seen = ctx.session.scalar(scope(instance, ctx.actor))
            whose = f"登记为 {number}" if seen else "由其他部门登记"
            raise Conflict(f"平台登记编号 {new.platform_number} 已经{whose}，没有重复登记。")
        return open_lead(ctx, new).number


def known_platform_number(session: Session, district_id: str, number: str) -> str:
    """The lead a platform's number belongs to already, or empty."""
    if not number:
        return ""
    statement = sa.select(CaseLead.number).where(
        CaseLead.district_id == district_id, CaseLead.platform_number == number
    )
    return session.scalar(statement.limit(1)) or ""


def judged(
    session: Session, settings: Settings, district_id: str, today: date, clean: Mapping[str, Any]
) -> tuple[NewLead | None, dict[str, list[str]]]:
    """The lead that an entry makes, and everything that is wrong with it by the form's field names."""
    faults: dict[str, list[str]] = {}
    received = date.fromisoformat(str(clean["received_on"])[:10])
    if received > today:
        faults["received_on"] = ["收到日期晚于今天，请核对。"]
    subject = _subject(session, settings, district_id, today, clean, faults)
    _no_reporter_in_texts(settings, today, clean, faults)
    row = source_row(settings, str(clean["source"]), today)
    real = bool(row["reporter"]) and clean.get("real_name") == "实名"
    if faults:
        return None, faults
    new = NewLead(
        str(clean["department"]), str(clean["source"]), received, str(clean["title"]), str(clean["content"]), subject,
        real_name=real, reporter_name=str(clean.get("reporter_name") or "") if real else "",
        reporter_contact=str(clean.get("reporter_contact") or "") if real else "",
        platform_number=str(clean.get("platform_number") or ""), handed_by=str(clean.get("handed_by") or ""),
    )  # fmt: skip
    return new, {}


def _subject(
    session: Session, settings: Settings, district_id: str, today: date, clean: Mapping[str, Any],
    faults: dict[str, list[str]],
) -> dict[str, Any]:  # fmt: skip
    """Whom the lead is about: the registry's row by its code, or what was typed."""
    code = credit_codes.normalise(str(clean.get("uscc") or ""))
    if code:
        try:
            credit_codes.doubts(code)
        except ValueError:
            faults["uscc"] = ["不是18位字母或数字，请按营业执照填写；不清楚的留空。"]
    known = known_subject(session, district_id, code)
    if known is not None:
        return known
    if redaction.barred(settings, code, today):
        faults["uscc"] = [PERSONAL_NUMBER]
    typed = {
        "uscc": code, "name": str(clean.get("subject_name") or ""), "address": str(clean.get("subject_address") or ""),
        "subject_kind": str(clean.get("subject_kind") or ""),
    }  # fmt: skip
    if not typed["name"]:
        said = "名录库中没有这户，请填写名称" if code else "请填写名称；不知道名称的写招牌或者特征"
        faults["subject_name"] = [f"{said}。"]
    if "subject_kind" in clean and not typed["subject_kind"]:  # files of the platform do not say it: the check does
        faults["subject_kind"] = ["名录库中没有这户，请选择类型；公示时个人信息按类型保护。"]
    if not typed["address"]:
        faults["subject_address"] = ["名录库中没有这户，请填写地址。" if code else "请填写地址。"]
    return typed


def _no_reporter_in_texts(
    settings: Settings, today: date, clean: Mapping[str, Any], faults: dict[str, list[str]]
) -> None:
    """Title and content are read by more people than the reporter's row: neither may say who it was."""
    words = words_of(str(clean.get("reporter_name") or ""), str(clean.get("reporter_contact") or ""))
    for key in ("title", "content"):
        text = str(clean.get(key) or "")
        if hit := next((one for one in redaction.find(settings, text, today) if one.never), None):
            faults[key] = [f"其中的“{hit.text}”疑似{hit.kind}，请删去或者改写。"]
    faults |= reporter_faults(words, {key: clean.get(key) for key in ("title", "content")})
