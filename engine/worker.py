"""The worker: runs jobs, says that it lives, and takes over what dead workers left.

On the embedded database it runs inside the web server's process; on PostgreSQL any
number of ``lianjian worker`` processes share the work.  Nothing is kept in memory: after
``kill -9`` another worker, or this one started again, carries on.
"""

from __future__ import annotations

import fcntl
import logging
import os
import secrets
import signal
import socket
import threading
import time
from datetime import timedelta
from pathlib import Path
from typing import IO, Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import Database, Instant
from engine.errors import LianjianError
from engine.inspection.jobs import CATCH_UP, CRON, RECONCILE, record_failure
from engine.job_runner import Runner
from engine.jobs import Jobs
from engine.models import WorkerLease
from engine.process_engine import ProcessEngine

log = logging.getLogger(__name__)


class Leases:
    """Which workers are alive, by the database's clock (hosts' clocks differ)."""

    def __init__(self, database: Database, district_id: str, executor_id: str, seconds: float) -> None:
        self._database, self._district_id, self.executor_id = database, district_id, executor_id
        self._validity = timedelta(seconds=seconds)

    def renew(self) -> None:
        """Say that this worker is alive."""
        with self._database.write() as session:
            now = _now(session)
            lease = session.get(WorkerLease, self.executor_id)
            if lease is None:
                session.add(
                    WorkerLease(
                        district_id=self._district_id, executor_id=self.executor_id, started_at=now, seen_at=now
                    )
                )
            else:
                lease.seen_at = now

    def alive(self) -> set[str]:
        """Executors heard of recently."""
        with self._database.read() as session:
            rows = session.scalars(
                sa.select(WorkerLease.executor_id).where(WorkerLease.seen_at > _now(session) - self._validity)
            )
            return set(rows)

    def forget(self, executor_ids: set[str]) -> None:
        """Drop the leases of workers that are gone."""
        with self._database.write() as session:
            session.execute(sa.delete(WorkerLease).where(WorkerLease.executor_id.in_(executor_ids)))


def _now(session: Session) -> Any:
    return session.scalar(sa.select(sa.type_coerce(sa.func.now(), Instant)))


class Worker:
    """Runs the jobs of one installation in this process; at most one per process.

    ``engine`` is the ProcessEngine every handler is given.  A worker silent for
    ``lease_seconds`` counts as dead; every ``sweep_seconds`` the living look for the dead.
    On the embedded database it waits ``lock_seconds`` for a predecessor that is still ending.
    """

    def __init__(
        self, engine: ProcessEngine, jobs: Jobs, *, lease_seconds: float = 30, sweep_seconds: float = 30,
        lock_seconds: float = 15,
    ) -> None:  # fmt: skip
        self._jobs = jobs
        self.executor_id = f"{socket.gethostname()[:80]}-{os.getpid()}-{secrets.token_hex(4)}"
        settings = engine.settings
        self._leases = Leases(engine.database, settings.district_id, self.executor_id, lease_seconds)
        self._beat_seconds, self._sweep_seconds = lease_seconds / 3, sweep_seconds
        self._runner = Runner(
            jobs, engine, self.executor_id, lambda failure: record_failure(engine, failure),
            cron=CRON, catch_up=CATCH_UP, timezone=settings.timezone.key,
        )  # fmt: skip
        self._lock_seconds = lock_seconds
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []
        self._lock: IO[str] | None = None
        url = sa.make_url(jobs.url)
        self._file = Path(url.database) if url.get_backend_name() == "sqlite" and url.database else None

    def start(self) -> None:
        """Begin to work; returns at once.

        Raises :class:`LianjianError` when the database is embedded and already has a worker.
        """
        if self._file is not None:
            self._lock = _lock(self._file, self._lock_seconds)
        self._leases.renew()
        self._runner.start()
        # On the embedded database the lock says that nobody else lives, so nothing waits for a lease to run out.
        self.sweep(alone=self._file is not None)
        self._jobs.enqueue_alone(RECONCILE, f"start:{self.executor_id}", {})
        for name, seconds, work in (
            ("worker-beat", self._beat_seconds, self._leases.renew),
            ("worker-sweep", self._sweep_seconds, self.sweep),
        ):
            thread = threading.Thread(target=self._repeat, args=(seconds, work), name=name, daemon=True)
            thread.start()
            self._threads.append(thread)

    def stop(self, wait_seconds: int = 5) -> None:
        """Stop working, leaving up to ``wait_seconds`` to running jobs; others take the rest over at once."""
        self._stop.set()
        for thread in self._threads:
            thread.join(timeout=10)
        self._runner.stop(wait_seconds)
        self._leases.forget({self.executor_id})
        if self._lock is not None:
            self._lock.close()

    def sweep(self, alone: bool = False) -> int:
        """Take over the jobs of executors without a live lease; returns how many."""
        holders = self._runner.running_elsewhere()
        dead = holders if alone else holders - self._leases.alive()
        taken = 0
        if dead:
            taken = self._runner.recover(dead)
            self._leases.forget(dead)
            log.warning("took over %d jobs of %s", taken, ", ".join(sorted(dead)))
        self._runner.give_up_poisonous()
        return taken

    def _repeat(self, seconds: float, work: Any) -> None:
        while not self._stop.wait(seconds):
            try:
                work()
            except Exception:  # the database may be away for a while; the next round tries again
                log.exception("%s failed", threading.current_thread().name)


def run(engine: ProcessEngine, jobs: Jobs) -> None:
    """Work until SIGTERM or SIGINT (``lianjian worker``)."""
    ended = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: ended.set())
    worker = Worker(engine, jobs)
    worker.start()
    log.info("worker %s started", worker.executor_id)
    ended.wait()
    worker.stop(wait_seconds=20)


def _lock(database_file: Path, seconds: float) -> IO[str]:
    """Hold the embedded database's worker lock; the operating system drops it when the process dies."""
    handle = database_file.with_name(database_file.name + ".worker-lock").open("a")
    end = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return handle
        except OSError:
            if time.monotonic() < end:
                time.sleep(0.1)
                continue
            handle.close()
            raise LianjianError(
                "嵌入式数据库的后台任务已由另一个进程处理，请先停止那个进程；需要多个进程时请改用 PostgreSQL。"
            ) from None
