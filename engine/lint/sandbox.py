"""Judge a stranger's bundle where a hang or a memory bomb can be killed.

:func:`inspect_bundle` lints the files, loads them and tries their first steps in a child process
that has little time, little memory and nothing of the environment.  Whatever it dies of is a
finding; the server waits, but never hangs.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import orjson

from engine.lint.finding import Finding
from engine.lint.limits import limit_this_process
from engine.service_tasks import ServiceInfo, ServiceRegistry

RULE = "sandbox"
MAX_FILES = 100
MAX_BUNDLE_BYTES = 16 * 1024 * 1024
#: Steps tried without data: enough to reach the first wait, too few to wait long for a loop that data would end.
FIRST_STEPS = 2_000

_REMEDY = "请拆小或简化模型；确信没有问题时，请系统管理员调高 LIANJIAN_SANDBOX_SECONDS 或 LIANJIAN_SANDBOX_MEMORY_MB。"


def inspect_bundle(
    files: Mapping[str, str],
    *,
    roles: frozenset[str] | None = None,
    services: Mapping[str, ServiceInfo] | None = None,
    seconds: int = 30,
    memory_mb: int = 512,
) -> list[Finding]:
    """Every reason why these files cannot be deployed, as :func:`engine.lint.linter.lint` and from trying them.

    Returns after ``seconds`` at the latest; never raises for a bad bundle.
    """
    try:
        size = sum(len(text.encode()) for text in files.values())
    except UnicodeEncodeError:
        return [_finding("文件含有无效字符。", "请另存为 UTF-8 后重新上传。")]
    if len(files) > MAX_FILES or size > MAX_BUNDLE_BYTES:
        return [
            _finding(
                f"共有 {len(files)} 个文件、{size:,} 字节，超过上限 {MAX_FILES} 个、{MAX_BUNDLE_BYTES:,} 字节。",
                "请拆分为几个流程。",
            )
        ]
    question = {
        "files": dict(files),
        "roles": None if roles is None else sorted(roles),
        "services": None
        if services is None
        else [[s.name, s.title, s.parameters, s.required] for s in services.values()],
        "functions": sorted(getattr(services, "functions", ())),
        "documents": getattr(services, "documents", {}),
        "seconds": seconds,
        "memory": memory_mb * 1024 * 1024,
    }
    child = subprocess.Popen(
        [sys.executable, "-m", __name__],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[2]), "PYTHONUTF8": "1"},
    )  # fmt: skip
    try:
        answer, _ = child.communicate(orjson.dumps(question), timeout=seconds)
    except subprocess.TimeoutExpired:
        child.kill()
        child.communicate()
        return [_finding(f"检查和试走在 {seconds} 秒内没有结束。", _REMEDY)]
    try:
        return [Finding(**f) for f in orjson.loads(answer)]
    except ValueError:
        return [_finding(f"检查和试走时占用过多的内存或时间，已被终止（{child.returncode}）。", _REMEDY)]


def _finding(message: str, remedy: str, element: str = "", file: str = "") -> Finding:
    return Finding(RULE, "error", file, element, message, remedy)


# -- in the child ------------------------------------------------------------------------------------


class _Nobody:
    """Serves the first steps: services do nothing, nobody hears what is sent."""

    def __init__(self, functions: list[str]) -> None:
        self.now, self.zone = datetime(2026, 3, 2, 1, tzinfo=UTC), ZoneInfo("Asia/Shanghai")  # any moment will do
        supplied: dict[str, Callable[..., Any]] = {"now": lambda: self.now, "today": lambda: self.now.date()}
        silent = [*functions, "working_days_after", "end_of_day", "deadline", "deadline_suspended", "due_after"]
        self._functions = supplied | dict.fromkeys(silent, lambda *_, **__: None)

    def functions(self) -> Mapping[str, Callable[..., Any]]:
        return self._functions

    def run_service(self, name: str, element: Any, parameters: dict[str, Any]) -> Mapping[str, Any] | None:
        return {}

    def send_message(self, name: str, element: Any, target: str | None, payload: dict[str, Any]) -> None:
        return None

    def broadcast_signal(self, name: str, element: Any, payload: dict[str, Any]) -> None:
        return None


def judge(question: Mapping[str, Any]) -> list[Finding]:
    """Lint, load and try; raises ``MemoryError`` when that takes too much."""
    from engine.lint.linter import lint

    given = question["services"]
    services = None
    if given is not None:
        infos = [ServiceInfo(n, t, "", tuple(p), tuple(r), dict) for n, t, p, r in given]
        services = ServiceRegistry(infos, dict.fromkeys(question["functions"], dict), question["documents"])
    roles = question["roles"]
    findings = lint(question["files"], roles=None if roles is None else frozenset(roles), services=services)
    if not any(f.refuses for f in findings):
        findings += _try(question["files"], question["functions"])
    return findings


def _try(files: dict[str, str], functions: list[str]) -> list[Finding]:
    from engine.bpmn import execution
    from engine.bpmn.parser import load_definition
    from engine.errors import LianjianError, ModelRefused

    execution.MAX_STEPS = FIRST_STEPS  # this process does nothing else
    try:
        definition = load_definition(files)
    except ModelRefused as refusal:
        return [Finding(**f) for f in refusal.findings]
    try:
        started = execution.Execution.start(definition, {"department": "", "business_key": ""}, _Nobody(functions))
        started.run()
        started.snapshot()
    except LianjianError:
        pass  # without its data a process may fail, or loop until its data ends the loop
    except MemoryError:
        raise
    except Exception as error:
        return [
            _finding(
                f"流程引擎试走时出错（{type(error).__name__}）。", "请把模型交给系统管理员反映。", definition.process_id
            )
        ]
    return []


def main() -> None:
    """Answer one question of standard input on standard output."""
    question = orjson.loads(sys.stdin.buffer.read())
    limit_this_process(question["seconds"], question["memory"])
    try:
        answer = orjson.dumps([f.as_dict() for f in judge(question)])
    except (MemoryError, RecursionError):
        sys.exit(1)
    sys.stdout.buffer.write(answer)


if __name__ == "__main__":
    main()
