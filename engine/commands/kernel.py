"""What every command shares: the parsed definitions, the service tasks, the hooks of the guest domain."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.bpmn.observing import Step
from engine.bpmn.parser import LoadedDefinition, load_definition
from engine.commands.rested import RestedExecutions
from engine.errors import NotFound
from engine.models import ProcessDefinition, UserTask
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings

if TYPE_CHECKING:
    from engine.forms import Form

_CACHED = 64


class JobQueue(Protocol):
    """The job engine's transactional entrance."""

    def enqueue(
        self, session: Session, kind: str, key: str, args: dict[str, Any], delay_seconds: float = 0
    ) -> None:  # fmt: skip
        """Add a job inside the session's transaction."""
        ...

    def retry(self, session: Session, detail: dict[str, Any]) -> None:
        """Start a failed job once more; ``detail`` is what its incident keeps."""
        ...


#: ``form_context(session, task, data, now)`` → options, defaults and facts for a task's form.
FormContext = Callable[[Session, UserTask, Mapping[str, Any], datetime], dict[str, Any]]


def no_context(session: Session, task: UserTask, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
    """The form context of a system without a guest domain."""
    return {}


@dataclass(frozen=True)
class Definition:
    """A deployed version, parsed once: immutable, shared by all threads."""

    id: str
    key: str
    version: int
    name: str
    loaded: LoadedDefinition
    forms: Mapping[str, Form]
    #: Texts of the templates of official documents by key; read when one is asked for.
    documents: Mapping[str, str]


@dataclass
class Kernel:
    """Long-lived parts of one running system; holds no session."""

    settings: Settings
    services: ServiceRegistry
    jobs: JobQueue | None = None
    form_context: FormContext = no_context
    roles: frozenset[str] | None = None
    #: Told of every element that runs, with the process it belongs to; only a trial run asks for it.
    observe: Callable[[str, Step], None] | None = None
    rested: RestedExecutions = field(default_factory=RestedExecutions)
    _definitions: OrderedDict[str, Definition] = field(default_factory=OrderedDict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def definition(self, connection: Session | sa.Connection, definition_id: str) -> Definition:
        """The parsed definition; versions are immutable, so the cache never goes stale."""
        with self._lock:
            found = self._definitions.get(definition_id)
            if found is not None:
                self._definitions.move_to_end(definition_id)
                return found
        columns = (ProcessDefinition.id, ProcessDefinition.key, ProcessDefinition.version, ProcessDefinition.name)
        row = connection.execute(
            sa.select(*columns, ProcessDefinition.bundle).where(ProcessDefinition.id == definition_id)
        ).first()
        if row is None:
            raise NotFound("流程版本不存在。")
        loaded = Definition(
            id=row.id,
            key=row.key,
            version=row.version,
            name=row.name,
            loaded=load_definition(row.bundle),
            forms=_forms(row.bundle),
            documents={
                name.removeprefix("documents/").removesuffix(".json"): text
                for name, text in row.bundle.items()
                if name.startswith("documents/")
            },
        )
        with self._lock:
            self._definitions[definition_id] = loaded
            while len(self._definitions) > _CACHED:
                self._definitions.popitem(last=False)
        return loaded


def _forms(bundle: Mapping[str, str]) -> dict[str, Form]:
    names = [name for name in bundle if name.startswith("forms/")]
    if not names:
        return {}
    from engine.forms import Form  # what stands behind forms takes long to import, and a trial run often has none

    return {name.removeprefix("forms/").removesuffix(".json"): Form.parse(bundle[name]) for name in names}
