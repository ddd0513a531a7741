"""CPU seconds of this process and of others, and medians of repetitions on a noisy machine."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median, quantiles

_TICK = 1 / os.sysconf("SC_CLK_TCK")


def tree_cpu(pid: int) -> float:
    """CPU seconds (user and system) that a process and all its living descendants have used."""
    total, waiting = 0.0, [pid]
    while waiting:
        current = waiting.pop()
        # The name in brackets may hold blanks; what follows it is numbers: utime and stime are the 14th and 15th field.
        numbers = Path(f"/proc/{current}/stat").read_text().rpartition(")")[2].split()
        total += (int(numbers[11]) + int(numbers[12])) * _TICK
        for thread in Path(f"/proc/{current}/task").iterdir():
            waiting += [int(child) for child in (thread / "children").read_text().split()]
    return total


@dataclass
class Samples:
    """CPU and wall milliseconds of one thing done many times."""

    cpu: list[float] = field(default_factory=list)
    wall: list[float] = field(default_factory=list)

    def time(self, action: Callable[[], object]) -> None:
        """Do it once and keep what it took."""
        wall, cpu = time.perf_counter(), time.process_time()
        action()
        self.cpu.append((time.process_time() - cpu) * 1000)
        self.wall.append((time.perf_counter() - wall) * 1000)

    @property
    def cpu_ms(self) -> float:
        return median(self.cpu)

    @property
    def wall_ms(self) -> float:
        return median(self.wall)


def percentile(values: Sequence[float], percent: int) -> float:
    """The value below which ``percent`` of the values lie."""
    return quantiles(values, n=100, method="inclusive")[percent - 1]
