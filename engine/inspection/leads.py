"""线索 (R45): signs of a violation that no draw brought up; each has the process ``case-lead``."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import NotFound
from engine.inspection import records, tables
from engine.inspection.case_opening import Opening
from engine.inspection.follow_up_roots import SUBJECT
from engine.inspection.lead_models import CaseLead, LeadReporter
from engine.inspection.models import DepartmentInspection, Inspection
from engine.inspection.numbers import next_number
from engine.service_tasks import ServiceContext
from engine.settings import Settings

PROCESS = "case-lead"
#: Sources of leads that come from organs and not from a form: codes of ``lead-source``.
HANDED_OVER, OTHER_INSPECTION = "移送转办", "其他部门检查"
MERGED_INSPECTION, MERGED_LEAD = "并入检查", "并入线索"
CLOSED, REFUSED, HANDED_ON = "已办结", "不予受理", "已移送"
STATES = (
    "待受理", "待安排核查", "核查中", "待决定", "待立案决定", MERGED_INSPECTION, MERGED_LEAD, "移送中", "待告知",
    CLOSED, REFUSED, HANDED_ON,
)  # fmt: skip
ENDED = (CLOSED, REFUSED, HANDED_ON)
#: A department's part of an inspection that has not concluded yet: leads may join it.
_RUNNING_PARTS = ("待检查", "检查中", "待检验结果", "待结论", "待审核")


@dataclass(frozen=True)
class NewLead:
    """What is known of a lead when it arrives; ``subject`` by the names of ``follow_up_roots.SUBJECT``."""

    department: str
    source: str
    received_on: date
    title: str
    content: str
    subject: Mapping[str, Any]
    real_name: bool = False
    reporter_name: str = field(default="", repr=False)
    reporter_contact: str = field(default="", repr=False)
    platform_number: str = ""
    handed_from: str = ""
    handed_by: str = ""


def open_lead(ctx: Opening, new: NewLead) -> CaseLead:
    """Enter a lead under the next number of its department and start its process.

    The reporter goes into a row of its own and into nothing else: no variable, no title, no history.
    """
    year = ctx.now.astimezone(ctx.settings.timezone).year
    serial = next_number(ctx.session, ctx.district_id, f"lead/{new.department}/{year}")
    number = f"{new.department}-线索-{year}-{serial:04d}"
    subject = {name: new.subject[name] for name in SUBJECT if new.subject.get(name)}
    row = CaseLead(
        id=new_id(), district_id=ctx.district_id, number=number, department=new.department, source=new.source,
        received_on=new.received_on, title=new.title, content=new.content, uscc=subject.get("uscc", ""),
        subject_name=subject.get("name", ""), subject=subject, real_name=new.real_name,
        platform_number=new.platform_number, handed_from=new.handed_from, handed_by=new.handed_by, facts={},
        registered_by=ctx.actor.user_id, registered_by_name=ctx.actor.name, registered_at=ctx.now,
    )  # fmt: skip
    ctx.session.add(row)
    if new.reporter_name or new.reporter_contact:
        ctx.session.add(
            LeadReporter(
                id=new_id(), district_id=ctx.district_id, lead=number, name=new.reporter_name,
                contact=new.reporter_contact,
            )
        )  # fmt: skip
    ctx.session.flush()
    ctx.start_process(
        PROCESS, number, {"received_on": new.received_on.isoformat()},
        title=f"线索 {row.subject_name}：{row.title}"[:200], department=new.department,
    )  # fmt: skip
    return row


def find_lead(session: Session, district_id: str, number: str) -> CaseLead | None:
    """The lead of a number, if there is one."""
    return session.scalar(sa.select(CaseLead).where(CaseLead.district_id == district_id, CaseLead.number == number))


def lead(session: Session, district_id: str, number: str) -> CaseLead:
    """The lead ``number``.  Raises :class:`NotFound`."""
    row = find_lead(session, district_id, number)
    if row is None:
        raise NotFound(f"线索 {number} 不存在。")
    return row


def source_row(settings: Settings, code: str, on: date) -> dict[str, Any]:
    """The row of a source.  Raises :class:`NotFound` when the table has none in force."""
    for row in tables.rows(settings, "lead-source", on):
        if row["code"] == code:
            return row
    raise NotFound(f"数据表 lead-source 中没有线索来源“{code}”。")


def known_subject(session: Session, district_id: str, uscc: str) -> dict[str, Any] | None:
    """The registry's words about a firm, as a lead keeps them."""
    found = records.inspected_object(session, district_id, uscc) if uscc else None
    if found is None:
        return None
    return {name: getattr(found, "kind" if name == "subject_kind" else name) for name in SUBJECT}


# ---------------------------------------------------------------- joining what is under way


def running_inspections(session: Session, row: CaseLead) -> list[DepartmentInspection]:
    """The department's own inspections of the same firm that have not concluded."""
    if not row.uscc:
        return []
    statement = (
        sa.select(DepartmentInspection)
        .join(
            Inspection,
            sa.and_(
                Inspection.district_id == DepartmentInspection.district_id,
                Inspection.number == DepartmentInspection.inspection,
            ),
        )
        .where(
            DepartmentInspection.district_id == row.district_id, Inspection.uscc == row.uscc,
            DepartmentInspection.department == row.department, DepartmentInspection.state.in_(_RUNNING_PARTS),
        )
        .order_by(DepartmentInspection.number)
    )  # fmt: skip
    return list(session.scalars(statement))


def running_leads(session: Session, row: CaseLead) -> list[CaseLead]:
    """The department's other open leads about the same firm: by its code, or by its name where none is known."""
    same = CaseLead.uscc == row.uscc if row.uscc else CaseLead.subject_name == row.subject_name
    statement = (
        sa.select(CaseLead)
        .where(
            CaseLead.district_id == row.district_id, CaseLead.department == row.department, same,
            CaseLead.number != row.number, CaseLead.closed_at.is_(None), CaseLead.merged_into == "",
        )
        .order_by(CaseLead.number)
    )  # fmt: skip
    return list(session.scalars(statement))


def merged_into(session: Session, district_id: str, number: str) -> list[CaseLead]:
    """The open leads that wait for the conclusion of ``number``."""
    statement = sa.select(CaseLead).where(
        CaseLead.district_id == district_id, CaseLead.merged_into == number, CaseLead.closed_at.is_(None)
    )
    return list(session.scalars(statement.order_by(CaseLead.number)))


def tell_merged(ctx: ServiceContext, number: str, verdict: str, words: str) -> None:
    """Let every lead that was joined to ``number`` go on with its conclusion."""
    for row in merged_into(ctx.session, ctx.district_id, number):
        ctx.send_message("lead-result", row.number, {"verdict": verdict, "words": words, "of": number})


def conclude_merged_inspection(ctx: ServiceContext, part: DepartmentInspection) -> None:
    """The department's result was agreed to: the leads that joined it close with it."""
    conclusion = part.conclusion or {}
    handling = str(conclusion.get("handling") or "未发现问题")
    tell_merged(ctx, part.number, "", f"已随检查 {part.number} 一并核查，检查结论：{handling}。")


def archive_rows(
    session: Session, district_id: str, numbers: Iterable[str]
) -> list[tuple[str, list[str], list[list[str]], list[int]]]:
    """What the case file says of leads: title, columns, rows, widths; never who reported them."""
    statement = (
        sa.select(CaseLead)
        .where(CaseLead.district_id == district_id, CaseLead.number.in_(list(numbers)))
        .order_by(CaseLead.number)
    )
    found = list(session.scalars(statement))
    if not found:
        return []
    columns = ["编号", "来源", "收到日期", "对象", "事由", "处理结果", "决定日期", "状态"]
    rows = [
        [
            row.number, row.source, row.received_on.isoformat(), row.subject_name, row.title, row.verdict_words,
            row.decided_on.isoformat() if row.decided_on else "", row.state,
        ]
        for row in found
    ]  # fmt: skip
    return [("线索", columns, rows, [4, 2, 2, 3, 3, 4, 2, 2])]
