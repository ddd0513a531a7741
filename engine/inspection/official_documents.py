"""Official documents (公文) of a case: which it has, what each says now, and what was issued."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import lru_cache

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.kernel import Kernel
from engine.documents.model import Document
from engine.documents.reading import read
from engine.documents.template import Template
from engine.errors import NotFound, ServiceTaskFailed
from engine.inspection import document_values, tables
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_models import OfficialDocument, OfficialDocumentVersion
from engine.models import Attachment, ProcessInstance, UserTask
from engine.settings import Settings

#: Who issues, voids and enters signed copies for an organ.
ISSUERS = ("承办人", "执法检查人员", "科室负责人", "法制审核人员", "联席会议办公室")
VOIDERS = ("承办人", "科室负责人", "联席会议办公室")
PREVIEW = "预览，尚未编号"


@dataclass(frozen=True)
class Available:
    """A document a case has: its template, the organ that issues it, and the step that names it."""

    template: Template
    department: str
    elements: tuple[str, ...]


def may_issue(actor: Actor, department: str) -> bool:
    """True for the people of the organ who make its documents."""
    return any(actor.has_role(role, department) for role in ISSUERS)


def may_void(actor: Actor, department: str) -> bool:
    """True for the organ's officer in charge and section head."""
    return any(actor.has_role(role, department) for role in VOIDERS)


@lru_cache(maxsize=256)
def template_of(text: str) -> Template:
    """A template as deployed; the linter has judged it."""
    return read(text)


def available(session: Session, kernel: Kernel, instance: ProcessInstance) -> list[Available]:
    """The documents whose step was reached, in the order of the diagram's steps."""
    definition = kernel.definition(session, instance.definition_id)
    named = definition.loaded.documents
    if not named:
        return []
    reached = session.execute(
        sa.select(UserTask.element_id, UserTask.department)
        .where(
            UserTask.instance_id == instance.id, UserTask.state != "cancelled", UserTask.element_id.in_(sorted(named))
        )
        .order_by(UserTask.created_at, UserTask.id)
    ).all()
    found: dict[tuple[str, str], Available] = {}
    for element, department in reached:
        for key in named[element]:
            template = template_of(definition.documents[key])
            organ = instance.department if template.for_case else department
            known = found.get((key, organ))
            elements = (*known.elements, element) if known else (element,)
            found[key, organ] = Available(template, organ, tuple(dict.fromkeys(elements)))
    return list(found.values())


def one_available(
    session: Session, kernel: Kernel, instance: ProcessInstance, key: str, department: str
) -> Available:  # fmt: skip
    """The document ``key`` of an organ.  Raises :class:`NotFound`."""
    for each in available(session, kernel, instance):
        if each.template.id == key and each.department == department:
            return each
    raise NotFound("这件事项没有这份文书，或者还没有办到出具它的步骤。")


def withheld(session: Session, kernel: Kernel, instance: ProcessInstance, each: Available, now: datetime) -> str:
    """Why no number is given to the document now, in words that name the way; empty when one may be given.

    Once a case is over only the document of the step that ended it is still to be made, e.g. the approval just signed.
    """
    title = each.template.title
    if instance.ended_at is not None and not (
        instance.status == "completed" and last_step(session, instance) in each.elements
    ):
        over = "办结" if instance.status == "completed" else "终止"
        return (
            f"这件事项已经{over}，不再新出具《{title}》。已经出具的，可以在文书页写明原因，出具新版本；"
            "当时没有出具的，归档时写明原因；处理结果确需改变的，另行办理更正、撤销等事项，在那里出具文书。"
        )
    when = each.template.when
    if when is not None:
        case = DocumentCase(session, kernel.settings, instance, each.department, now)
        scope = document_values.values(case, when.names | when.possible_names, {})
        if not when.holds(scope, document_values.functions(case), now):
            return (
                f"《{title}》与这件事项现在填写的内容不符，不能出具。请先在有关步骤填写并暂存或者提交，"
                "再出具与处理结果一致的文书。"
            )
    return ""


def last_step(session: Session, instance: ProcessInstance) -> str | None:
    """The step of a case that was submitted last; None when none was."""
    return session.scalar(
        sa.select(UserTask.element_id)
        .where(UserTask.instance_id == instance.id, UserTask.state == "completed")
        .order_by(UserTask.closed_at.desc(), UserTask.id.desc())
        .limit(1)
    )


def fill(
    session: Session, settings: Settings, instance: ProcessInstance, template: Template, department: str,
    now: datetime, *, number: str = "", issued_on: date | None = None, version: int = 1,
) -> Document:  # fmt: skip
    """What the document says now.  Raises :class:`~engine.errors.ExpressionError` when an expression fails."""
    case = DocumentCase(session, settings, instance, department, now)
    issued = {"number": number, "issued_on": issued_on, "version": version}
    scope = document_values.values(case, template.names, issued)
    return template.fill(scope, document_values.functions(case), now, settings.timezone)


def preview(
    session: Session, settings: Settings, instance: ProcessInstance, each: Available, now: datetime
) -> Document:
    """The document before it has a number, marked as such."""
    made = fill(session, settings, instance, each.template, each.department, now)
    return replace(made, mark=PREVIEW)


def content_digest(document: Document) -> str:
    """SHA-256 of what a document says: changes as soon as the data it was made from have changed."""
    return hashlib.sha256(repr(document).encode()).hexdigest()


def series(settings: Settings, template: Template, department: str, today: date) -> tuple[str, str]:
    """The series of a document number and its pattern with ``{serial}`` left open.

    Raises :class:`ServiceTaskFailed` when a table has no row for the organ or the kind.
    """
    organ = _row(settings, "organ-mark", department, today, "机关代字")
    kind = _row(settings, "document-number", template.code, today, "文号种类")
    pattern = str(kind["pattern"]).replace("{organ}", str(organ["name"])).replace("{year}", str(today.year))
    return f"document/{department}/{template.code}/{today.year}", pattern


def _row(settings: Settings, table: str, code: str, today: date, word: str) -> dict[str, object]:
    for row in tables.rows(settings, table, today):
        if row["code"] == code:
            return row
    raise ServiceTaskFailed(f"数据表 {table}.json 没有“{code}”的{word}，请系统管理员补充后再出具。")


def of_instances(session: Session, instance_ids: Collection[str]) -> list[OfficialDocument]:
    """Everything issued for some cases, voided ones too, oldest first."""
    return list(
        session.scalars(
            sa.select(OfficialDocument)
            .where(OfficialDocument.instance_id.in_(list(instance_ids)))
            .order_by(OfficialDocument.issued_at, OfficialDocument.id)
        )
    )


def versions(session: Session, document: OfficialDocument) -> Sequence[OfficialDocumentVersion]:
    """The editions of a document, the first one first; their bytes are read when asked for."""
    return session.scalars(
        sa.select(OfficialDocumentVersion)
        .where(OfficialDocumentVersion.document_id == document.id)
        .order_by(OfficialDocumentVersion.version)
    ).all()


def find(session: Session, district_id: str, document_id: str) -> OfficialDocument:
    """The document.  Raises :class:`NotFound`."""
    row = session.get(OfficialDocument, document_id)
    if row is None or row.district_id != district_id:
        raise NotFound("没有找到这份文书，可能链接有误。")
    return row


def present(
    session: Session, kernel: Kernel, instance: ProcessInstance, row: OfficialDocument, now: datetime, version: int = 0
) -> Document:
    """What a document would say from the data of this moment, under its own number and date."""
    text = kernel.definition(session, instance.definition_id).documents[row.template]
    settings = kernel.settings
    return fill(
        session, settings, instance, template_of(text), row.department, now, number=row.number,
        issued_on=row.issued_at.astimezone(settings.timezone).date(), version=version or row.version,
    )  # fmt: skip


def unchanged(session: Session, kernel: Kernel, instance: ProcessInstance, row: OfficialDocument) -> bool:
    """Whether the data still say what the current version says."""
    last = versions(session, row)[-1]
    return content_digest(present(session, kernel, instance, row, last.made_at)) == last.content_sha256


def scans(session: Session, row: OfficialDocument) -> list[Attachment]:
    """Signed copies entered for the document, and those behind submissions that name its number."""
    papers = [
        paper["attachment_id"]
        for paper in session.scalars(
            sa.select(UserTask.paper).where(UserTask.instance_id == row.instance_id, UserTask.paper.is_not(None))
        )
        if paper and paper.get("document_number") == row.number and paper.get("attachment_id")
    ]
    wanted = sa.or_(Attachment.field == scan_field(row.id), Attachment.id.in_(papers))
    return list(
        session.scalars(
            sa.select(Attachment)
            .where(Attachment.instance_id == row.instance_id, wanted)
            .order_by(Attachment.uploaded_at, Attachment.id)
        )
    )


def scan_field(document_id: str) -> str:
    """The field under which signed copies of a document are kept."""
    return f"document:{document_id}"
