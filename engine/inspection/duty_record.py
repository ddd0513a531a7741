"""What the history shows of who did what when in one case, held against the list of duties (R54–R56).

Nothing here is typed by anybody: lines are links of the hash chain, duties are dated rows of
``processes/tables/duty.json``, and times are those of the tasks and statutory deadlines.  Figures of found
problems or fines are not looked at: nobody is ranked by them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

import orjson
import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection import tables
from engine.inspection.models import FollowUp
from engine.models import Deadline, HistoryEvent, ProcessInstance, TaskCandidate, User, UserTask
from engine.settings import Settings

TABLE = "duty"
KEPT, LATE, MISSED, OPEN, BY_OTHERS = "按期履行", "逾期履行", "逾期未履行", "未到期", "由他人履行"
#: Links of the chain that say what a person did; the rest is the system's own.
ACTS = (
    "task-completed", "task-claimed", "task-released", "task-reassigned", "task-reminded", "recusal-requested",
    "inspection-approved", "attachment-added",
)  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One act: link ``seq`` of the chain of ``case``, whose hash is ``hash``."""

    at: str
    who: str
    own: bool  # by the official concerned
    case: str
    step: str
    act: str
    due: str  # ISO, empty without a due time
    kept: str  # KEPT, LATE or empty
    seq: int
    hash: str


@dataclass(frozen=True)
class DutyLine:
    """A duty that the case gave the official, and what the record shows of it."""

    code: str
    duty: str
    source: str
    step: str
    due: str
    done: str
    state: str


def case_instances(session: Session, district_id: str, case: str) -> list[ProcessInstance]:
    """The case, what hangs on it by its number, and the follow-ups that came of it."""
    origins = sa.select(FollowUp.number).where(
        FollowUp.district_id == district_id,
        sa.or_(FollowUp.origin == case, FollowUp.origin.startswith(f"{case}/", autoescape=True)),
    )
    key = ProcessInstance.business_key
    return list(
        session.scalars(
            sa.select(ProcessInstance)
            .where(
                ProcessInstance.district_id == district_id,
                ProcessInstance.restricted.is_(False),
                sa.or_(key == case, key.startswith(f"{case}/", autoescape=True), key.in_(origins)),
            )
            .order_by(ProcessInstance.started_at, ProcessInstance.id)
        )
    )


def people_of(session: Session, instances: Sequence[ProcessInstance]) -> dict[str, str]:
    """Everybody who did or holds a step of the case, by id: nobody of them reviews it."""
    ids = [instance.id for instance in instances]
    rows = session.execute(
        sa.select(User.id, User.name)
        .join(UserTask, sa.or_(UserTask.closed_by == User.id, UserTask.assignee_id == User.id))
        .where(UserTask.instance_id.in_(ids))
        .distinct()
        .order_by(User.name)
    )
    return {user_id: name for user_id, name in rows}


def took_part(session: Session, instances: Sequence[ProcessInstance], person: str) -> bool:
    """Whether a step of the case was done by, held by or offered to ``person``."""
    ids = [instance.id for instance in instances]
    offered = sa.select(TaskCandidate.task_id).where(TaskCandidate.user_id == person)
    own = sa.exists().where(
        UserTask.instance_id.in_(ids),
        sa.or_(UserTask.closed_by == person, UserTask.assignee_id == person, UserTask.id.in_(offered)),
    )
    return bool(session.scalar(sa.select(own)))


def generate(
    session: Session, settings: Settings, district_id: str, case: str, person: str, now: datetime
) -> dict[str, Any]:
    """The record of a case as JSON: ``lines``, ``duties``, ``heads`` (last link of each chain) and ``at``."""
    instances = case_instances(session, district_id, case)
    tasks = _tasks(session, instances)
    lines = _lines(session, instances, tasks, person)
    return {
        "at": now.isoformat(),
        "case": case,
        "lines": [asdict(line) for line in lines],
        "duties": [asdict(line) for line in _duties(session, settings, instances, tasks, person, now)],
        "heads": _heads(session, instances),
    }


def _tasks(session: Session, instances: Sequence[ProcessInstance]) -> dict[str, UserTask]:
    ids = [instance.id for instance in instances]
    found = session.scalars(
        sa.select(UserTask).where(UserTask.instance_id.in_(ids)).order_by(UserTask.created_at, UserTask.id)
    )
    return {task.id: task for task in found}


def _lines(
    session: Session, instances: Sequence[ProcessInstance], tasks: Mapping[str, UserTask], person: str
) -> list[Line]:
    keys = {instance.id: instance.business_key for instance in instances}
    rows = session.execute(
        sa.select(
            HistoryEvent.at, HistoryEvent.actor_id, HistoryEvent.actor_name, HistoryEvent.kind, HistoryEvent.body,
            HistoryEvent.stream, HistoryEvent.seq, HistoryEvent.hash,
        )
        .where(HistoryEvent.stream.in_(list(keys)), HistoryEvent.kind.in_(ACTS), HistoryEvent.actor_id.is_not(None))
        .order_by(HistoryEvent.at, HistoryEvent.id)
    )  # fmt: skip
    found = []
    for row in rows:
        body = orjson.loads(row.body)
        task = tasks.get(str(body.get("task") or ""))
        due = task.due_at if task is not None and row.kind == "task-completed" else None
        found.append(
            Line(
                at=row.at.isoformat(), who=row.actor_name, own=row.actor_id == person, case=keys[row.stream],
                step=str(body.get("name") or (task.name if task is not None else "")), act=row.kind,
                due=due.isoformat() if due is not None else "",
                kept="" if due is None else KEPT if row.at <= due else LATE, seq=row.seq, hash=row.hash,
            )
        )  # fmt: skip
    return found


def _duties(
    session: Session, settings: Settings, instances: Sequence[ProcessInstance], tasks: Mapping[str, UserTask],
    person: str, now: datetime,
) -> list[DutyLine]:  # fmt: skip
    """Every duty of the list that a step of the case gave the official, step by step."""
    rows = tables.rows(settings, TABLE, now.astimezone(settings.timezone).date())
    offered = set(
        session.scalars(
            sa.select(TaskCandidate.task_id).where(
                TaskCandidate.user_id == person, TaskCandidate.task_id.in_(list(tasks))
            )
        )
    )
    statutory = _statutory(session, instances)
    found = []
    for task in tasks.values():
        mine = person in (task.closed_by, task.assignee_id) or task.id in offered
        if not mine or task.state == "cancelled":
            continue
        for row in rows:
            if row["process"] != task.process_key or task.element_id not in row["elements"]:
                continue
            due = task.due_at
            if row.get("deadline") and due is None:
                due = statutory.get((task.business_key, row["deadline"]))
            found.append(
                DutyLine(
                    code=row["code"], duty=row["name"], source=row["source"],
                    step=f"{task.name}（{task.business_key}）",
                    due=due.isoformat() if due is not None else "",
                    done=task.closed_at.isoformat() if task.closed_at is not None else "",
                    state=_state(task, due, person, now),
                )
            )  # fmt: skip
    return found


def _state(task: UserTask, due: datetime | None, person: str, now: datetime) -> str:
    if task.closed_at is None:
        return MISSED if due is not None and due < now else OPEN
    if task.closed_by != person:
        return BY_OTHERS
    return KEPT if due is None or task.closed_at <= due else LATE


def _statutory(session: Session, instances: Sequence[ProcessInstance]) -> dict[tuple[str, str], datetime]:
    keys = [instance.business_key for instance in instances]
    rows = session.execute(
        sa.select(Deadline.business_key, Deadline.name, Deadline.due_at).where(
            Deadline.business_key.in_(keys), Deadline.due_at.is_not(None)
        )
    )
    return {(key, name): due for key, name, due in rows}


def _heads(session: Session, instances: Sequence[ProcessInstance]) -> list[dict[str, Any]]:
    """The last link of every chain: with it anybody can check later that nothing was changed since."""
    keys = {instance.id: instance.business_key for instance in instances}
    last = (
        sa.select(HistoryEvent.stream, sa.func.max(HistoryEvent.seq).label("seq"))
        .where(HistoryEvent.stream.in_(list(keys)))
        .group_by(HistoryEvent.stream)
        .subquery()
    )
    rows = session.execute(
        sa.select(HistoryEvent.stream, HistoryEvent.seq, HistoryEvent.hash).join(
            last, sa.and_(HistoryEvent.stream == last.c.stream, HistoryEvent.seq == last.c.seq)
        )
    )
    found = [{"case": keys[stream], "seq": seq, "hash": digest} for stream, seq, digest in rows]
    return sorted(found, key=lambda head: str(head["case"]))
