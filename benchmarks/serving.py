"""A server process for a while, and signed-in browsers that talk to it over kept connections."""

from __future__ import annotations

import http.client
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

from benchmarks.measure import tree_cpu
from benchmarks.system import SECRET
from engine.settings import Settings
from engine.web.cookies import SignedCookie

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
_PATIENCE = 60.0
#: Seconds after which a browser opens a new connection, before the server closes the kept one (15).
_RESTED = 10.0


@dataclass(frozen=True)
class Served:
    """A running server."""

    address: str
    pid: int

    def cpu(self) -> float:
        """CPU seconds its processes have used."""
        return tree_cpu(self.pid)


@contextmanager
def serving(settings: Settings) -> Iterator[Served]:
    """Serve in a process of its own until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{probe.getsockname()[1]}"
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LIANJIAN_")},
        "LIANJIAN_DATABASE_URL": settings.url, "LIANJIAN_DATA_DIR": str(settings.data_dir),
        "LIANJIAN_SECRET_KEY": settings.secret_key, "LIANJIAN_EMBEDDED_WORKER": "0",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, "-m", "benchmarks.server", address],
        cwd=Path(__file__).resolve().parent.parent, env=environment, stdout=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        _wait(address, process)
        yield Served(address, process.pid)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(30)


def _wait(address: str, process: subprocess.Popen[bytes]) -> None:
    given_up = time.monotonic() + _PATIENCE
    while time.monotonic() < given_up and process.poll() is None:
        connection = http.client.HTTPConnection(address, timeout=5)
        try:
            connection.request("GET", "/health")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.02)
        finally:
            connection.close()
    raise RuntimeError("the measured server did not start")


@dataclass(frozen=True)
class Answer:
    """``seconds`` is what the client waited, ``server_seconds`` what the application worked, ``cpu`` of a processor."""

    status: int
    text: str
    seconds: float
    server_seconds: float
    cpu: float


class Browser:
    """One official's browser: session cookie, CSRF token, one kept connection."""

    def __init__(self, served: Served, token: str, *, stock: bool = False) -> None:
        self._connection = http.client.HTTPConnection(served.address, timeout=_PATIENCE)
        self._cookie = _cookie(token)
        self._more = {"X-Stock": "1"} if stock else {}
        self._csrf = ""
        self._used = time.monotonic()

    def get(self, path: str) -> Answer:
        return self._request("GET", path, None)

    def post(self, path: str, fields: Mapping[str, object]) -> Answer:
        """Send a form with the CSRF token of the last page."""
        posted = {"csrf_token": self._csrf, **{k: "true" if v is True else v for k, v in fields.items()}}
        return self._request("POST", path, urlencode(posted).encode())

    def _request(self, method: str, path: str, body: bytes | None) -> Answer:
        headers = {"Cookie": f"lianjian={self._cookie}", **self._more}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        if time.monotonic() - self._used > _RESTED:
            self._connection.close()
        started = time.perf_counter()
        self._connection.request(method, path, body, headers)
        reply = self._connection.getresponse()
        text = reply.read().decode()
        waited, self._used = time.perf_counter() - started, time.monotonic()
        # A submission's cookie carries words for the page that follows; nobody opens that page here, and a
        # cookie that grew with every submission would be no official's.
        for name, value in reply.getheaders() if method == "GET" else ():
            if name.lower() == "set-cookie" and value.startswith("lianjian="):
                self._cookie = value.split(";")[0].removeprefix("lianjian=")
        if found := _TOKEN.search(text):
            self._csrf = found[1]
        return Answer(
            reply.status, text, waited, float(reply.headers["X-Seconds"]), float(reply.headers["X-CPU"])
        )  # fmt: skip

    def close(self) -> None:
        self._connection.close()


def _cookie(token: str) -> str:
    """The session cookie the server would have set at sign-in, without the price of the password's hash."""
    return SignedCookie(SECRET, secure=False).sealed({"token": token})
