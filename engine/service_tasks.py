"""Service tasks: how Python serves a diagram.

A service task is one function in one file; its decorator names it, its signature
gives the parameters a designer may set, its docstring is the palette's help.
"""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import ModuleType
from typing import TYPE_CHECKING, Any, Protocol

from engine.errors import ServiceTaskFailed

if TYPE_CHECKING:  # the linter asks what services there are, and needs no database for it
    from sqlalchemy.orm import Session

    from engine.actor import Actor
    from engine.calendar import Calendar
    from engine.models import Deadline
    from engine.settings import Settings

_MARK = "__service_task__"
_FUNCTION = "__diagram_function__"


@dataclass(frozen=True)
class ServiceInfo:
    """What the registry knows of a service task."""

    name: str
    title: str
    help: str
    parameters: tuple[str, ...]
    required: tuple[str, ...]
    function: Callable[..., Mapping[str, Any] | None] = field(repr=False)


@dataclass(frozen=True)
class Start:
    """What a new instance begins with, see :meth:`ServiceEffects.start_process`."""

    business_key: str
    variables: dict[str, Any] = field(default_factory=dict)
    title: str = ""
    department: str = ""
    departments: tuple[str, ...] = ()


class ServiceEffects(Protocol):
    """What a service task may do besides reading and writing tables; the kernel implements it."""

    @property
    def calendar(self) -> Calendar:
        """The district's working-day calendar, read when first asked for."""
        ...

    def start_process(
        self, key: str, business_key: str, variables: Mapping[str, Any], *, title: str = "", department: str = "",
        departments: Iterable[str] = (),
    ) -> str:  # fmt: skip
        """Start a process in the same transaction; returns the instance id.

        Starting the same key and business key again is a no-op.
        """
        ...

    def start_processes(self, key: str, starts: Iterable[Start]) -> dict[str, str]:
        """Start many instances of one process at once; returns their ids by business key."""
        ...

    def send_message(self, name: str, business_key: str, payload: Mapping[str, Any] | None = None) -> None:
        """Send a message; it is kept until somebody waits for it."""
        ...

    def set_deadline(
        self, business_key: str, name: str, *, started_at: datetime | None = None, rule: str | None = None,
        legal_basis: str | None = None, label: str | None = None, department: str = "",
    ) -> Deadline:  # fmt: skip
        """Start a statutory deadline; open tasks naming it show its due time.

        What is not given comes from the row ``name`` of the deadline table in force on the start date (None: now).
        """
        ...

    def meet_deadline(self, name: str, business_key: str | None = None) -> None:
        """Say that what the deadline asked for is done."""
        ...

    def take_over_deadline(self, name: str, source: str) -> Deadline | None:
        """Go on with the open deadline ``name`` that ``source`` began; None when there is none."""
        ...

    def suspend_deadline(
        self, business_key: str, name: str, reason: str, *, ground: str, since: datetime | None = None
    ) -> Deadline:  # fmt: skip
        """Let a deadline stand still on a ground its row allows, from ``since`` (None: now) on."""
        ...

    def resume_deadline(
        self, business_key: str, name: str, reason: str = "", *, until: datetime | None = None
    ) -> Deadline:  # fmt: skip
        """Let it run again; the time up to ``until`` (None: now) does not count."""
        ...

    def extend_deadline(
        self, business_key: str, name: str, reason: str, *, rule: str | None = None, document: str = "",
        approved_by: str = "",
    ) -> Deadline:  # fmt: skip
        """Add the next extension its row allows; ``rule`` is its length where the row leaves that open."""
        ...

    def refuse_extension(
        self, business_key: str, name: str, reason: str, *, document: str = "", approved_by: str = ""
    ) -> None:  # fmt: skip
        """Note that an extension was refused; the deadline stays as it is."""
        ...

    def refresh_candidates(self) -> None:
        """Offer the instance's open tasks to whom their ``candidates`` expression names after this step."""
        ...

    def enqueue(self, kind: str, key: str, args: Mapping[str, Any], delay_seconds: float = 0) -> None:
        """Add a job that runs after the commit; ``kind:key`` runs once."""
        ...

    def record(self, kind: str, body: Mapping[str, Any]) -> None:
        """Add an event to the instance's history."""
        ...


@dataclass
class ServiceContext:
    """What a service task is given.

    ``data`` is the token's data and must not be changed; ``values`` are the just validated
    values when the service runs as a form's ``on_submit`` hook; ``item`` is the
    multi-instance item.  ``actor`` is the system when no person acts.
    """

    session: Session
    now: datetime
    district_id: str
    settings: Settings
    actor: Actor
    instance_id: str
    process_key: str
    business_key: str
    department: str
    element_id: str
    data: Mapping[str, Any]
    effects: ServiceEffects
    values: Mapping[str, Any] | None = None
    item: Any = None
    task_id: str | None = None

    @property
    def calendar(self) -> Calendar:
        """See :attr:`ServiceEffects.calendar`."""
        return self.effects.calendar

    def start_process(
        self, key: str, business_key: str, variables: Mapping[str, Any], *, title: str = "", department: str = "",
        departments: Iterable[str] = (),
    ) -> str:  # fmt: skip
        """See :meth:`ServiceEffects.start_process`."""
        return self.effects.start_process(
            key, business_key, variables, title=title, department=department, departments=departments
        )

    def start_processes(self, key: str, starts: Iterable[Start]) -> dict[str, str]:
        """See :meth:`ServiceEffects.start_processes`."""
        return self.effects.start_processes(key, starts)

    def send_message(self, name: str, business_key: str, payload: Mapping[str, Any] | None = None) -> None:
        """See :meth:`ServiceEffects.send_message`."""
        self.effects.send_message(name, business_key, payload)

    def set_deadline(
        self, business_key: str, name: str, *, started_at: datetime | None = None, rule: str | None = None,
        legal_basis: str | None = None, label: str | None = None, department: str = "",
    ) -> Deadline:  # fmt: skip
        """See :meth:`ServiceEffects.set_deadline`; the department defaults to the instance's own."""
        return self.effects.set_deadline(
            business_key, name, started_at=started_at, rule=rule, legal_basis=legal_basis, label=label,
            department=department or self.department,
        )  # fmt: skip

    def meet_deadline(self, name: str, business_key: str | None = None) -> None:
        """See :meth:`ServiceEffects.meet_deadline`."""
        self.effects.meet_deadline(name, business_key or self.business_key)

    def take_over_deadline(self, name: str, source: str) -> Deadline | None:
        """See :meth:`ServiceEffects.take_over_deadline`."""
        return self.effects.take_over_deadline(name, source)

    def suspend_deadline(
        self, business_key: str, name: str, reason: str, *, ground: str, since: datetime | None = None
    ) -> Deadline:  # fmt: skip
        """See :meth:`ServiceEffects.suspend_deadline`."""
        return self.effects.suspend_deadline(business_key, name, reason, ground=ground, since=since)

    def resume_deadline(
        self, business_key: str, name: str, reason: str = "", *, until: datetime | None = None
    ) -> Deadline:  # fmt: skip
        """See :meth:`ServiceEffects.resume_deadline`."""
        return self.effects.resume_deadline(business_key, name, reason, until=until)

    def extend_deadline(
        self, business_key: str, name: str, reason: str, *, rule: str | None = None, document: str = "",
        approved_by: str = "",
    ) -> Deadline:  # fmt: skip
        """See :meth:`ServiceEffects.extend_deadline`."""
        return self.effects.extend_deadline(
            business_key, name, reason, rule=rule, document=document, approved_by=approved_by
        )

    def refresh_candidates(self) -> None:
        """See :meth:`ServiceEffects.refresh_candidates`."""
        self.effects.refresh_candidates()

    def enqueue(self, kind: str, key: str, args: Mapping[str, Any], delay_seconds: float = 0) -> None:
        """See :meth:`ServiceEffects.enqueue`."""
        self.effects.enqueue(kind, key, args, delay_seconds)

    def record(self, kind: str, body: Mapping[str, Any]) -> None:
        """See :meth:`ServiceEffects.record`."""
        self.effects.record(kind, body)


Service = Callable[..., Mapping[str, Any] | None]


def service_task(name: str, *, title: str) -> Callable[[Service], Service]:
    """Declare a function as the service task ``name``; ``title`` is its Chinese palette label."""

    def mark(function: Service) -> Service:
        parameters = list(inspect.signature(function).parameters.values())[1:]
        info = ServiceInfo(
            name=name,
            title=title,
            help=inspect.getdoc(function) or "",
            parameters=tuple(p.name for p in parameters),
            required=tuple(p.name for p in parameters if p.default is inspect.Parameter.empty),
            function=function,
        )
        setattr(function, _MARK, info)
        return function

    return mark


#: ``function(session, district_id, *arguments)``: a question a diagram may ask the domain's tables.
Lookup = Callable[..., Any]


def diagram_function(name: str) -> Callable[[Lookup], Lookup]:
    """Declare a function as callable in expressions under ``name``; it only reads."""

    def mark(function: Lookup) -> Lookup:
        setattr(function, _FUNCTION, name)
        return function

    return mark


class ServiceRegistry(Mapping[str, ServiceInfo]):
    """The service tasks a system offers, by name, the functions its diagrams may call, and the names its
    documents may read (name → names below it, None where anything may stand).
    """

    def __init__(
        self, infos: Iterable[ServiceInfo] = (), functions: Mapping[str, Lookup] | None = None,
        documents: Mapping[str, Any] | None = None,
    ) -> None:  # fmt: skip
        self.functions: dict[str, Lookup] = dict(functions or {})
        self.documents: dict[str, Any] = dict(documents or {})
        self._infos: dict[str, ServiceInfo] = {}
        for info in infos:
            if info.name in self._infos:
                raise ValueError(f"two service tasks are called {info.name!r}")
            self._infos[info.name] = info

    @classmethod
    def of_package(cls, package: ModuleType, documents: Mapping[str, Any] | None = None) -> ServiceRegistry:
        """Every service task and diagram function declared in the modules of ``package``."""
        infos, functions = [], {}
        for module in sorted(m.name for m in pkgutil.iter_modules(package.__path__)):
            loaded = importlib.import_module(f"{package.__name__}.{module}")
            infos += [
                getattr(f, _MARK) for f in vars(loaded).values()
                if hasattr(f, _MARK) and f.__module__ == loaded.__name__
            ]  # fmt: skip
            functions.update({getattr(f, _FUNCTION): f for f in vars(loaded).values() if hasattr(f, _FUNCTION)})
        return cls(infos, functions, documents)

    def __getitem__(self, name: str) -> ServiceInfo:
        return self._infos[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._infos)

    def __len__(self) -> int:
        return len(self._infos)

    def run(self, name: str, context: ServiceContext, parameters: Mapping[str, Any]) -> Mapping[str, Any] | None:
        """Run one.  Raises :class:`ServiceTaskFailed` for an unknown name or wrong parameters."""
        info = self._infos.get(name)
        if info is None:
            raise ServiceTaskFailed(f"系统中没有名为“{name}”的服务任务，请联系系统管理员升级后重试。")
        unknown = set(parameters) - set(info.parameters)
        missing = set(info.required) - set(parameters)
        if unknown or missing:
            raise ServiceTaskFailed(
                f"服务任务“{info.title}”的参数不符：多出 {sorted(unknown)}，缺少 {sorted(missing)}。"
            )
        return info.function(context, **parameters)
