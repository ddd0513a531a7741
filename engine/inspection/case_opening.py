"""What opening a case of its own needs, from a command and from a service task alike."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.settings import Settings


class Opening(Protocol):
    """The inside of a command, or of a service task."""

    @property
    def session(self) -> Session: ...
    @property
    def now(self) -> datetime: ...
    @property
    def district_id(self) -> str: ...
    @property
    def settings(self) -> Settings: ...
    @property
    def actor(self) -> Actor: ...

    def start_process(
        self, key: str, business_key: str, variables: Mapping[str, Any], *, title: str = "", department: str = "",
        departments: Iterable[str] = (),
    ) -> str: ...  # fmt: skip
