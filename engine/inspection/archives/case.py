"""What one case file is about: the closed case itself and the parts that are bound with it."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.errors import Conflict
from engine.inspection.archive_models import CaseFile
from engine.inspection.archives.rules import Rule, rules
from engine.models import HistoryEvent, ProcessInstance
from engine.settings import Settings

CLOSED = ("completed", "terminated")


@dataclass(frozen=True)
class Case:
    """A case to be archived: its rule, the instance itself and the instances bound with it."""

    rule: Rule
    instance: ProcessInstance
    parts: Sequence[ProcessInstance]

    @property
    def instances(self) -> list[ProcessInstance]:
        """The case itself first."""
        return [self.instance, *self.parts]

    @property
    def streams(self) -> list[str]:
        """Ids of the instances: the streams of the history."""
        return [i.id for i in self.instances]


def case_of(session: Session, settings: Settings, instance: ProcessInstance, on: date) -> Case:
    """The case of ``instance``.  Raises :class:`Conflict` when cases of its process are not archived."""
    known = rules(settings, on)
    found = known.get(instance.process_key)
    if found is None:
        raise Conflict("归档范围表中没有这类事项，不单独归档；需要归档的，请系统管理员在归档表中加一行。")
    return Case(found, instance, parts_of(session, instance, found.includes, known))


def parts_of(
    session: Session, instance: ProcessInstance, includes: Sequence[str], own: Collection[str]
) -> list[ProcessInstance]:  # fmt: skip
    """Instances whose business key goes on from this one's (``<inspection>/<department>``).

    What belongs to a follow-up with a file of its own (a process of ``own``) lies in that file: the hearing
    of a penalty with the penalty, not with the inspection the penalty came of.
    """
    if not includes:
        return []
    apart = set(own) - set(includes)
    prefix = f"{instance.business_key}/"
    rows = session.scalars(
        sa.select(ProcessInstance)
        .where(
            ProcessInstance.district_id == instance.district_id,
            ProcessInstance.process_key.in_([*includes, *sorted(apart)]),
            ProcessInstance.business_key.startswith(prefix, autoescape=True),
        )
        .order_by(ProcessInstance.business_key)
    ).all()
    files = tuple(f"{row.business_key}/" for row in rows if row.process_key in apart)
    return [row for row in rows if row.process_key not in apart and not row.business_key.startswith(files)]


def still_open(case: Case) -> str:
    """Why the case cannot be archived yet; empty when it is closed with everything bound with it."""
    if case.instance.status not in CLOSED:
        return "这项工作还没有办结，办结后才能归档。"
    waiting = [i for i in case.parts if i.status not in CLOSED]
    return f"还有 {len(waiting)} 件一并装入的事项没有办结，全部办结后才能归档。" if waiting else ""


def case_files(session: Session, instance_id: str) -> list[CaseFile]:
    """The parts archived so far, the first one first."""
    return list(
        session.scalars(sa.select(CaseFile).where(CaseFile.instance_id == instance_id).order_by(CaseFile.part))
    )  # fmt: skip


def events_of(session: Session, case: Case) -> int:
    """How many events the case has; the archive's own do not count."""
    count = session.scalar(
        sa.select(sa.func.count())
        .select_from(HistoryEvent)
        .where(
            HistoryEvent.district_id == case.instance.district_id, HistoryEvent.stream.in_(case.streams),
            HistoryEvent.kind.not_in(("case-archived", "case-file-bound")),
        )
    )  # fmt: skip
    return count or 0


def happened_since(session: Session, case: Case, archived: CaseFile) -> int:
    """How many events the case has had since it was archived."""
    return max(events_of(session, case) - archived.events, 0)
