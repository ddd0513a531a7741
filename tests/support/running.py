"""A real ``lianjian serve`` in a process of its own, on its own data folder."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from engine.db import Database
from tests.support.waiting import wait_until

ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True)
class Running:
    """Where the server answers, and its database for looking into."""

    url: str
    data_dir: Path
    database: Database
    environment: Mapping[str, str]

    def lianjian(self, *arguments: str) -> tuple[int, str]:
        """Run the command line on the same data; returns exit code and output."""
        done = subprocess.run(
            [sys.executable, "-m", "engine.cli", *arguments],
            cwd=ROOT, env=dict(self.environment), capture_output=True, text=True, timeout=120, check=False,
        )  # fmt: skip
        return done.returncode, done.stdout + done.stderr

    def lianjian_json(self, *arguments: str) -> object:
        """The same, its standard output as JSON."""
        return json.loads(self.lianjian(*arguments, "--json")[1])


def free_port() -> int:
    """A port nobody listens on at the moment."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port: int = listener.getsockname()[1]
        return port


def answers(url: str) -> bool:
    """Whether the server answers its health check."""
    try:
        with urllib.request.urlopen(f"{url}/health", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, OSError):
        return False


@contextmanager
def serving(data_dir: Path, *, seconds: float = 240, **settings: str) -> Iterator[Running]:
    """Prepare (database, demo district, processes) and serve until the block ends."""
    port = free_port()
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT), "LIANJIAN_DATA_DIR": str(data_dir), "LIANJIAN_DEMO": "1",
        "PORT": str(port), **settings,
    }  # fmt: skip
    log = data_dir.parent / "serve.log"
    with log.open("w") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "engine.cli", "serve", "--prepare"],
            cwd=ROOT, env=environment, stdout=output, stderr=subprocess.STDOUT, start_new_session=True,
        )  # fmt: skip
    url = f"http://127.0.0.1:{port}"
    database = Database(f"sqlite:///{data_dir / 'lianjian.db'}")
    try:
        wait_until(lambda: answers(url) or process.poll() is not None, timeout=seconds, what=f"the server, see {log}")
        assert process.poll() is None, log.read_text()[-3000:]
        yield Running(url, data_dir, database, environment)
    finally:
        database.dispose()
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGTERM)
            process.wait(30)
