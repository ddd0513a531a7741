"""The seam to the job engine (DBOS): work that happens after a commit.

A job is a *kind* (``push-publication``) and a *key* (which publication).  It is
written in the caller's own transaction, so it exists exactly when the case's new
state does, and ``kind:key`` names it for good: enqueuing it twice is one job.  A job
may run more than once (a killed worker's jobs are run again), therefore every handler
repeats harmlessly and outside calls carry :func:`idempotency_key`.

Only this module and :mod:`engine.job_runner`, which runs the jobs, import DBOS.  What a
kind *does* is injected as a handler; nothing here knows the process engine.  Deadlines,
timers and incidents live in our own tables, the job engine only carries alarms.
"""

from __future__ import annotations

import logging
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from dbos import DBOS, DBOSClient, DBOSPortableJSONSerializer, EnqueueOptions
from sqlalchemy import event
from sqlalchemy.orm import Session

from engine.errors import Conflict, LianjianError, OutsideUnavailable

APPLICATION = "lianjian"
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
    """A job nothing repeats by itself any more; ``round`` counts from 1.  Its fields are an incident's detail."""

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


def tell_fractions(connection: Any, _record: Any = None) -> None:
    """Let an older SQLite tell the time with its fractions, as the job engine asks for it: ``unixepoch('subsec')``."""
    if isinstance(connection, sqlite3.Connection):
        connection.create_function("unixepoch", 1, lambda asked: time.time_ns() / 1e9 if asked == "subsec" else None)


# From Python 3.12 on the job engine takes it for granted that SQLite is new, which is another library's affair.
if sys.version_info >= (3, 12) and sqlite3.sqlite_version_info < (3, 42):
    event.listen(sa.Engine, "connect", tell_fractions)


def prepare(url: str) -> None:
    """Create or upgrade the job engine's own tables; harmless when they are up to date."""
    quiet()
    DBOS.migrate(plain_url(url))


def owns_table(name: str, schema: str | None) -> bool:
    """True for a table of the job engine, which our own migrations must leave alone."""
    return schema == "dbos" or (schema is None and name in SQLITE_TABLES)


class Jobs:
    """Puts jobs into the caller's transaction; runs nothing.

    ``kinds`` are all kinds of the installation; an unknown kind is a defect and raises
    ``KeyError`` at once instead of waiting for a worker that does not know it either.
    """

    def __init__(self, url: str, kinds: Iterable[JobKind]) -> None:
        quiet()
        self.url = url
        self.kinds = {kind.name: kind for kind in kinds}
        self._client = DBOSClient(
            system_database_url=plain_url(url), serializer=DBOSPortableJSONSerializer(),
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

    def retry(self, session: Session, detail: dict[str, Any]) -> None:
        """Start the next round of a failed job at once; ``detail`` is what its incident keeps."""
        failure = JobFailure(**detail)
        self.enqueue(session, failure.kind, failure.key, failure.args, round_=failure.round + 1)

    def declare_queues(self, concurrency: int, polling_seconds: float) -> None:
        """Write down the queues: how many jobs of each one process runs at once, how often it looks."""
        for queue in QUEUES:
            self._client.register_queue(queue, worker_concurrency=concurrency, polling_interval_sec=polling_seconds)

    def close(self) -> None:
        self._client.destroy()


def plain_url(url: str) -> str:
    """The URL as the job engine wants it (it picks the driver itself)."""
    parsed = sa.make_url(url)
    return parsed.set(drivername=parsed.get_backend_name()).render_as_string(hide_password=False)


def quiet() -> None:
    """Keep the job engine's routine (INFO, every expected retry) out of our log."""
    logger = logging.getLogger("dbos")
    if logger.level == logging.NOTSET:
        logger.setLevel(logging.WARNING)
        logger.addFilter(lambda record: "automatically retried" not in record.getMessage())
