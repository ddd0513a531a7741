"""The 公文 panel of task and case pages: which documents there are, what was issued, what can be done."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from flask import url_for
from sqlalchemy.orm import Session

from engine.errors import LianjianError
from engine.inspection import official_documents as documents
from engine.inspection.document_models import OfficialDocument
from engine.inspection.official_documents import Available
from engine.models import ProcessInstance, UserTask
from engine.web.context import actor, database, engine, now


@dataclass(frozen=True)
class Shelf:
    """One document of a case as the panel shows it; ``issued`` are its numbers, voided ones too."""

    title: str
    department: str
    several: bool
    issued: Sequence[OfficialDocument]
    stale: frozenset[str]  # ids of documents whose data have changed since
    may_issue: bool
    withheld: str  # why no (further) number is given now, empty when one may be
    pdf_url: str
    docx_url: str
    issue_url: str
    key: str

    @property
    def standing(self) -> list[OfficialDocument]:
        return [row for row in self.issued if row.state == "issued"]

    @property
    def can_issue(self) -> bool:
        """The person may give (another) number now."""
        return self.may_issue and not self.withheld and (self.several or not self.standing)


def of_task(task: UserTask) -> list[Shelf]:
    """The documents that the task's step names, for the organ whose task it is."""
    with database().read() as session:
        instance = session.get_one(ProcessInstance, task.instance_id)
        named = [
            each
            for each in documents.available(session, engine().kernel, instance)
            if task.element_id in each.elements and (each.template.for_case or each.department == task.department)
        ]
        return _shelves(session, instance, named, check=True)


def of_case(instance: ProcessInstance) -> list[Shelf]:
    """Every document of a case that was reached and fits it, or that was issued."""
    with database().read() as session:
        return _shelves(session, instance, documents.available(session, engine().kernel, instance), check=False)


def _shelves(session: Session, instance: ProcessInstance, named: Sequence[Available], *, check: bool) -> list[Shelf]:
    if not named:
        return []
    issued = documents.of_instances(session, [instance.id])
    found = []
    for each in named:
        key, department = each.template.id, each.department
        mine = [row for row in issued if row.template == key and row.department == department]
        withheld = documents.withheld(session, engine().kernel, instance, each, now())
        if withheld and not mine:
            continue
        where: dict[str, Any] = {"instance_id": instance.id, "key": key, "department": department}
        found.append(
            Shelf(
                title=each.template.title, department=department, several=each.template.several, issued=mine,
                stale=frozenset(row.id for row in mine if check and is_stale(session, instance, row)),
                may_issue=documents.may_issue(actor(), department), withheld=withheld, key=key,
                pdf_url=url_for("documents.preview", kind="pdf", **where),
                docx_url=url_for("documents.preview", kind="docx", **where),
                issue_url=url_for("documents.issue", instance_id=instance.id),
            )
        )  # fmt: skip
    return found


def with_number(values: dict[str, Any], shelves: Sequence[Shelf]) -> dict[str, Any]:
    """The form's field ``document_number``, while empty, with the number the task's document was issued under."""
    numbers = [row.number for shelf in shelves if not shelf.several for row in shelf.standing]
    empty = "document_number" in values and not values["document_number"]
    return {**values, "document_number": numbers[0]} if numbers and empty else values


def is_stale(session: Session, instance: ProcessInstance, row: OfficialDocument) -> bool:
    """Whether the data have changed since the current version of a standing document was set."""
    if row.state != "issued":
        return False
    try:
        return not documents.unchanged(session, engine().kernel, instance, row)
    except LianjianError:  # the rows it spoke of are gone
        return True
