"""The web server: gunicorn with threads, and the worker embedded in its process.

One process on the embedded database, because SQLite has one writer anyway; two on
PostgreSQL.  Each process opens its own database connections after the fork.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
import sqlalchemy as sa
from gunicorn.app.base import BaseApplication
from gunicorn.arbiter import Arbiter

from engine.cli.lingering import LingeringWorker

if TYPE_CHECKING:
    from engine.settings import Settings
    from engine.web.context import DemoLogin
    from engine.worker import Worker


class Server(BaseApplication):
    """Serves ``settings`` on ``host:port`` until SIGTERM or SIGINT; running jobs get five seconds to end."""

    def __init__(self, settings: Settings, host: str, port: int, threads: int) -> None:
        self._settings, self._address, self._threads = settings, f"{host}:{port}", threads
        self._embedded = sa.make_url(settings.url).get_backend_name() == "sqlite"
        self._worker: Worker | None = None
        super().__init__()

    def load_config(self) -> None:
        options: dict[str, Any] = {
            "bind": self._address,
            "worker_class": LingeringWorker,
            "workers": 1 if self._embedded else 2,
            "threads": self._threads,
            "timeout": 120,
            "graceful_timeout": 10,
            "keepalive": 15,
            "loglevel": "warning",
            "proc_name": "lianjian",
            "control_socket_disable": True,
            "post_worker_init": self._announce,
            "worker_exit": lambda _server, _worker: self._stop(),
        }
        if Path("/dev/shm").is_dir():
            options["worker_tmp_dir"] = "/dev/shm"  # a heartbeat on a slow disk would look like a dead worker
        for name, value in options.items():
            self.cfg.set(name, value)

    def load(self) -> Any:
        """Runs in the worker process: nothing that holds a connection crosses the fork."""
        from engine.errors import LianjianError

        try:
            app = self._open()
        except LianjianError as error:
            click.echo(f"错误：{error.message}", err=True)
            raise SystemExit(Arbiter.WORKER_BOOT_ERROR) from None
        _settle()
        return app

    def _open(self) -> Any:
        from engine.inspection.installation import open_engine, open_jobs
        from engine.web.app import create_app
        from engine.worker import Worker

        jobs = open_jobs(self._settings)
        engine = open_engine(self._settings, jobs=jobs)
        app = create_app(self._settings, engine, demo_logins=demo_logins(self._settings))
        if self._settings.embedded_worker:
            worker = Worker(engine, jobs)
            worker.start()
            self._worker = worker
        return app

    def _announce(self, worker: Any) -> None:
        if worker.age != 1:  # one of several processes speaks, and only once
            return
        host, port = self._address.rsplit(":", 1)
        shown = "127.0.0.1" if host in {"0.0.0.0", "[::]"} else host
        lines = [f"\n双随机联合监管系统已就绪：http://{shown}:{port}  （进程 {os.getppid()}，按 Ctrl+C 停止）"]
        click.echo("\n".join([*lines, *(login_lines() if self._settings.demo else [])]))

    def _stop(self) -> None:
        if self._worker is not None:
            self._worker.stop()


def _settle() -> None:
    """Keep the garbage collector from walking again and again through what lives as long as the process."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(10_000, 10, 10)


def demo_logins(settings: Settings) -> Sequence[DemoLogin]:
    """Every demo account for the sign-in page, the lead department first; none outside a demo system."""
    if not settings.demo:
        return ()
    from engine.inspection.demo import DEMO_PASSWORD, accounts
    from engine.inspection.demo.departments import GOVERNMENT, ORGANS

    names = {organ.code: organ.name for organ in ORGANS} | dict([GOVERNMENT])
    first = ["scjg", "", "wjj", "yjj", "zjj"]  # the lead, people of no one department, usual participants

    def rank(a: Any) -> int:
        prefix = a.login.split("-")[0] if "-" in a.login else ""
        return first.index(prefix) if prefix in first else len(first)

    return [
        {"login": a.login, "password": DEMO_PASSWORD, "name": a.name, "department": names[a.department], "role": a.role}
        for a in sorted(accounts(), key=rank)
    ]


def login_lines() -> list[str]:
    """The demo logins for a terminal, one role a line, aligned by display width."""
    from engine.inspection.demo import DEMO_PASSWORD

    rows = [(e.role, e.login, e.department, e.note) for e in _patterns()]
    widths = [max(_width(row[n]) for row in rows) for n in range(4)]
    lines = [f"\n演示账号（密码均为 {DEMO_PASSWORD}，企业和人员均为虚构）："]
    for row in rows:
        cells = [cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)]
        lines.append("  " + "  ".join(cells).rstrip())
    return lines


def _patterns() -> Sequence[Any]:
    from engine.inspection.demo import DEMO_LOGINS

    return DEMO_LOGINS


def _width(text: str) -> int:
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in text)
