"""What becomes public: one rule for results, penalties and plans, shown in the preview exactly as it is released.

Never public: ID numbers, phones, home addresses, bank accounts, complainants, credit
grades, and who was drawn for which visit before it took place (domain.md §3).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import ServiceTaskFailed
from engine.inspection import records, tables
from engine.inspection.models import DepartmentInspection, Finding, FollowUp, Item, Publication
from engine.settings import Settings

SOLE_TRADER = "个体工商户"
HIDE_NAME = "隐去姓名"

_PATTERNS = (
    (re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)"), "身份证号码"),
    (re.compile(r"(?<!\d)(?:\+?86[- ]?)?1[3-9]\d{9}(?!\d)"), "手机号码"),
    (re.compile(r"(?<!\d)0\d{2,3}[- ]?\d{7,8}(?!\d)"), "电话号码"),
    (re.compile(r"(?<!\d)[3-6]\d{14,18}(?!\d)"), "银行账号"),
    (re.compile(r"[\w.+-]+@[\w-]+\.[\w.]+"), "电子邮箱"),
)


@dataclass(frozen=True)
class Preview:
    """``content`` is what will be public, verbatim; ``redacted`` says in words what was taken out."""

    content: dict[str, Any]
    redacted: list[str]


def redact_text(text: str) -> tuple[str, list[str]]:
    """Take personal numbers out of free text; returns the text and what was found."""
    found = []
    for pattern, label in _PATTERNS:
        text, count = pattern.subn("［已隐去］", text)
        if count:
            found.append(f"{label} {count} 处")
    return text, found


def sole_trader_name(name: str, representative: str) -> str:
    """A sole trader's name with the person's name hidden, when the name contains it."""
    if representative and representative in name:
        return name.replace(representative, representative[0] + "某" * (len(representative) - 1))
    return name


def result_preview(
    session: Session, settings: Settings, row: DepartmentInspection, *, hide_name: bool = False, today: date
) -> Preview:
    """The public form of one department's result (谁检查、谁录入、谁公开)."""
    inspection = records.inspection(session, row.district_id, row.inspection)
    campaign = records.campaign(session, row.district_id, row.campaign)
    names = records.department_names(session, row.district_id)
    subject, redacted = _subject(inspection.object, hide_name)
    findings = session.execute(
        sa.select(Finding, Item.name)
        .join(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == row.district_id, Finding.department_inspection == row.number)
        .order_by(Finding.item)
    ).all()
    categories = sorted({f.category for f, _ in findings if f.checked}) or ["1"]
    if row.conclusion.get("category"):
        categories = [str(row.conclusion["category"])]
    content: dict[str, Any] = {
        **subject,
        "任务名称": campaign.name,
        "任务编号": campaign.number,
        "检查机关": names.get(row.department, row.department),
        "检查日期": row.visit_ended_at.astimezone(settings.timezone).date().isoformat() if row.visit_ended_at else "",
        "检查事项": [
            {"事项": name, "结果": "未检查" if not f.checked else "发现问题" if f.problem else "未发现问题"}
            for f, name in findings
        ],
        "检查结果": [tables.label(settings, "result-category", c, today) for c in categories],
    }
    if any(f.problem for f, _ in findings):
        handling, found = redact_text(str(row.conclusion.get("handling") or ""))
        content["处理情况"] = handling
        redacted += found
    return Preview(content, redacted)


def penalty_preview(session: Session, row: FollowUp, *, hide_name: bool = False) -> Preview:
    """The public form of a penalty decision (PL48; order 45 of the market regulator)."""
    part = records.department_inspection(session, row.district_id, row.origin)
    inspection = records.inspection(session, row.district_id, part.inspection)
    names = records.department_names(session, row.district_id)
    subject, redacted = _subject(inspection.object, hide_name)
    decision = dict(row.facts.get("decision") or {})
    content: dict[str, Any] = {
        **subject,
        "决定书文号": decision.get("document_number", ""),
        "处罚机关": names.get(row.department, row.department),
        "决定日期": str(decision.get("decided_on", ""))[:10],
        "处罚种类": decision.get("kinds") or [],
        "罚款数额（元）": decision.get("amount") or 0,
    }
    for label, key in (("违法事实", "facts"), ("处罚依据", "basis")):
        content[label], found = redact_text(str(decision.get(key) or ""))
        redacted += found
    return Preview(content, list(dict.fromkeys(redacted)))


def _subject(snapshot: dict[str, Any], hide_name: bool) -> tuple[dict[str, Any], list[str]]:
    name, redacted = str(snapshot["name"]), []
    if snapshot.get("kind") == SOLE_TRADER:
        redacted.append("经营者姓名、联系方式和经营场所")
        if hide_name:
            name = sole_trader_name(name, str(snapshot.get("legal_representative") or ""))
            redacted.append("名称中的个人姓名")
        return {"检查对象": name, "统一社会信用代码": snapshot["uscc"]}, redacted
    redacted.append("联系人和联系电话")
    return {
        "检查对象": name, "统一社会信用代码": snapshot["uscc"], "住所": snapshot.get("address", ""),
    }, redacted  # fmt: skip


def keep(
    session: Session, *, district_id: str, kind: str, subject: str, department: str, preview: Preview, state: str,
    legal_ground: str = "", prepared_by: str | None = None, due_at: datetime | None = None,
) -> Publication:  # fmt: skip
    """Create or refresh the publication row of ``subject`` before its release.

    Raises :class:`ServiceTaskFailed` when it is public already: corrections leave a trail of their own.
    """
    row = records.publication(session, district_id, kind, subject)
    if row is None:
        row = Publication(id=new_id(), district_id=district_id, kind=kind, subject=subject, department=department)
        session.add(row)
    elif row.state == "published":
        raise ServiceTaskFailed("该结果已经公示，不能重新准备；更正请走更正程序。")
    row.content, row.redacted = preview.content, preview.redacted
    row.state, row.legal_ground = state, legal_ground
    row.prepared_by = prepared_by
    row.due_at = due_at
    session.flush()
    return row
