"""谁在何时被告知了什么: every telling of some cases with its proof, and every duty to tell that is not met yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.chains.duties import DutyToTell, Proof, holds
from engine.inspection.chains.told_tables import TABLES
from engine.inspection.service_models import ServiceRecord
from engine.models import Attachment, Deadline, Department, ProcessInstance, User, UserTask
from engine.settings import Settings

#: States, the pressing ones first.
MISSING_LATE, MISSING, LATE, TOLD = "超期未告知", "尚未告知", "逾期告知", "已告知"
SERVED = "已送达"


@dataclass(frozen=True)
class Evidence:
    """What proves a telling: a file that may be opened, or words (a signature, the number of a recorder)."""

    label: str
    file: str = ""
    text: str = ""


@dataclass(frozen=True)
class Told:
    """One telling, or a duty not met (``on`` is None).

    ``on`` is a day or a moment, as it was recorded; ``due_at`` the end of the statutory limit if there is one, ``by``
    the limit in words; ``recorded_at`` is when it was entered.
    """

    duty: DutyToTell
    case: ProcessInstance
    state: str
    on: date | datetime | None = None
    way: str = ""
    person: str = ""
    number: str = ""
    evidence: Sequence[Evidence] = ()
    recorded_by: str = ""
    recorded_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def missing(self) -> bool:
        return self.on is None


def told_in(
    session: Session, settings: Settings, cases: Sequence[ProcessInstance], duties: Sequence[DutyToTell], now: datetime
) -> list[Told]:
    """What was told in ``cases``, the duties not met first, then in the order of time."""
    by_process: dict[str, list[ProcessInstance]] = {}
    for case in cases:
        by_process.setdefault(case.process_key, []).append(case)
    wanted = [duty for duty in duties if duty.process in by_process]
    if not wanted:
        return []
    steps = _submissions(session, cases, {name for duty in wanted for name in duty.elements})
    served = _served(session, cases) if any(p.service for d in wanted for p in d.proofs) else {}
    registers = {
        name: TABLES[name](session, cases[0].district_id, [case.business_key for case in cases])
        for name in {p.table for d in wanted for p in d.proofs if p.table}
    }
    limits = _limits(session, cases, {duty.deadline for duty in wanted if duty.deadline})
    found: list[Told] = []
    for duty in wanted:
        for case in by_process[duty.process]:
            tellings = [t for proof in duty.proofs for t in _tellings(duty, case, proof, steps, served, registers)]
            arose = _arose(duty, case, steps)
            due = next((d for d in limits.get(duty.deadline, ()) if _belongs(d, case)), None)
            found += [_judged(telling, due, settings) for telling in tellings]
            since = [t for t in tellings if arose and t.recorded_at and t.recorded_at >= arose]
            if arose and not since:
                late = due is not None and due.due_at is not None and due.due_at < now
                found.append(
                    Told(duty, case, MISSING_LATE if late else MISSING, due_at=due.due_at if due else None)
                )  # fmt: skip
    found = _with_names(session, settings, _with_files(session, found))
    return sorted(found, key=lambda told: (not told.missing, _place(told, settings), told.case.business_key))


# -- what is recorded -------------------------------------------------------------------


Steps = Mapping[tuple[str, str], Sequence[UserTask]]
Served = Mapping[str, Sequence[ServiceRecord]]


def _submissions(session: Session, cases: Sequence[ProcessInstance], elements: set[str]) -> Steps:
    """Tasks that were reached, by case and step, oldest first."""
    rows = session.scalars(
        sa.select(UserTask)
        .where(
            UserTask.instance_id.in_([case.id for case in cases]), UserTask.element_id.in_(sorted(elements)),
            UserTask.state.in_(("open", "completed")),
        )
        .order_by(UserTask.created_at, UserTask.id)
    )  # fmt: skip
    found: dict[tuple[str, str], list[UserTask]] = {}
    for row in rows:
        found.setdefault((row.instance_id, row.element_id), []).append(row)
    return found


def _served(session: Session, cases: Sequence[ProcessInstance]) -> Served:
    rows = session.scalars(
        sa.select(ServiceRecord)
        .where(
            ServiceRecord.district_id == cases[0].district_id, ServiceRecord.state == SERVED,
            ServiceRecord.origin.in_([case.business_key for case in cases]),
        )
        .order_by(ServiceRecord.served_on, ServiceRecord.recorded_at)
    )  # fmt: skip
    found: dict[str, list[ServiceRecord]] = {}
    for row in rows:
        found.setdefault(row.origin, []).append(row)
    return found


def _limits(session: Session, cases: Sequence[ProcessInstance], names: set[str]) -> dict[str, list[Deadline]]:
    if not names:
        return {}
    rows = session.scalars(
        sa.select(Deadline)
        .where(
            Deadline.district_id == cases[0].district_id, Deadline.name.in_(sorted(names)),
            Deadline.business_key.in_([case.business_key for case in cases]),
        )
        .order_by(Deadline.started_at.desc())
    )  # fmt: skip
    found: dict[str, list[Deadline]] = {}
    for row in rows:
        found.setdefault(row.name, []).append(row)
    return found


def _belongs(deadline: Deadline, case: ProcessInstance) -> bool:
    """A limit of the case itself, or of the service of a document that is a case of its own below it."""
    key = deadline.business_key
    return key == case.business_key or key.rpartition("/")[0] == case.business_key


def _arose(duty: DutyToTell, case: ProcessInstance, steps: Steps) -> datetime | None:
    """When the duty last arose, None when it did not."""
    if duty.at:
        return next((task.created_at for task in reversed(steps.get((case.id, duty.at), ()))), None)
    done = [
        task.closed_at for task in steps.get((case.id, duty.after), ())
        if task.state == "completed" and holds(duty.condition, task.values or {})
    ]  # fmt: skip
    return max((moment for moment in done if moment), default=None)


def _tellings(
    duty: DutyToTell, case: ProcessInstance, proof: Proof, steps: Steps, served: Served,
    registers: Mapping[str, Mapping[str, Sequence[Mapping[str, Any]]]],
) -> Iterable[Told]:  # fmt: skip
    for task in steps.get((case.id, proof.element), ()) if proof.element else ():
        values = task.values or {}
        if task.state == "completed" and holds(proof.condition, values):
            on = _day(proof.cell("on", values)) or task.closed_at
            yield Told(
                duty, case, TOLD, on, _text(proof.cell("way", values)), _text(proof.cell("person", values)),
                _text(proof.cell("number", values)), tuple(_evidence(proof, values)), task.closed_by or "",
                task.closed_at,
            )  # fmt: skip
    for row in served.get(case.business_key, ()) if proof.service else ():
        if row.template in proof.service:
            yield Told(
                duty, case, TOLD, row.served_on, row.mode_name, row.receiver or row.recipient, row.document_number,
                (Evidence("送达记录", text=f"第 {row.position} 次"),), row.recorded_by or "", row.recorded_at,
            )  # fmt: skip
    for entry in registers.get(proof.table, {}).get(case.business_key, ()) if proof.table else ():
        yield Told(duty, case, TOLD, **entry)


def _evidence(proof: Proof, values: Mapping[str, Any]) -> Iterable[Evidence]:
    for label, field in proof.evidence:
        value = values.get(field)
        if isinstance(value, list):
            yield from (Evidence(label, file=str(file)) for file in value)
        elif value is True or (isinstance(value, str) and value.startswith("data:")):
            yield Evidence(label)
        elif value:
            yield Evidence(label, text=str(value))


def _text(value: Any) -> str:
    return "、".join(str(v) for v in value) if isinstance(value, list) else str(value or "")


def _day(value: Any) -> date | datetime | None:
    """A day or a moment out of a submission; None for what cannot be read."""
    if isinstance(value, date):
        return value
    try:
        return date.fromisoformat(str(value)) if len(str(value)) == 10 else datetime.fromisoformat(str(value))
    except ValueError:
        return None


# -- judging and naming ----------------------------------------------------------------


def _moment(on: date | datetime | None, settings: Settings) -> datetime:
    """A moment to compare by; a day counts from its beginning."""
    if isinstance(on, datetime):
        return on if on.tzinfo else on.replace(tzinfo=settings.timezone)
    return datetime.combine(on or date.min.replace(year=1900), time(), tzinfo=settings.timezone)


def _place(told: Told, settings: Settings) -> datetime:
    """Where a telling stands in the order of time: a mere day where it was entered that day, else at its end."""
    if told.on is None or isinstance(told.on, datetime):
        return _moment(told.on, settings)
    entered = told.recorded_at and told.recorded_at.astimezone(settings.timezone)
    if entered and entered.date() == told.on:
        return entered
    return datetime.combine(told.on, time.max, tzinfo=settings.timezone)


def _judged(told: Told, due: Deadline | None, settings: Settings) -> Told:
    if due is None or due.due_at is None:
        return told
    late = _moment(told.on, settings) > due.due_at
    return replace(told, state=LATE if late else TOLD, due_at=due.due_at)


def _with_files(session: Session, found: Sequence[Told]) -> list[Told]:
    """The names of files that prove something; what is no file any more stays as words."""
    ids = sorted({e.file for told in found for e in told.evidence if e.file})
    if not ids:
        return list(found)
    names = dict(
        session.execute(sa.select(Attachment.id, Attachment.file_name).where(Attachment.id.in_(ids))).tuples().all()
    )
    return [
        replace(
            told,
            evidence=tuple(
                replace(e, text=names[e.file]) if e.file in names else replace(e, file="", text=e.text)
                for e in told.evidence
            ),
        )
        for told in found
    ]


def _with_names(session: Session, settings: Settings, found: Sequence[Told]) -> list[Told]:
    """Names of who recorded a telling, and of departments that were told."""
    ids = sorted({told.recorded_by for told in found if told.recorded_by})
    names = dict(session.execute(sa.select(User.id, User.name).where(User.id.in_(ids))).tuples().all())
    organs = dict(
        session.execute(
            sa.select(Department.code, Department.name).where(
                Department.district_id == settings.district_id,
                Department.code.in_(sorted({told.person for told in found if told.person})),
            )
        ).tuples().all()
    )  # fmt: skip
    return [
        replace(told, recorded_by=names.get(told.recorded_by, ""), person=organs.get(told.person, told.person))
        for told in found
    ]
