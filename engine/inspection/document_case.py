"""The case a document speaks of: its rows, its organ, and what was submitted at every step of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import case_numbers, records
from engine.inspection.models import Campaign, DepartmentInspection, FollowUp, Inspection
from engine.models import HistoryEvent, ProcessInstance, TaskDraft, User, UserTask
from engine.settings import Settings


@dataclass
class DocumentCase:
    """What a document of ``instance`` issued by ``department`` may read; rows are looked up when asked for.

    Rows that a case of this kind does not have are None: a template of another process leaves them blank.
    """

    session: Session
    settings: Settings
    instance: ProcessInstance
    department: str
    now: datetime

    @property
    def district_id(self) -> str:
        return self.instance.district_id

    @property
    def today(self) -> date:
        return self.now.astimezone(self.settings.timezone).date()

    @cached_property
    def department_names(self) -> dict[str, str]:
        return records.department_names(self.session, self.district_id)

    def organ(self, code: str) -> str:
        """A department's name by its code."""
        return self.department_names.get(code, code)

    def number_words(self, number: str) -> str:
        """A case's number as people read it: no words of the programs on paper."""
        return case_numbers.in_words(number, case_numbers.key_words(self.settings, self.today))

    def local_day(self, moment: datetime | None) -> date | None:
        """The local date of a moment."""
        return moment.astimezone(self.settings.timezone).date() if moment else None

    @cached_property
    def start(self) -> Mapping[str, Any]:
        """The variables the process was started with, as its history says."""
        body = self.session.scalar(
            sa.select(HistoryEvent.body)
            .where(HistoryEvent.stream == self.instance.id, HistoryEvent.kind == "instance-started")
            .order_by(HistoryEvent.seq)
            .limit(1)
        )
        return (orjson.loads(body).get("variables") or {}) if body else {}

    # -- rows -----------------------------------------------------------------------------------

    @cached_property
    def follow_up(self) -> FollowUp | None:
        key = self.instance.business_key
        return self._or_none(lambda: records.follow_up(self.session, self.district_id, key))

    @cached_property
    def part(self) -> DepartmentInspection | None:
        key = self.follow_up.root if self.follow_up else self.instance.business_key
        return self._or_none(lambda: records.department_inspection(self.session, self.district_id, key))

    @cached_property
    def inspection(self) -> Inspection | None:
        key = self.part.inspection if self.part else self.instance.business_key
        return self._or_none(lambda: records.inspection(self.session, self.district_id, key))

    @cached_property
    def campaign(self) -> Campaign | None:
        number = self.inspection.campaign if self.inspection else self.start.get("campaign")
        key = str(number or self.instance.business_key)
        return self._or_none(lambda: records.campaign(self.session, self.district_id, key))

    def _or_none(self, find: Any) -> Any:
        try:
            return find()
        except NotFound:
            return None

    # -- what was submitted ---------------------------------------------------------------------

    @cached_property
    def submissions(self) -> dict[str, list[dict[str, Any]]]:
        """Element → its submissions, the last of each department and item, in the order they came.

        A step that is open shows the draft kept last: what stands on paper before it is submitted.
        """
        rows = self.session.execute(
            sa.select(UserTask, User.name)
            .outerjoin(User, User.id == UserTask.closed_by)
            .where(UserTask.instance_id == self.instance.id, UserTask.state != "cancelled")
            .order_by(UserTask.closed_at.is_(None), UserTask.closed_at, UserTask.created_at, UserTask.id)
        ).all()
        drafts = self._drafts([task.id for task, _ in rows if task.state == "open"])
        found: dict[str, dict[tuple[str, str], dict[str, Any]]] = {}
        for task, name in rows:
            values = task.values if task.state == "completed" else drafts.get(task.id)
            if values is None:
                continue
            item = task.context.get("item")
            known = found.setdefault(task.element_id, {})
            known.pop((task.department, repr(item)), None)
            known[task.department, repr(item)] = {**values, **self._about(task, name, item)}
        return {element: list(each.values()) for element, each in found.items()}

    def _drafts(self, task_ids: list[str]) -> dict[str, dict[str, Any]]:
        if not task_ids:
            return {}
        drafts = self.session.scalars(
            sa.select(TaskDraft).where(TaskDraft.task_id.in_(task_ids)).order_by(TaskDraft.saved_at)
        )
        return {draft.task_id: draft.values for draft in drafts}

    def _about(self, task: UserTask, name: str | None, item: Any) -> dict[str, Any]:
        paper = task.paper or {}
        closed = task.closed_at.astimezone(self.settings.timezone) if task.closed_at else None
        return {
            "by": str(paper.get("signed_by") or name or ""),
            "on": str(paper.get("signed_on") or (closed.date().isoformat() if closed else "")),
            "at": closed,
            "paper": str(paper.get("document_number") or ""),
            "department": task.department,
            "item": item,
        }

    def step(self, element: str) -> dict[str, Any] | None:
        """The last submission of a step: the organ's own where several organs submit."""
        given = self.submissions.get(element, [])
        own = [one for one in given if self.department in (one["department"], one["item"])]
        found = own or given
        return found[-1] if found else None
