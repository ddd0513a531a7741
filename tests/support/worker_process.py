"""A worker in a process of its own, to be killed.

The processes are forked from one that has imported the system already: many workers are killed, and a new one
shall be there at once.  A forked worker shares nothing with that process or with the test.
"""

from __future__ import annotations

import multiprocessing
import threading
from multiprocessing.connection import Connection

from engine.db import Database
from engine.jobs import Jobs
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.worker import Worker
from tests.support.publications import impatient_kinds

_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload([__name__])


class WorkerProcess:
    """Starts the program and waits until it works; ``wait`` is the pause in seconds before a call is repeated."""

    def __init__(self, database_url: str, platform_url: str, wait: float = 0.05) -> None:
        ready, tell = _PROCESSES.Pipe(duplex=False)
        self._process = _PROCESSES.Process(target=main, args=(database_url, platform_url, wait, tell), daemon=True)
        self._process.start()
        tell.close()
        with ready:
            assert ready.recv() == "ready", "the worker did not start"

    def kill(self) -> None:
        """``kill -9``."""
        self._process.kill()
        self._process.join()


def main(database_url: str, platform_url: str, wait: float, tell: Connection) -> None:
    settings = Settings(database_url=database_url, province_url=platform_url)
    jobs = Jobs(database_url, impatient_kinds(attempts=5, wait=wait))
    engine = ProcessEngine(Database(database_url), settings, ServiceRegistry(), jobs=jobs)
    Worker(engine, jobs, lease_seconds=1.5, sweep_seconds=0.5).start()
    tell.send("ready")
    threading.Event().wait()
