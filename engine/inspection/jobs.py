"""Every kind of job of this installation, and what its failure means."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.commands.fail_job import FailJob, Meaning
from engine.commands.fire_timers import FireTimers
from engine.commands.follow_deadlines import FOLLOW_DEADLINES, FollowDeadlines
from engine.commands.reconcile_alarms import FIRE_TIMERS, START_BY_TIMER, ReconcileAlarms
from engine.commands.refresh_tasks import RefreshTasks
from engine.commands.remind_of_deadlines import CHUNK, RemindOfDeadlines
from engine.commands.seal_history import SealHistory
from engine.commands.start_by_timer import StartByTimer
from engine.errors import Conflict
from engine.inspection.archives.commands import BUILD
from engine.inspection.archives.job import build_case_file, building_failed
from engine.inspection.credit_terms import EndTerms
from engine.inspection.lead_import import DropStagedLeads
from engine.inspection.object_duplicates import FIND_DUPLICATES, find_duplicates
from engine.inspection.object_index import index_objects
from engine.inspection.plan_season import RemindOfPlans
from engine.inspection.province import (
    ATTEMPTS,
    BACKOFF,
    PUSH_PUBLICATION,
    ROUNDS,
    WAIT,
    RequeuePublications,
    push_failed,
    push_publication,
)
from engine.inspection.publicity_end import CHUNK as ENDED_AT_ONCE
from engine.inspection.publicity_end import EndPublicity
from engine.inspection.registry_import.uploads import IMPORT, PREVIEW, preview_upload, run_import
from engine.inspection.reports.commands import CHECK, ENTER, check_report, enter_report
from engine.jobs import JobFailure, JobKind
from engine.models import ProcessInstance, StartTrigger, Timer
from engine.process_engine import ProcessEngine

SEAL_HISTORY = "seal-history"
RECONCILE = "reconcile"
INDEX_OBJECTS = "index-objects"
REMIND_OF_PLANS = "remind-of-plans"
REFRESH_TASKS = "refresh-tasks"
REMIND_OF_DEADLINES = "remind-of-deadlines"
END_PUBLICITY = "end-publicity"
DROP_STAGED_LEADS = "drop-staged-leads"

#: An alarm may ring this much too early before it counts as somebody else's.
AHEAD = timedelta(seconds=30)

#: Five-field cron in the settings' time zone.
CRON = {
    SEAL_HISTORY: "*/10 * * * *",
    RECONCILE: "20 2 * * *",
    REMIND_OF_PLANS: "30 7 * * *",
    REMIND_OF_DEADLINES: "*/10 * * * *",
    INDEX_OBJECTS: "*/5 * * * *",
    FIND_DUPLICATES: "30 3 * * *",
    END_PUBLICITY: "5 0 * * *",
    DROP_STAGED_LEADS: "40 2 * * *",
}
#: Missed runs of these are made up for; sealing late is sealing.
CATCH_UP = frozenset({RECONCILE, REMIND_OF_PLANS, END_PUBLICITY, DROP_STAGED_LEADS})


def job_kinds() -> tuple[JobKind, ...]:
    """All kinds.  The platform gets 4 tries a round and rounds after 1, 5, 30 and 120 minutes."""
    return (
        JobKind(FIRE_TIMERS, fire_timers, rounds=(60, 600)),
        JobKind(START_BY_TIMER, start_by_timer, rounds=(60, 600)),
        JobKind(REFRESH_TASKS, refresh_tasks, rounds=(60, 600)),
        JobKind(SEAL_HISTORY, seal_history),
        JobKind(RECONCILE, reconcile),
        JobKind(REMIND_OF_PLANS, remind_of_plans),
        JobKind(REMIND_OF_DEADLINES, remind_of_deadlines),
        JobKind(END_PUBLICITY, end_publicity, rounds=(60, 600)),
        JobKind(DROP_STAGED_LEADS, drop_staged_leads),
        JobKind(FOLLOW_DEADLINES, follow_deadlines, rounds=(60, 600)),
        JobKind(INDEX_OBJECTS, keep_index_up),
        JobKind(FIND_DUPLICATES, look_for_duplicates),
        JobKind(PREVIEW, preview_upload, rounds=(60,)),
        JobKind(IMPORT, run_import, rounds=(60, 600)),
        JobKind(BUILD, build_case_file, rounds=(60, 600)),
        JobKind(CHECK, check_report, rounds=(60,)),
        JobKind(ENTER, enter_report, rounds=(60, 600)),
        JobKind(
            PUSH_PUBLICATION,
            push_publication,
            outside=True,
            attempts=ATTEMPTS,
            wait=WAIT,
            backoff=BACKOFF,
            rounds=ROUNDS,
        ),
    )


def record_failure(engine: ProcessEngine, failure: JobFailure) -> None:
    """Turn a failed job into an incident of the case it belongs to."""
    engine.execute(FailJob(failure, MEANINGS.get(failure.kind)), actor=Actor.system())


def fire_timers(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Wake an instance; one that has moved on in the meantime is left alone.

    Raises :class:`Conflict` (so the job is repeated) when a timer is due in a moment: the
    clocks of the hosts that set and ring the alarm need not agree.
    """
    instance_id = args["instance_id"]
    if engine.execute(FireTimers(instance_id), actor=Actor.system()):
        return
    now = engine.clock()
    with engine.read() as session:
        soon = session.scalar(
            sa.select(sa.func.count()).where(
                Timer.instance_id == instance_id, Timer.due_at > now, Timer.due_at < now + AHEAD
            )
        )
    if soon:
        raise Conflict("定时器即将到期，稍后重试。")


def start_by_timer(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Start what the start timers of a process ask for.

    Raises :class:`Conflict` (so the job is repeated) when one is due in a moment.
    """
    if engine.execute(StartByTimer(args["process_key"]), actor=Actor.system()):
        return
    now = engine.clock()
    with engine.read() as session:
        soon = session.scalar(
            sa.select(sa.func.count()).where(
                StartTrigger.process_key == args["process_key"], StartTrigger.due_at > now,
                StartTrigger.due_at < now + AHEAD,
            )
        )  # fmt: skip
    if soon:
        raise Conflict("定时启动即将到期，稍后重试。")


def refresh_tasks(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Offer an instance's open tasks anew, after somebody else's step changed whom they are for."""
    engine.execute(RefreshTasks(args["instance_id"]), actor=Actor.system())


def seal_history(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Give recent history events their places in the district's log."""
    engine.execute(SealHistory(), actor=Actor.system())


def reconcile(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Restore alarms and reports that have no job, whatever happened to it."""
    after: str | None = None
    while True:
        after = engine.execute(ReconcileAlarms(after), actor=Actor.system())
        if after is None:
            break
    engine.execute(RequeuePublications(), actor=Actor.system())


def remind_of_plans(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Open and remind of the year's plans on the days the office has set (R26)."""
    engine.execute(RemindOfPlans(), actor=Actor.system())


def remind_of_deadlines(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Send reminders of deadlines that reached a stage, some at a time."""
    while engine.execute(RemindOfDeadlines(), actor=Actor.system()) == CHUNK:
        pass


def follow_deadlines(engine: ProcessEngine, args: dict[str, Any]) -> None:
    """Let the timers of some more cases ask for deadlines that a holiday notice moved."""
    engine.execute(FollowDeadlines(args["mark"], args["after"]), actor=Actor.system())


def end_publicity(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Stop showing what has been public long enough (公示期), and end entries whose years are over (R58)."""
    while engine.execute(EndPublicity(), actor=Actor.system()) == ENDED_AT_ONCE:
        pass
    after: str | None = ""
    while after is not None:
        after = engine.execute(EndTerms(after), actor=Actor.system())


def drop_staged_leads(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Delete files of leads that nobody confirmed within a day."""
    engine.execute(DropStagedLeads(), actor=Actor.system())


def keep_index_up(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Take what was written since into the search index of the object registry."""
    index_objects(engine.database, engine.settings.district_id, engine.clock())


def look_for_duplicates(engine: ProcessEngine, _args: dict[str, Any]) -> None:
    """Find objects that may be one."""
    now = engine.clock()
    find_duplicates(engine.database, engine.settings, now, now.astimezone(engine.settings.timezone).date())


def timers_failed(ctx: CommandContext, failure: JobFailure) -> tuple[str | None, str]:
    """The instance that could not be moved."""
    instance = ctx.session.get(ProcessInstance, failure.args.get("instance_id"))
    return (instance.id, instance.business_key) if instance else (None, "")


MEANINGS: dict[str, Meaning] = {
    BUILD: building_failed,
    PUSH_PUBLICATION: push_failed,
    FIRE_TIMERS: timers_failed,
    REFRESH_TASKS: timers_failed,
}
