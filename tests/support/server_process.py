"""The real server (``lianjian serve``) and worker in processes of their own, to be killed."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import httpx
import sqlalchemy as sa
from alembic import command as alembic

from engine import jobs, schema
from engine.db import Database, make_engine
from engine.models import WorkerLease
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parent.parent.parent


def release_schema(url: str) -> None:
    """Mark a database made from the models as upgraded to this release, and prepare the job engine's tables."""
    engine = make_engine(url)
    with engine.connect() as connection:
        alembic.stamp(schema.config(connection), "head")
        connection.commit()
    engine.dispose()
    jobs.prepare(url)


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Program:
    """``lianjian`` with some arguments, in a process group of its own."""

    def __init__(self, log: Path, environment: dict[str, str], *arguments: str) -> None:
        self._log, self._environment, self._arguments = log, environment, arguments
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self._log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "engine.cli", *self._arguments], cwd=ROOT, stdout=log, stderr=log,
                env={**os.environ, **self._environment}, start_new_session=True,
            )  # fmt: skip

    def kill(self) -> None:
        """``kill -9`` of the program and everything it started."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def kill_children(self) -> int:
        """``kill -9`` of the processes it forked, which do the serving; returns how many there were."""
        assert self._process is not None
        pid = self._process.pid
        children = [int(c) for c in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
        for child in children:
            os.kill(child, signal.SIGKILL)
        return len(children)

    @property
    def log(self) -> str:
        return self._log.read_text(errors="replace")

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None


class Server(Program):
    """``lianjian serve`` on an address that stays the same over restarts."""

    def __init__(self, log: Path, environment: dict[str, str]) -> None:
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        super().__init__(log, environment, "serve", "--port", str(port), "--threads", "16")

    def answers(self) -> bool:
        """Whether the health check says ok."""
        try:
            return httpx.get(f"{self.url}/health", trust_env=False, timeout=10).status_code == 200
        except httpx.TransportError:
            return False

    def wait(self) -> None:
        """Until it serves; only for whoever kills it, others may find it dead for a while."""

        def up() -> bool:
            assert self.running, f"the server ended by itself:\n{self.log}"
            return self.answers()

        wait_until(up, what="the server")


def end_leases(database: Database) -> None:
    """What half a minute of silence does: nobody counts as alive (tests/faults/test_kill_worker.py waits for real)."""
    with database.write() as session:
        session.execute(sa.delete(WorkerLease))
