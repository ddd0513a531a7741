"""A trial run (试跑): models executed by the real engine in a database that is thrown away."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.actor import Actor
from engine.bpmn.execution import Wait
from engine.bpmn.observing import Step
from engine.bpmn.timers import add_duration, parse_instant
from engine.commands.broadcast_signal import BroadcastSignal
from engine.commands.complete_task import CompleteTask
from engine.commands.correlate_message import CorrelateMessage
from engine.commands.deploy import Deploy
from engine.commands.fire_timers import FireTimers
from engine.commands.seed_calendar import SeedCalendar
from engine.commands.start_by_timer import StartByTimer
from engine.commands.start_process import StartProcess
from engine.db import Base, Database
from engine.errors import Conflict, InvalidInput, LianjianError, ModelRefused
from engine.lint.bundle import property_names
from engine.lint.finding import Finding
from engine.lint.linter import lint
from engine.lint.mains import Main, mains
from engine.models import Incident, Message, ProcessInstance, StartTrigger, Timer, UserTask
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings

BUSINESS_KEY = "trial"
_KERNEL_NAMES = {"department", "business_key"}
#: Timers fired one by one at their own time; what is due beyond them is caught up with at the end of the journey.
MAX_FIRINGS = 200
_OF_THE_INSTALLATION = {"service", "on_submit", "candidates"}


def needs_installation(files: Mapping[str, str]) -> bool:
    """Does a diagram name what only the installed system has?  Loading that takes most of a second."""
    return bool(property_names(files) & _OF_THE_INSTALLATION)


class Trial:
    """One trial run: deploy, start, apply steps, report.

    Every step runs until nothing can move.  What goes wrong while running is kept in :attr:`error`.
    """

    def __init__(self, settings: Settings, services: ServiceRegistry, now: datetime) -> None:
        self.now = now
        self.error = ""
        self._trace: dict[str, dict[str, Any]] = {}
        self._variables: set[str] = set()
        self._engine = ProcessEngine(Database("sqlite://"), settings, services, clock=lambda: self.now)
        self._engine.kernel.observe = self._observe
        Base.metadata.create_all(self._engine.database.engine)

    def _observe(self, process: str, step: Step) -> None:
        known = self._trace.setdefault(
            step.token, {"element": step.element, "name": step.name, "process": process, "data": None}
        )
        known["data"] = self._given(step.data)

    def _given(self, data: Mapping[str, Any]) -> dict[str, Any]:
        """Data without the names the kernel gives to every instance, unless the run was started with them."""
        return {name: value for name, value in data.items() if name not in _KERNEL_NAMES - self._variables}

    def _execute(self, command: Any) -> Any:
        return self._engine.execute(command, actor=Actor.system())

    # -- acting -----------------------------------------------------------------

    def deploy(self, files: Mapping[str, str]) -> list[Main]:
        """Deploy every process nobody calls; returns them.  Raises :class:`ModelRefused` with all findings."""
        if any("working_days_after" in text for text in files.values()):
            self._execute(SeedCalendar())
        found = mains(files)
        if len(found) != 1:
            # Each is judged as the one that runs below; together they may still clash.
            findings = [f.as_dict() for f in lint(files, services=self._engine.kernel.services) if f.refuses]
            if not found and not findings:
                drawn = any(name.lower().endswith((".bpmn", ".xml")) for name in files)
                what = "没有可执行的流程，图只是示意。" if drawn else "没有流程图。"
                remedy = (
                    '请把要运行的流程设为可执行（isExecutable="true"）。' if drawn else "请写出要执行的 .bpmn 文件。"
                )
                findings = [asdict(Finding("executable-process", "error", "", "", what, remedy))]
            if findings:
                raise ModelRefused("模型不能执行。", findings)
        refused: list[dict[str, Any]] = []
        for main in found:
            try:
                self._execute(Deploy(main.id, main.files))
            except ModelRefused as refusal:
                refused += [f for f in refusal.findings if f not in refused]
        if refused:
            raise ModelRefused("模型不能执行。", refused)
        return found

    def awaits_event(self, main: Main) -> bool:
        """Does the process begin when something occurs, not when it is started?"""
        return not main.direct and any(trigger["process"] == main.id for trigger in self._triggers())

    def start(self, process: str, variables: dict[str, Any]) -> None:
        """Start the process for the one business key of the run."""
        self._variables = set(variables)
        self._try(lambda: self._execute(StartProcess(process, BUSINESS_KEY, variables)))

    def step(self, kind: str, what: str, payload: dict[str, Any]) -> None:
        """Apply one step of the command line; nothing more happens once something went wrong."""
        acts: dict[str, Callable[[], None]] = {
            "complete": lambda: self._complete(what, payload),
            "message": lambda: self._execute(CorrelateMessage(what, BUSINESS_KEY, payload)),
            "signal": lambda: self._execute(BroadcastSignal(what, payload)),
            "advance_time": lambda: self._advance(what),
        }
        self._try(acts[kind])

    def _complete(self, element: str, values: dict[str, Any]) -> None:
        """The longest open task of the element."""
        found = (
            sa.select(UserTask).where(UserTask.element_id == element, UserTask.state == "open").order_by(UserTask.id)
        )
        with self._engine.read() as session:
            task = session.scalars(found).first()
        if task is None:
            known = "、".join(entry["element"] for entry in self.open_tasks()) or "无"
            raise Conflict(f"没有待办的步骤“{element}”；现有待办：{known}。")
        self._execute(CompleteTask(task.id, task.version, values))

    def _target(self, when: str) -> datetime:
        if when.startswith("P"):
            return add_duration(self.now, when)
        target = parse_instant(when, self._engine.settings.timezone)
        if target < self.now:
            raise InvalidInput(f"时刻 {when} 早于当前的 {self.now.isoformat()}，时间不能倒退。")
        return target

    def _advance(self, when: str) -> None:
        """Timers fire in order, each at its own time."""
        target = self._target(when)
        for _ in range(MAX_FIRINGS):
            due = self._due(target)
            if not due or self._incidents():
                break
            self.now = max(self.now, due[0][0])
            self._execute(due[0][1])
        self.now = target
        for command in dict.fromkeys(command for _, command in self._due(target)):
            self._execute(command)

    def _due(self, target: datetime) -> list[tuple[datetime, FireTimers | StartByTimer]]:
        """Timers of instances and of starts that ring until ``target``, the first one first."""
        with self._engine.read() as session:
            waiting = session.execute(sa.select(Timer.due_at, Timer.instance_id).where(Timer.due_at <= target))
            found: list[tuple[datetime, FireTimers | StartByTimer]] = [(at, FireTimers(key)) for at, key in waiting]
            starts = sa.select(StartTrigger.due_at, StartTrigger.process_key).where(StartTrigger.due_at <= target)
            found += [(at, StartByTimer(key)) for at, key in session.execute(starts) if at is not None]
        return sorted(found, key=lambda entry: entry[0])

    def _triggers(self) -> list[dict[str, Any]]:
        """What starts a process of which there is no instance yet."""
        with self._engine.read() as session:
            rows = session.scalars(sa.select(StartTrigger).order_by(StartTrigger.id)).all()
            begun = set(session.scalars(sa.select(ProcessInstance.process_key)))
        return [
            {
                "element": row.element_id, "process": row.process_key,
                **({row.kind: row.name} if row.due_at is None else {"due_at": self._local(row.due_at)}),
            }
            for row in rows if row.process_key not in begun
        ]  # fmt: skip

    def _local(self, moment: datetime) -> str:
        return moment.astimezone(self._engine.settings.timezone).isoformat()

    def _try(self, act: Callable[[], object]) -> None:
        if self.error:
            return
        try:
            act()
        except LianjianError as error:
            fields = getattr(error, "fields", {})
            self.error = "；".join([error.message, *(f"{k}：{'、'.join(v)}" for k, v in fields.items())])
        else:
            self.error = "；".join(self._incidents())

    # -- looking ----------------------------------------------------------------

    def _incidents(self) -> list[str]:
        with self._engine.read() as session:
            return list(
                session.scalars(sa.select(Incident.message).where(Incident.state == "open").order_by(Incident.id))
            )

    def open_tasks(self) -> list[dict[str, Any]]:
        """What a person could do now."""
        with self._engine.read() as session:
            tasks = session.scalars(sa.select(UserTask).where(UserTask.state == "open").order_by(UserTask.id)).all()
        return [
            {"element": t.element_id, "name": t.name, "process": t.process_key, "role": t.role, **t.context}
            for t in tasks
        ]

    def report(self, main: str = "") -> dict[str, Any]:
        """Everything the run came to; of several processes ``main`` is the one whose end and data are told."""
        with self._engine.read() as session:
            instances = session.scalars(sa.select(ProcessInstance).order_by(ProcessInstance.id)).all()
            first = next((i for i in instances if i.process_key == main), instances[0] if instances else None)
            running = [i for i in instances if i.status == "running"]
            executions = {i.id: self._engine.peek(session, i) for i in instances}
            waiting = [
                {**self._wait(wait), "process": i.process_key}
                for i in running
                for wait in sorted(executions[i.id].waits(), key=lambda w: (str(w.due_at or ""), w.element_id))
            ]
            undelivered = list(
                session.scalars(sa.select(Message.name).where(Message.delivered_at.is_(None)).order_by(Message.id))
            )
            told = list(self._trace.values())
            data = self._given(executions[first.id].data()) if first else told[-1]["data"] if told else {}
        if self.error:
            outcome = "failed"
        elif running or first is None:
            outcome = "waiting"
        else:
            outcome = first.status
        return {
            "outcome": outcome,
            "error": self.error or None,
            "trace": told,
            "open_tasks": self.open_tasks(),
            "waiting": waiting + self._triggers(),
            "undelivered": undelivered,
            "data": data,
            "instances": [{"process": i.process_key, "status": i.status} for i in instances],
            "now": self._local(self.now),
        }

    def _wait(self, wait: Wait) -> dict[str, Any]:
        found = {name: value for name, value in vars(wait).items() if value and name != "engine_task_id"}
        found["element"] = found.pop("element_id")
        if wait.due_at is not None:
            found["due_at"] = self._local(wait.due_at)
        return found
