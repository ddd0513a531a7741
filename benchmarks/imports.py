"""A file of a million objects into an empty registry: the rows, then the search index that follows them."""

from __future__ import annotations

import csv
import resource
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from random import Random

from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.inbox_rows import DISTRICT
from benchmarks.places import Place
from engine.db import Database
from engine.inspection.demo.objects import HEADER, object_rows
from engine.inspection.registry_import import import_file

LINES = (
    Line("rows_s", "import of a file of objects: every row judged and saved", "s", at_most(60), at_full_scale=True),
    Line("rows_cpu_s", "of this on a processor, both processes", "s"),
    Line("index_s", "the search index over them, afterwards", "s"),
    Line("index_cpu_s", "of this on a processor", "s"),
    Line("again_s", "the same file once more, nothing changed", "s"),
)


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    path = place.scratch / f"objects-{scale.objects}.csv"
    if not path.exists():
        _write(path, scale.objects)
    database = Database(place.fresh())
    began, cpu, told = time.monotonic(), _cpu(), [0.0, 0.0]

    def progress(done: int, total: int) -> None:
        """Called a last time when every row is saved and before the index begins."""
        told[:] = time.monotonic(), _cpu()

    report = import_file(database, "objects", path, datetime.now(UTC), DISTRICT, progress)
    if report.inserted + report.rejected != scale.objects:
        raise RuntimeError(f"{report.inserted} objects came in of {scale.objects}")
    indexed, indexed_cpu = time.monotonic(), _cpu()
    again = import_file(database, "objects", path, datetime.now(UTC), DISTRICT)
    if again.unchanged != report.inserted:
        raise RuntimeError(f"{again.unchanged} objects were found unchanged of {report.inserted}")
    repeated = time.monotonic()
    database.dispose()
    return {
        "rows_s": told[0] - began, "rows_cpu_s": told[1] - cpu,
        "index_s": indexed - told[0], "index_cpu_s": indexed_cpu - told[1], "again_s": repeated - indexed,
    }  # fmt: skip


def _write(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(HEADER)
        writer.writerows(object_rows(Random("benchmark"), count))


def _cpu() -> float:
    """CPU seconds of this process and of those it has waited for, the one that reads ahead among them."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


BENCHMARK = Benchmark("imports", "a file of objects into the registry", LINES, run)
