"""What one command may take of the server inside one instance: processor time, memory, steps, data.

Time is the processor time of the thread, so that a busy machine refuses nobody; memory is what the whole
process has grown by, for which two commands that grow at once may stop each other.  Service tasks are our
own code and do not count.
"""

from __future__ import annotations

import os
import time as clock
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from engine.errors import Runaway

#: A loop of 10,000 rounds through a gateway and a script takes about one second.
SECONDS = 5.0
MEGABYTES = 256
#: Values that one command may write into one instance, however many names they go to.
VALUES = 2_000_000

#: Seconds between two looks at the clock of the thread and the memory, which cost more than a step may.
_BETWEEN = 0.005
_PAGE = os.sysconf("SC_PAGE_SIZE")
_STATM: dict[int, int] = {}  # by process: a fork must not read its parent's


@dataclass(frozen=True)
class Limits:
    """How much; ``of`` says of which instance, for the incident."""

    seconds: float = SECONDS
    megabytes: int = MEGABYTES
    of: Mapping[str, Any] = field(default_factory=dict)


class Spending:
    """What has been used since :meth:`begin`."""

    def __init__(self, limits: Limits | None = None) -> None:
        self.limits = limits or Limits()
        self.begin()

    def begin(self) -> None:
        """Count from here; who is done before the first look is never measured."""
        self._next = clock.monotonic() + _BETWEEN
        self._until = self._most = 0.0
        #: Values that may still be written, see :mod:`engine.bpmn.keeping`.
        self.values = VALUES

    def check(self) -> None:
        """Raise :class:`Runaway` when there is nothing left; asked at every step, and within long expressions."""
        if clock.monotonic() >= self._next:
            self._look()
            self._next = clock.monotonic() + _BETWEEN

    def _look(self) -> None:
        if not self._until:
            self._until = clock.thread_time() + self.limits.seconds
            self._most = _resident() + self.limits.megabytes * 1024 * 1024
        if clock.thread_time() > self._until:
            raise self.runaway(f"流程一次执行超过 {self.limits.seconds:g} 秒，疑似死循环，已停止。")
        if _resident() > self._most:
            raise self.runaway(f"流程一次执行占用的内存超过 {self.limits.megabytes} MB，疑似失控，已停止。")

    def write(self, values: int) -> None:
        """Count values that are written into the instance.  Raises :class:`Runaway`."""
        self.values -= values
        if self.values < 0:
            raise self.runaway(f"一次执行写入的数据超过 {VALUES:,} 项，疑似失控，已停止。")

    def runaway(self, message: str) -> Runaway:
        """The error that ends the command and becomes an incident of the instance."""
        return Runaway(message, **self.limits.of)

    @contextmanager
    def serving(self) -> Iterator[None]:
        """What a service task takes does not count."""
        if not self._until:
            yield
            return
        began, resident = clock.thread_time(), _resident()
        try:
            yield
        finally:
            self._until += clock.thread_time() - began
            self._most += max(0, _resident() - resident)


def _resident() -> int:
    """Bytes of memory that this process holds; 0 where the system does not say."""
    process = os.getpid()
    statm = _STATM.get(process)
    if statm is None:
        try:
            statm = os.open("/proc/self/statm", os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            return 0
        _STATM[process] = statm
    return int(os.pread(statm, 64, 0).split()[1]) * _PAGE
