"""A worker in a process of its own, to be killed: ``python -m tests.support.worker_process DATABASE PLATFORM WAIT``.

It prints ``ready`` when it works.  ``WAIT`` is the pause in seconds before a call is repeated.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

from engine.db import Database
from engine.jobs import Jobs
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.worker import Worker
from tests.support.publications import impatient_kinds

ROOT = Path(__file__).resolve().parent.parent.parent


class WorkerProcess:
    """Starts the program and waits until it works."""

    def __init__(self, database_url: str, platform_url: str, wait: float = 0.05) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.worker_process", database_url, platform_url, str(wait)],
            cwd=ROOT, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        assert self._process.stdout is not None
        line = self._process.stdout.readline().strip()
        assert line == "ready", f"the worker did not start: {line!r}"

    def kill(self) -> None:
        """``kill -9``."""
        if self._process.poll() is None:
            os.kill(self._process.pid, signal.SIGKILL)
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()


def main(database_url: str, platform_url: str, wait: str) -> None:
    settings = Settings(database_url=database_url, province_url=platform_url)
    jobs = Jobs(database_url, impatient_kinds(attempts=5, wait=float(wait)))
    engine = ProcessEngine(Database(database_url), settings, ServiceRegistry(), jobs=jobs)
    Worker(engine, jobs, lease_seconds=1.5, sweep_seconds=0.5).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    threading.Event().wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
