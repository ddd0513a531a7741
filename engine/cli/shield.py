"""Commands that read strangers' models do so in a child process that may be killed."""

from __future__ import annotations

import os
import select
import signal
import sys
from collections.abc import Sequence

from engine.settings import Settings

#: Commands that work on files somebody may have been sent.
SHIELDED = frozenset({"run", "decide", "lint"})
#: What the program itself takes, besides the model.
_OWN_MEMORY_MB = 512
#: How a child says that memory or stack ran out.
EXHAUSTED = 70

_accepted: int | None = None


def accepted() -> None:
    """Tell the waiting parent that the model was found in order: what fails from now on is the run."""
    if _accepted is not None:
        os.write(_accepted, b"1")


def shield(arguments: Sequence[str], settings: Settings) -> int | None:
    """Go on in a child process and return ``None`` there; the parent waits and returns the exit code.

    A child that takes more time or memory than the settings allow is killed, and said to be.
    """
    global _accepted
    reader, _accepted = os.pipe()
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        from engine.lint.limits import limit_this_process

        os.close(reader)
        limit_this_process(settings.sandbox_seconds, (settings.sandbox_memory_mb + _OWN_MEMORY_MB) * 1024 * 1024)
        return None
    os.close(_accepted)
    handle = os.pidfd_open(child)
    try:
        in_time = bool(select.select([handle], [], [], settings.sandbox_seconds)[0])
        if not in_time:
            os.kill(child, signal.SIGKILL)
        _, status = os.waitpid(child, 0)
    finally:
        os.close(handle)
    code = os.waitstatus_to_exitcode(status)
    if in_time and code >= 0 and code != EXHAUSTED:
        return code
    return _killed(os.read(reader, 1) == b"1", arguments, settings)


def _killed(running: bool, arguments: Sequence[str], settings: Settings) -> int:
    from engine.cli.definitions import REFUSED
    from engine.cli.models import FAILED, NOTHING, refuse
    from engine.cli.output import emit

    as_json = "--json" in arguments
    limits = f"{settings.sandbox_seconds} 秒或 {settings.sandbox_memory_mb} MB"
    if running:
        error = f"试跑超过 {limits}，已被终止。"
        emit({**NOTHING, "error": error}, f"结果：出错\n错误：{error}", as_json)
        return FAILED
    finding = {
        "rule": "sandbox", "severity": "error", "file": "", "element": "",
        "message": f"检查超过 {limits}，已被终止。", "remedy": "请拆小或简化模型。",
    }  # fmt: skip
    if arguments[0] == "lint" and as_json:
        emit([{"process": "", **finding}], "", as_json)
        return REFUSED
    return refuse([finding], as_json)
