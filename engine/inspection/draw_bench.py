"""Measuring the draw: the functions an official's draw runs, on lists of any size.

Objects are drawn from a database file of the given size, read as a stream: a list of a
whole province never stands in memory at once.  Reading the database, the tickets with
the selection, and the Merkle commitment are timed apart, each in seconds of the clock
(wall) and of this process (CPU).
"""

from __future__ import annotations

import resource
import sqlite3
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.inspection import draw
from engine.inspection.assignment import Candidate, Job, assign

SEED = draw.seed_of("sha256", "CN-370105-SCJG-2026-0001", "lianjian bench draw")
KEY = draw.digest_hex("sha256", "lianjian bench draw key")
STRATA = 20
PPM = 50_000
CHUNK = 10_000

#: Seconds allowed for tickets and selection of an open SHA-256 draw, by number of objects.
SELECTION_TARGETS = {100_000: 0.2, 1_000_000: 2.0, 14_000_000: 15.0}
#: Bytes resident at most, whatever the size.
MEMORY_TARGET = 300_000_000
#: Seconds allowed for an assignment, by (jobs, inspectors).
ASSIGNMENT_TARGETS = {(5_000, 500): 0.5, (50_000, 5_000): 5.0}
#: What a draw may be: (hash, mode); the first is held to the targets.
VARIANTS = (("sha256", "open"), ("sha256", "sealed"), ("sm3", "open"), ("sm3", "sealed"))


@dataclass(slots=True)
class Stopwatch:
    """Adds up seconds of the clock and of this process."""

    wall: float = 0.0
    cpu: float = 0.0
    _began: tuple[float, float] = field(default=(0.0, 0.0), repr=False)

    def __enter__(self) -> Stopwatch:
        self._began = time.perf_counter(), time.process_time()
        return self

    def __exit__(self, *_: object) -> None:
        self.wall += time.perf_counter() - self._began[0]
        self.cpu += time.process_time() - self._began[1]

    def without(self, other: Stopwatch) -> dict[str, float]:
        """The figures less what another stopwatch measured meanwhile."""
        return {"wall": round(self.wall - other.wall, 3), "cpu": round(self.cpu - other.cpu, 3)}

    def figures(self) -> dict[str, float]:
        return self.without(Stopwatch())


def resident() -> int:
    """The most bytes this process ever had in memory."""
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak if sys.platform == "darwin" else peak * 1024


def make_list(path: Path, objects: int) -> None:
    """A database with ``objects`` numbered firms in :data:`STRATA` strata of equal size."""
    with closing(sqlite3.connect(path)) as database:
        database.execute("PRAGMA journal_mode = OFF")
        database.execute("PRAGMA synchronous = OFF")
        database.execute("CREATE TABLE candidate (id TEXT PRIMARY KEY, stratum TEXT NOT NULL) WITHOUT ROWID")
        rows = ((f"91370105MA{n:08d}", f"S{n % STRATA:02d}") for n in range(objects))
        database.executemany("INSERT INTO candidate VALUES (?, ?)", rows)
        database.commit()


def read_list(path: Path, watch: Stopwatch) -> Iterator[tuple[str, str]]:
    """The list in the order of its ids, a few thousand rows in memory; ``watch`` times the database."""
    with closing(sqlite3.connect(path)) as database:
        cursor = database.execute("SELECT id, stratum FROM candidate ORDER BY id")
        while True:
            with watch:
                rows = cursor.fetchmany(CHUNK)
            if not rows:
                return
            yield from rows


def measure_objects(path: Path, objects: int, hash_name: str, mode: str) -> dict[str, Any]:
    """One draw and one commitment of the list at ``path``."""
    key = KEY if mode == "sealed" else ""
    reading, drawing, committing, reading_again = Stopwatch(), Stopwatch(), Stopwatch(), Stopwatch()
    strata = [f"S{n:02d}" for n in range(STRATA)]
    with drawing:
        chosen = draw.select(
            lambda: read_list(path, reading),
            seed=SEED,
            ppm=dict.fromkeys(strata, PPM),
            rounding="systematic",
            hash_name=hash_name,
            key=key,
            counts={s: len(range(n, objects, STRATA)) for n, s in enumerate(strata)},
        )
    drawn = sum(map(len, chosen.drawn.values()))
    del chosen
    after_draw = resident()
    with committing:
        root = draw.merkle_root(draw.leaves_of(read_list(path, reading_again), hash_name, key))
    selection = drawing.without(reading)
    target = SELECTION_TARGETS.get(objects) if (hash_name, mode) == VARIANTS[0] else None
    return {
        "objects": objects,
        "strata": STRATA,
        "ppm": PPM,
        "hash": hash_name,
        "mode": mode,
        "drawn": drawn,
        "merkle": root,
        "reading": reading.figures(),
        "tickets_and_selection": selection,
        "merkle_commitment": committing.without(reading_again),
        "resident_bytes": max(after_draw, resident()),
        "target_seconds": target,
        "target_bytes": MEMORY_TARGET,
        "ok": resident() <= MEMORY_TARGET and (target is None or selection["wall"] <= target),
    }


def measure_assignment(jobs: int, inspectors: int) -> dict[str, Any]:
    """One assignment over ten departments, fifteen areas and thirty items."""
    places = [f"3701050{n:02d}" for n in range(15)]
    people = [
        Candidate(
            f"P{n:06d}",
            f"D{n % 10}",
            tuple(places[(n // 10 + k) % 15] for k in range(5)),
            tuple(f"I{n % 10}{k}" for k in range(3) if k == 0 or n % 3 != k),
        )
        for n in range(inspectors)
    ]
    work = [
        Job(
            f"91370105MA{n:08d}|D{n % 10}",
            (f"91370105MA{n:08d}",),
            f"D{n % 10}",
            places[n // 10 % 15],
            (f"I{n % 10}0",),
        )
        for n in range(jobs)
    ]
    watch = Stopwatch()
    with watch:
        pairs = assign(work, people, seed=SEED, per_inspector=4 * jobs // inspectors)
    loads: dict[str, int] = {}
    for pair in pairs.values():
        for person in pair:
            loads[person] = loads.get(person, 0) + 1
    target = ASSIGNMENT_TARGETS.get((jobs, inspectors))
    return {
        "jobs": jobs,
        "inspectors": inspectors,
        "assignment": watch.figures(),
        "load": {"least": min(loads.values()), "most": max(loads.values())},
        "target_seconds": target,
        "ok": target is None or watch.wall <= target,
    }


def measure(
    sizes: Iterable[int], folder: Path, *, progress: Callable[[str], None] = lambda _: None
) -> dict[str, list[dict[str, Any]]]:
    """Everything: assignments, then each size in every variant, smallest first (memory counts the most so far)."""
    staffed = []
    for jobs, inspectors in ASSIGNMENT_TARGETS:
        progress(f"分派 {jobs:,} 个检查任务、{inspectors:,} 名检查人员")
        staffed.append(measure_assignment(jobs, inspectors))
    drawn = []
    for objects in sorted(set(sizes)):
        path = folder / f"{objects}.sqlite"
        progress(f"准备 {objects:,} 个检查对象")
        make_list(path, objects)
        for hash_name, mode in VARIANTS:
            progress(f"抽取 {objects:,} 个检查对象（{hash_name}，{mode}）")
            drawn.append(measure_objects(path, objects, hash_name, mode))
        path.unlink()
    return {"draws": drawn, "assignments": staffed}
