"""The reminder job in a process of its own: ``python -m tests.support.reminder_process DATABASE NOW``.

It decides and writes every reminder, prints ``ready`` before the commit, and waits there to be killed.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from datetime import datetime
from pathlib import Path

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.commands.remind_of_deadlines import RemindOfDeadlines
from engine.db import Database
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings

ROOT = Path(__file__).resolve().parent.parent.parent


class Decided:
    """The real command; its transaction is left open with everything written."""

    def run(self, ctx: CommandContext) -> int:
        looked_at = RemindOfDeadlines().run(ctx)
        ctx.session.flush()
        sys.stdout.write("ready\n")
        sys.stdout.flush()
        threading.Event().wait()
        return looked_at


def killed_while_reminding(database_url: str, now: datetime) -> None:
    """Run the job until it has decided, and ``kill -9`` it there."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.support.reminder_process", database_url, now.isoformat()],
        cwd=ROOT, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout is not None
    with process.stdout as said:
        line = said.readline().strip()
        assert line == "ready", f"the job did not get there: {line!r}"
        os.kill(process.pid, signal.SIGKILL)
        process.wait()


def main(database_url: str, now: str) -> None:
    clock = datetime.fromisoformat(now)
    settings = Settings(database_url=database_url)
    engine = ProcessEngine(Database(database_url), settings, ServiceRegistry(), clock=lambda: clock)
    engine.execute(Decided(), actor=Actor.system())


if __name__ == "__main__":
    main(*sys.argv[1:])
