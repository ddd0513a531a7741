"""Runs the jobs of :mod:`engine.jobs` in this process (the other half of the seam to DBOS)."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSPortableJSONSerializer

from engine.errors import LianjianError
from engine.jobs import APPLICATION, QUEUES, JobFailure, JobKind, Jobs, plain_url, quiet, worth_repeating

log = logging.getLogger(__name__)

#: Pinned: the job engine's default is a hash of the source, which would strand every
#: waiting job at each release.  Raise it only when old jobs must not run on new code.
VERSION = "jobs-1"
#: A job that took its worker down this often is given up and shown to an administrator.
MAX_RECOVERIES = 10


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
        self._reported: set[str] = set()
        self._sqlite = sa.make_url(jobs.url).get_backend_name() == "sqlite"

    def start(self) -> None:
        """Register the kinds, recover what this executor left behind and begin to poll."""
        quiet()
        DBOS(
            config={
                "name": APPLICATION,
                "system_database_url": plain_url(self.jobs.url),
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
        # Declared before launching, so that they are found at the first look.  A worker that shares
        # its process with the web server looks less often: idle it takes 4 % of a core, not 9 %.
        self.jobs.declare_queues(*((8, 0.25) if self._sqlite else (32, 0.1)))
        DBOS.launch()
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
            if row.name in self.jobs.kinds and row.input and row.workflow_id not in self._reported:
                key, args, round_ = row.input["args"]
                self.failed(JobFailure(row.name, key, args, round_, "后台任务多次中断，已停止自动重试。"))
                self._reported.add(row.workflow_id)

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
