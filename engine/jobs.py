"""The seam to the job engine (DBOS): work that happens after a commit.

A job is a *kind* (``push-publication``) and a *key* (which publication).  It is
written in the caller's own transaction, so it exists exactly when the case's new
state does, and ``kind:key`` names it for good: enqueuing it twice is one job.  A job
may run more than once (a killed worker's jobs are run again), therefore every handler
repeats harmlessly and outside calls carry :func:`idempotency_key`.

Only this module imports DBOS.  What a kind *does* is injected as a handler; nothing
here knows the process engine.  Deadlines, timers and incidents live in our own tables,
the job engine only carries alarms.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy.orm import Session

from engine.errors import Conflict, LianjianError, OutsideUnavailable

log = logging.getLogger(__name__)

APPLICATION = "lianjian"
#: Pinned: the job engine's default is a hash of the source, which would strand every
#: waiting job at each release.  Raise it only when old jobs must not run on new code.
VERSION = "jobs-1"
#: Two queues, so that a slow platform outside never holds up our own alarms.
QUEUES = ("internal", "outside")
#: The job engine's tables on SQLite, where they have no schema of their own.
SQLITE_TABLES = frozenset(
    {
        "dbos_migrations", "workflow_status", "workflow_input", "workflow_output", "operation_outputs",
        "notifications", "workflow_events", "workflow_events_history", "streams",
        "workflow_schedules", "application_versions", "queues",
    }
)  # fmt: skip
#: A job that took its worker down this often is given up and shown to an administrator.
MAX_RECOVERIES = 10

#: ``handler(engine, args)``: repeats harmlessly, commits for itself, calls nobody inside a transaction.
Handler = Callable[[Any, dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class JobKind:
    """What the jobs of one kind do and how patient they are.

    Within a round ``attempts`` tries follow each other with waits of ``wait`` seconds,
    growing by ``backoff``; a later round starts after each delay of ``rounds`` (seconds).
    After the last round the job is an incident.  Errors that a repetition cannot mend
    (see :func:`worth_repeating`) end the job at once.
    """

    name: str
    handler: Handler
    outside: bool = False
    attempts: int = 4
    wait: float = 1.0
    backoff: float = 3.0
    rounds: tuple[float, ...] = ()

    @property
    def queue(self) -> str:
        return QUEUES[1] if self.outside else QUEUES[0]


@dataclass(frozen=True, slots=True)
class JobFailure:
    """A job nobody will repeat by itself any more; ``round`` counts from 1."""

    kind: str
    key: str
    args: dict[str, Any]
    round: int
    message: str

    @property
    def job_id(self) -> str:
        return job_id(self.kind, self.key, self.round)


def job_id(kind: str, key: str, round_: int = 1) -> str:
    """The name of a job: ``kind:key``, later rounds ``kind:key:2``, ``kind:key:3`` …"""
    return f"{kind}:{key}" if round_ <= 1 else f"{kind}:{key}:{round_}"


def idempotency_key(kind: str, key: str) -> str:
    """What the other side sees: the same for every round, so it stores the thing once."""
    return job_id(kind, key)


def worth_repeating(error: BaseException) -> bool:
    """Our own errors are final, except that somebody was faster or nobody answered."""
    return not isinstance(error, LianjianError) or isinstance(error, Conflict | OutsideUnavailable)


def prepare(url: str) -> None:
    """Create or upgrade the job engine's own tables; harmless when they are up to date."""
    _quiet()
    DBOS.migrate(_plain(url))


def owns_table(name: str, schema: str | None) -> bool:
    """True for a table of the job engine, which our own migrations must leave alone."""
    return schema == "dbos" or (schema is None and name in SQLITE_TABLES)


class Jobs:
    """Puts jobs into the caller's transaction; runs nothing.

    ``kinds`` are all kinds of the installation; an unknown kind is a defect and raises
    ``KeyError`` at once instead of waiting for a worker that does not know it either.
    """

    def __init__(self, url: str, kinds: Iterable[JobKind]) -> None:
        _quiet()
        self.url = url
        self.kinds = {kind.name: kind for kind in kinds}
        self._client = DBOSClient(
            system_database_url=_plain(url), serializer=DBOSPortableJSONSerializer(),
            application_name=APPLICATION, lazy=True,
        )  # fmt: skip

    def enqueue(
        self, session: Session, kind: str, key: str, args: dict[str, Any], delay_seconds: float = 0, round_: int = 1
    ) -> None:
        """Add a job to ``session``'s transaction; a job of the same kind and key stays as it is.

        ``args`` must be plain JSON.  ``delay_seconds`` ≤ 0 means at once.
        """
        options = self._options(kind, key, delay_seconds, round_)
        self._client.enqueue_in_transaction(session, options, key, args, round_)

    def enqueue_alone(
        self, kind: str, key: str, args: dict[str, Any], delay_seconds: float = 0, round_: int = 1
    ) -> None:
        """The same in a transaction of its own, for jobs that belong to no change of state."""
        self._client.enqueue(self._options(kind, key, delay_seconds, round_), key, args, round_)

    def _options(self, kind: str, key: str, delay_seconds: float, round_: int) -> EnqueueOptions:
        options: EnqueueOptions = {
            "workflow_name": kind,
            "queue_name": self.kinds[kind].queue,
            "workflow_id": job_id(kind, key, round_),
        }
        if delay_seconds > 0:
            options["delay_seconds"] = delay_seconds
        return options

    def retry(self, session: Session, failure: JobFailure) -> None:
        """Start the next round of a failed job at once (an administrator asked for it)."""
        self.enqueue(session, failure.kind, failure.key, failure.args, round_=failure.round + 1)

    def close(self) -> None:
        self._client.destroy()


class Runner:
    """Runs jobs in this process's threads; one per process (a rule of the job engine).

    ``engine`` is handed to every handler.  ``failed(failure)`` must write the failure down
    in one transaction and be harmless when called twice.  ``cron`` maps a kind to a
    five-field cron expression in ``timezone``; ``catch_up`` names those whose missed runs
    are made up for after a stop.
    """

    def __init__(
        self, jobs: Jobs, engine: Any, executor_id: str, failed: Callable[[JobFailure], None],
        cron: dict[str, str] | None = None, catch_up: frozenset[str] = frozenset(), timezone: str = "Asia/Shanghai",
    ) -> None:  # fmt: skip
        self.jobs, self.engine, self.executor_id, self.failed = jobs, engine, executor_id, failed
        self.cron, self.catch_up, self.timezone = cron or {}, catch_up, timezone
        self._sqlite = sa.make_url(jobs.url).get_backend_name() == "sqlite"

    def start(self) -> None:
        """Register the kinds, recover what this executor left behind and begin to poll."""
        _quiet()
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": _plain(self.jobs.url),
                "application_version": VERSION,
                "executor_id": self.executor_id,
                "serializer": DBOSPortableJSONSerializer(),
                "sys_db_pool_size": 80 if self._sqlite else 20,  # 20 collapsed on SQLite under load
                "max_executor_threads": 64,
                "log_level": "WARNING",
            }
        )
        for kind in self.jobs.kinds.values():
            DBOS.workflow(name=kind.name, max_recovery_attempts=MAX_RECOVERIES)(self._workflow(kind))
        scheduled = {name: self._scheduled(name) for name in self.cron}
        DBOS.launch()
        for queue in QUEUES:
            DBOS.register_queue(queue, worker_concurrency=8 if self._sqlite else 32, polling_interval_sec=0.1)
        if scheduled:
            DBOS.apply_schedules(
                [
                    {
                        "schedule_name": name, "workflow_fn": function, "schedule": self.cron[name],
                        "queue_name": QUEUES[0], "cron_timezone": self.timezone,
                        "automatic_backfill": name in self.catch_up,
                    }
                    for name, function in scheduled.items()
                ]
            )  # fmt: skip

    def stop(self, wait_seconds: int = 0) -> None:
        """Stop polling; jobs still running after ``wait_seconds`` are recovered later."""
        DBOS.destroy(destroy_registry=True, workflow_completion_timeout_sec=wait_seconds)

    def running_elsewhere(self) -> set[str]:
        """Executors other than this one that hold unfinished jobs."""
        pending = DBOS.list_workflows(status="PENDING", load_input=False, load_output=False)
        return {row.executor_id for row in pending if row.executor_id} - {self.executor_id}

    def recover(self, dead: Iterable[str]) -> int:
        """Put the unfinished jobs of dead executors back into their queues; returns how many."""
        # The public way to do this is a paid service; the private one keeps queue and
        # recovery count.  Hence the pinned version and tests/faults/test_kill_worker.py.
        return len(DBOS._recover_pending_workflows(sorted(dead)))

    def give_up_poisonous(self) -> None:
        """Report jobs that were recovered too often (they probably kill their worker)."""
        for row in DBOS.list_workflows(status="MAX_RECOVERY_ATTEMPTS_EXCEEDED", load_output=False):
            if row.name in self.jobs.kinds and row.input:
                key, args, round_ = row.input["args"]
                self.failed(JobFailure(row.name, key, args, round_, "后台任务多次中断，已停止自动重试。"))

    def _workflow(self, kind: JobKind) -> Callable[..., str]:
        def run(key: str, args: dict[str, Any], round_: int = 1) -> str:
            try:
                DBOS.run_step(
                    {
                        "name": kind.name, "retries_allowed": kind.attempts > 1, "max_attempts": kind.attempts,
                        "interval_seconds": kind.wait, "backoff_rate": kind.backoff, "should_retry": worth_repeating,
                    },
                    self._attempt, kind, args,
                )  # fmt: skip
                return "done"
            except Exception as error:  # whatever it is, it must not vanish with the thread
                cause = _cause(error)
                failure = JobFailure(kind.name, key, args, round_, _words(cause))
                unexpected = None if isinstance(cause, LianjianError) else cause
                log.warning("%s: %s", failure.job_id, failure.message, exc_info=unexpected)
                repeat = worth_repeating(cause) and round_ <= len(kind.rounds)
                DBOS.run_step(
                    {"name": "later" if repeat else "failed", "retries_allowed": True, "max_attempts": 10},
                    self._later if repeat else self.failed, failure,
                )  # fmt: skip
                return "repeated later" if repeat else "failed"

        return run

    def _attempt(self, kind: JobKind, args: dict[str, Any]) -> None:
        kind.handler(self.engine, args)

    def _later(self, failure: JobFailure) -> None:
        delay = self.jobs.kinds[failure.kind].rounds[failure.round - 1]
        self.jobs.enqueue_alone(failure.kind, failure.key, failure.args, delay, failure.round + 1)

    def _scheduled(self, name: str) -> Callable[[Any, Any], None]:
        run = self._workflow(self.jobs.kinds[name])

        def tick(scheduled_at: Any, _context: Any) -> None:
            run(str(scheduled_at), {"scheduled_at": str(scheduled_at)})

        scheduled: Callable[[Any, Any], None] = DBOS.workflow(name=f"{name}@cron")(tick)
        return scheduled


def _cause(error: Exception) -> Exception:
    """The last error behind "too many retries"."""
    errors = getattr(error, "errors", None)
    return errors[-1] if errors else error


def _words(error: Exception) -> str:
    return error.message if isinstance(error, LianjianError) else f"{type(error).__name__}: {error}"


def _plain(url: str) -> str:
    """The URL as the job engine wants it (it picks the driver itself)."""
    parsed = sa.make_url(url)
    return parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=False)


def _quiet() -> None:
    """Keep the job engine's routine (INFO, every expected retry) out of our log."""
    logger = logging.getLogger("dbos")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)
        logger.addFilter(lambda record: "automatically retried" not in record.getMessage())
