"""The kernel's tables.  The kernel does not know the word inspection."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Digest, Id, pk


class Department(Base):
    """An organ or unit of the district (行政机关、科室、所). ``code`` is how diagrams and records name it."""

    __tablename__ = "department"
    id: Mapped[str] = pk()
    code: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(100))
    parent_code: Mapped[str | None] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(20), default="organ")  # organ | office
    position: Mapped[int] = mapped_column(default=0)
    __table_args__ = (sa.UniqueConstraint("district_id", "code"),)


class User(Base):
    """A person who can sign in.  No ID number is stored (domain.md §4)."""

    __tablename__ = "user_account"
    id: Mapped[str] = pk()
    login: Mapped[str] = mapped_column(sa.String(64))
    name: Mapped[str] = mapped_column(sa.String(64))
    department: Mapped[str] = mapped_column(sa.String(32))
    post: Mapped[str] = mapped_column(sa.String(100), default="")
    password_hash: Mapped[str] = mapped_column(sa.String(255))
    must_change_password: Mapped[bool] = mapped_column(default=False)  # somebody else knows it: initial or reset
    active: Mapped[bool] = mapped_column(default=True)
    failed_logins: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    password_changed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "login"),)


class UserRole(Base):
    """``user`` holds ``role`` (its official Chinese name, as lanes spell it) in ``department``."""

    __tablename__ = "user_role"
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id"), primary_key=True)
    department: Mapped[str] = mapped_column(sa.String(32), primary_key=True)
    role: Mapped[str] = mapped_column(sa.String(40), primary_key=True)
    __table_args__ = (sa.Index("ix_user_role_group", "department", "role"),)


class UserSession(Base):
    """A signed-in browser; deleting the row signs it out everywhere."""

    __tablename__ = "user_session"
    id: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id"), index=True)
    created_at: Mapped[datetime]
    seen_at: Mapped[datetime]
    address: Mapped[str] = mapped_column(sa.String(64), default="")
    agent: Mapped[str] = mapped_column(sa.String(200), default="")


class ProcessDefinition(Base):
    """One immutable version of a process: diagram, tables and forms hashed together.

    ``bundle`` maps file name to text; ``digest`` is the SHA-256 over it.
    """

    __tablename__ = "process_definition"
    id: Mapped[str] = pk()
    key: Mapped[str] = mapped_column(sa.String(100))
    version: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200))
    digest: Mapped[str] = mapped_column(sa.String(64))
    bundle: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    origin: Mapped[str] = mapped_column(sa.String(20), default="shipped")  # shipped | office
    #: New instances start from the one current version of a key (see engine/commands/deploy.py).
    current: Mapped[bool] = mapped_column(default=True)
    deployed_at: Mapped[datetime]
    deployed_by: Mapped[str | None] = mapped_column(Id)
    note: Mapped[str] = mapped_column(sa.Text, default="")
    __table_args__ = (
        sa.UniqueConstraint("district_id", "key", "version"),
        sa.UniqueConstraint("district_id", "key", "digest"),
    )


class ProcessInstance(Base):
    """A running or finished process.  ``version`` guards every save (one writer wins)."""

    __tablename__ = "process_instance"
    id: Mapped[str] = pk()
    definition_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_definition.id"), index=True)
    process_key: Mapped[str] = mapped_column(sa.String(100))
    business_key: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str] = mapped_column(sa.String(300), default="")
    department: Mapped[str] = mapped_column(sa.String(32), default="")
    status: Mapped[str] = mapped_column(sa.String(20), default="running")
    #: running | completed | terminated | suspended
    state: Mapped[bytes] = mapped_column(sa.LargeBinary)
    version: Mapped[int] = mapped_column(default=1)
    started_at: Mapped[datetime]
    started_by: Mapped[str | None] = mapped_column(Id)
    ended_at: Mapped[datetime | None]
    parent_id: Mapped[str | None] = mapped_column(Id)
    #: 限定知悉范围: seen by whoever has or had a task in it, and by engine.scope.CONFIDANTS alone
    restricted: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    __table_args__ = (
        sa.UniqueConstraint("district_id", "process_key", "business_key"),
        sa.Index("ix_process_instance_business_key", "district_id", "business_key"),
        # Few are: what is kept from somebody is looked up and taken off the figures.
        sa.Index(
            "ix_process_instance_restricted",
            "id",
            postgresql_where=sa.text("restricted"),
            sqlite_where=sa.text("restricted = 1"),
        ),
    )


class InstanceDepartment(Base):
    """Departments that may see an instance; the single source of data scope."""

    __tablename__ = "instance_department"
    instance_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_instance.id"), primary_key=True)
    department: Mapped[str] = mapped_column(sa.String(32), primary_key=True)


class UserTask(Base):
    """Something a person has to do.  ``version`` makes sure it is done once."""

    __tablename__ = "user_task"
    id: Mapped[str] = pk()
    instance_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    process_key: Mapped[str] = mapped_column(sa.String(100))
    business_key: Mapped[str] = mapped_column(sa.String(200))
    title: Mapped[str] = mapped_column(sa.String(300), default="")
    engine_task_id: Mapped[str] = mapped_column(sa.String(36))
    element_id: Mapped[str] = mapped_column(sa.String(100))
    name: Mapped[str] = mapped_column(sa.String(200))
    form_key: Mapped[str] = mapped_column(sa.String(100), default="")
    department: Mapped[str] = mapped_column(sa.String(32), default="")
    role: Mapped[str] = mapped_column(sa.String(40), default="")
    group: Mapped[str] = mapped_column("group_key", sa.String(80))  # department/role, the candidate group
    assignee_id: Mapped[str | None] = mapped_column(Id)
    assigned_by_diagram: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(sa.String(12), default="open")  # open | completed | cancelled
    created_at: Mapped[datetime]
    due_at: Mapped[datetime | None]
    deadline_name: Mapped[str] = mapped_column(sa.String(60), default="")
    legal_basis: Mapped[str] = mapped_column(sa.String(200), default="")
    #: 代录: the other department whose 承办人 may enter signed paper for this one, as its diagram says
    on_behalf: Mapped[str] = mapped_column(sa.String(32), default="", server_default="")
    context: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # multi-instance item and the like
    closed_at: Mapped[datetime | None]
    closed_by: Mapped[str | None] = mapped_column(Id)
    values: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    #: 纸质补录/代录: {"document_number", "signed_on", "signed_by", "attachment_id", "sha256"} when a signed scan stands
    #: behind it, with "on_behalf_of" (a department) when another department's 承办人 entered it
    paper: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))
    version: Mapped[int] = mapped_column(default=1)
    __table_args__ = (
        sa.Index(
            "ix_user_task_open_group", "group_key", "created_at", "id",
            postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'"),
        ),
        sa.Index(
            "ix_user_task_open_assignee", "assignee_id", "created_at", "id",
            postgresql_where=sa.text("state = 'open'"), sqlite_where=sa.text("state = 'open'"),
        ),
        sa.Index("ix_user_task_closed_by", "closed_by", "closed_at"),
        sa.Index("ix_user_task_business_key", "business_key"),
    )  # fmt: skip


class TaskCandidate(Base):
    """One of several named persons who may act on a task (the drawn pair of inspectors, a draw witness)."""

    __tablename__ = "task_candidate"
    task_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_task.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id"), primary_key=True, index=True)


class TaskDraft(Base):
    """What somebody typed and has not submitted yet (暂存); one per task and person."""

    __tablename__ = "task_draft"
    task_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_task.id"), primary_key=True)
    user_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("user_account.id"), primary_key=True)
    values: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    saved_at: Mapped[datetime]


class Attachment(Base):
    """An uploaded file, kept with its SHA-256 in the same transaction as everything else."""

    __tablename__ = "attachment"
    id: Mapped[str] = pk()
    instance_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    task_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("user_task.id"), index=True)
    field: Mapped[str] = mapped_column(sa.String(100), default="")
    file_name: Mapped[str] = mapped_column(sa.String(255))
    media_type: Mapped[str] = mapped_column(sa.String(100))
    size: Mapped[int]
    sha256: Mapped[str] = mapped_column(sa.String(64))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary, deferred=True)
    uploaded_by: Mapped[str | None] = mapped_column(Id)
    uploaded_at: Mapped[datetime]
    meta: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # place, device time, scan document number


class Timer(Base):
    """A timer event an instance waits for; ``due_at`` is None while the deadline it waits for stands still."""

    __tablename__ = "timer"
    id: Mapped[str] = pk()
    instance_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    engine_task_id: Mapped[str] = mapped_column(sa.String(36))
    element_id: Mapped[str] = mapped_column(sa.String(100))
    due_at: Mapped[datetime | None] = mapped_column(index=True)


class Subscription(Base):
    """What an instance waits for: messages find it by name and business key, signals by name alone."""

    __tablename__ = "subscription"
    id: Mapped[str] = pk()
    instance_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    engine_task_id: Mapped[str] = mapped_column(sa.String(36))
    element_id: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(10), default="message", server_default="message")  # message | signal
    message_name: Mapped[str] = mapped_column(sa.String(100))
    business_key: Mapped[str] = mapped_column(sa.String(200))
    __table_args__ = (sa.Index("ix_subscription_match", "district_id", "message_name", "business_key"),)


class StartTrigger(Base):
    """What starts instances of a process by itself; the rows of a process are those of its current version."""

    __tablename__ = "start_trigger"
    id: Mapped[str] = pk()
    process_key: Mapped[str] = mapped_column(sa.String(100))
    definition_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("process_definition.id"))
    element_id: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(10))  # message | signal | timer
    name: Mapped[str] = mapped_column(sa.Text)  # of the message or signal; the text of the timer
    since: Mapped[datetime]
    due_at: Mapped[datetime | None]
    state: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # what a cycle knows of its rounds
    __table_args__ = (
        sa.Index("ix_start_trigger_name", "district_id", "kind", "name"),
        sa.Index("ix_start_trigger_process", "district_id", "process_key"),
    )


class Message(Base):
    """A message sent to a business key; kept until somebody waits for it, so it cannot be lost."""

    __tablename__ = "message"
    id: Mapped[str] = pk()
    name: Mapped[str] = mapped_column(sa.String(100))
    business_key: Mapped[str] = mapped_column(sa.String(200))
    payload: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    sent_at: Mapped[datetime]
    delivered_at: Mapped[datetime | None]
    instance_id: Mapped[str | None] = mapped_column(Id)
    __table_args__ = (sa.Index("ix_message_match", "district_id", "name", "business_key"),)


class Deadline(Base):
    """A statutory deadline of a business key; open tasks that name it show its due time.

    Kept apart from timers because a deadline can start, move (extension, suspension, new holiday
    notice) and be met without anything in the diagram firing.  It is always counted from what is
    recorded here (:mod:`engine.periods`), never from its last due time.
    """

    __tablename__ = "deadline"
    id: Mapped[str] = pk()
    business_key: Mapped[str] = mapped_column(sa.String(200))
    name: Mapped[str] = mapped_column(sa.String(60))
    label: Mapped[str] = mapped_column(sa.String(100), default="")
    department: Mapped[str] = mapped_column(sa.String(32), default="")
    #: The case whose history tells of changes that come from outside it; None when no case has the business key.
    instance_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    started_at: Mapped[datetime]
    rule: Mapped[str] = mapped_column(sa.String(40))  # "20wd", "15d", "24h" or "01-31"
    includes_start: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    extensions: Mapped[list[Any]] = mapped_column(sa.JSON, default=list, server_default="[]")  # [{"rule", …}]
    #: [{"since", "until" or null, "ground"}], instants in ISO 8601
    suspensions: Mapped[list[Any]] = mapped_column(sa.JSON, default=list, server_default="[]")
    suspended_at: Mapped[datetime | None]  # since when it stands still (中止中)
    due_at: Mapped[datetime | None]  # None while it stands still: nothing can be missed meanwhile
    legal_basis: Mapped[str] = mapped_column(sa.String(200), default="")
    provisional: Mapped[bool] = mapped_column(default=False)  # 暂定: the year's holiday notice is not out yet
    yellow_at: Mapped[datetime | None]
    orange_at: Mapped[datetime | None]
    reminded: Mapped[int] = mapped_column(default=0, server_default="0")  # per cent of the last stage reminded of
    remind_at: Mapped[datetime | None]  # when the next stage is reached
    met_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "business_key", "name"),
        # Lists are read in the order of both, colours counted without looking at the rows.
        sa.Index("ix_deadline_open", "due_at", "id", "orange_at", "yellow_at", "name",
                 postgresql_where=sa.text("met_at IS NULL"), sqlite_where=sa.text("met_at IS NULL")),
        sa.Index("ix_deadline_open_department", "department", "due_at", "id", "orange_at", "yellow_at", "name",
                 postgresql_where=sa.text("met_at IS NULL"), sqlite_where=sa.text("met_at IS NULL")),
        sa.Index("ix_deadline_remind", "remind_at", postgresql_where=sa.text("met_at IS NULL"),
                 sqlite_where=sa.text("met_at IS NULL")),
    )  # fmt: skip

    def colour(self, now: datetime) -> str:
        """How urgent it is: met | suspended | red (overdue) | orange | yellow | green."""
        if self.met_at is not None:
            return "met"
        if self.suspended_at is not None or self.due_at is None:
            return "suspended"
        stages = (("red", self.due_at), ("orange", self.orange_at), ("yellow", self.yellow_at))
        return next((name for name, since in stages if since is not None and since < now), "green")


class DeadlineChange(Base):
    """One step of a deadline's trail: what its due time was and is, why, and who changed it.

    ``kind``: set | taken-over (from the case that began it) | suspended | resumed | extended |
    moved (by a holiday notice) | refused (an extension) | reminded | met.
    """

    __tablename__ = "deadline_change"
    id: Mapped[str] = pk()
    deadline_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("deadline.id"), index=True)
    at: Mapped[datetime]
    kind: Mapped[str] = mapped_column(sa.String(12))
    due_before: Mapped[datetime | None]
    due_after: Mapped[datetime | None]
    provisional: Mapped[bool] = mapped_column(default=False)
    rule: Mapped[str] = mapped_column(sa.String(40), default="")  # of the period, or what an extension adds
    effective_at: Mapped[datetime | None]  # from when a suspension holds, or until when it held
    ground: Mapped[str] = mapped_column(sa.String(100), default="")
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    legal_basis: Mapped[str] = mapped_column(sa.String(200), default="")
    document: Mapped[str] = mapped_column(sa.String(100), default="")  # 文号 of the approval or the notice
    actor_id: Mapped[str | None] = mapped_column(Id)
    actor_name: Mapped[str] = mapped_column(sa.String(64), default="")


class DeadlineReminder(Base):
    """Somebody was reminded of a deadline that reached a stage; kept until it is met, stands still or moves.

    That it was sent stays in the trail and the history.

    ``recipient``: ``user:<id>``, a group ``<department>/<role>``, or ``*/<role>`` for a role of the whole district.
    """

    __tablename__ = "deadline_reminder"
    id: Mapped[str] = pk()
    deadline_id: Mapped[str] = mapped_column(Id, sa.ForeignKey("deadline.id"))
    percent: Mapped[int]
    due_at: Mapped[datetime]
    recipient: Mapped[str] = mapped_column(sa.String(80), index=True)
    sent_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("deadline_id", "percent", "due_at", "recipient"),)


class Incident(Base):
    """Something the system could not do by itself; an administrator retries or resolves it."""

    __tablename__ = "incident"
    id: Mapped[str] = pk()
    instance_id: Mapped[str | None] = mapped_column(Id, sa.ForeignKey("process_instance.id"), index=True)
    business_key: Mapped[str] = mapped_column(sa.String(200), default="")
    element_id: Mapped[str] = mapped_column(sa.String(100), default="")
    kind: Mapped[str] = mapped_column(sa.String(40))  # service_task | job | state | timer | message
    message: Mapped[str] = mapped_column(sa.Text)
    detail: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    state: Mapped[str] = mapped_column(sa.String(12), default="open")  # open | resolved
    attempts: Mapped[int] = mapped_column(default=1)
    created_at: Mapped[datetime]
    resolved_at: Mapped[datetime | None]
    resolved_by: Mapped[str | None] = mapped_column(Id)


class HistoryEvent(Base):
    """One link of the tamper-evident history; see engine/history.py."""

    __tablename__ = "history_event"
    id: Mapped[str] = pk()
    stream: Mapped[str] = mapped_column(sa.String(80))  # instance id, or "district"
    seq: Mapped[int]
    at: Mapped[datetime]
    actor_id: Mapped[str | None] = mapped_column(Id)
    actor_name: Mapped[str] = mapped_column(sa.String(64), default="")
    kind: Mapped[str] = mapped_column(sa.String(60))
    body: Mapped[str] = mapped_column(sa.Text)  # canonical JSON; exactly the bytes that are hashed
    prev_hash: Mapped[str] = mapped_column(Digest)
    hash: Mapped[str] = mapped_column(Digest)
    position: Mapped[int | None] = mapped_column(sa.BigInteger)  # leaf number in the sealed log, null until sealed
    __table_args__ = (
        sa.UniqueConstraint("district_id", "stream", "seq"),
        sa.UniqueConstraint("district_id", "position"),
    )


class HistoryRoot(Base):
    """A root of the district's log as it was published: what an archived case file's proofs lead to."""

    __tablename__ = "history_root"
    size: Mapped[int] = mapped_column(sa.BigInteger, primary_key=True, autoincrement=False)
    district_id: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    root: Mapped[str] = mapped_column(Digest)
    at: Mapped[datetime]


class CalendarDay(Base):
    """A day whose kind differs from its weekday, with the notice that says so (domain.md §5)."""

    __tablename__ = "calendar_day"
    day: Mapped[str] = mapped_column(sa.String(10), primary_key=True)  # YYYY-MM-DD
    district_id: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    works: Mapped[bool]
    name: Mapped[str] = mapped_column(sa.String(40), default="")
    notice: Mapped[str] = mapped_column(sa.String(100), default="")


class CalendarYear(Base):
    """A year whose official notice is known; every other year is provisional (暂定)."""

    __tablename__ = "calendar_year"
    year: Mapped[int] = mapped_column(primary_key=True)
    district_id: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    notice: Mapped[str] = mapped_column(sa.String(100))
    recorded_at: Mapped[datetime]


class WorkerLease(Base):
    """A process that runs jobs and the last time it said so; without news its jobs go to others."""

    __tablename__ = "worker_lease"
    executor_id: Mapped[str] = mapped_column(sa.String(120), primary_key=True)
    started_at: Mapped[datetime]
    seen_at: Mapped[datetime]
