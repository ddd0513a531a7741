"""The task at hand, the rows it is about, and how facts are written down."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property
from typing import Any

from sqlalchemy.orm import Session

from engine.inspection import records
from engine.inspection.models import Campaign, DepartmentInspection, FollowUp, Inspection
from engine.models import UserTask
from engine.settings import Settings


@dataclass
class Desk:
    """The task at hand and the rows it is about."""

    session: Session
    settings: Settings
    task: UserTask
    data: Mapping[str, Any]
    now: datetime

    @property
    def district_id(self) -> str:
        return self.task.district_id

    @property
    def today(self) -> date:
        return self.now.astimezone(self.settings.timezone).date()

    @cached_property
    def department_names(self) -> dict[str, str]:
        return records.department_names(self.session, self.district_id)

    @cached_property
    def campaign(self) -> Campaign:
        number = str(self.data.get("campaign") or self.task.business_key)
        return records.campaign(self.session, self.district_id, number)

    @cached_property
    def follow_up(self) -> FollowUp:
        return records.follow_up(self.session, self.district_id, self.task.business_key)

    @cached_property
    def part(self) -> DepartmentInspection:
        """The department's inspection at hand, or the one at the root of what follows."""
        number = str(self.data.get("root") or self.data.get("origin") or self.task.business_key)
        return records.department_inspection(self.session, self.district_id, number)

    @cached_property
    def inspection(self) -> Inspection:
        return records.inspection(self.session, self.district_id, self.part.inspection)

    def organ(self, code: str) -> str:
        """A department's name by its code."""
        return self.department_names.get(code, code)


Provider = Callable[[Desk], dict[str, Any]]


def rows(title: str, *pairs: tuple[str, Any]) -> dict[str, Any]:
    """A block of label and value; empty values are left out."""
    return {"title": title, "rows": [[label, str(value)] for label, value in pairs if value not in (None, "", [])]}


def table(title: str, head: list[str], body: list[list[Any]]) -> dict[str, Any]:
    """A block with a table."""
    return {"title": title, "table": {"head": head, "rows": [[str(c) for c in line] for line in body]}}


def local(desk: Desk, moment: datetime | None) -> str:
    return moment.astimezone(desk.settings.timezone).strftime("%Y-%m-%d %H:%M") if moment else ""
