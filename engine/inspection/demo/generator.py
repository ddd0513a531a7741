"""The seeded generator: the demo district as three files in the provincial registries' columns."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from random import Random

from engine.inspection.demo import inspectors as people
from engine.inspection.demo import items as matters
from engine.inspection.demo import objects as firms

#: The demo's own seed: everyone's demo district is the same.
SEED = 370105

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class DemoFiles:
    """The files of one generated district."""

    objects: Path
    inspectors: Path
    items: Path


def generate(
    folder: Path,
    *,
    seed: int = SEED,
    objects: int = 100_000,
    inspectors: int = 500,
    items: int = 120,
    progress: Progress | None = None,
) -> DemoFiles:
    """Write ``objects.csv``, ``inspectors.csv`` and ``items.csv`` into ``folder``; same arguments, same bytes.

    Everything is fictitious: objects carry the tag 演示数据(虚构) and codes no registry has given
    out, people are named after their posts.  ``progress`` hears of the objects written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files = DemoFiles(folder / "objects.csv", folder / "inspectors.csv", folder / "items.csv")
    listed = matters.demo_items(items)
    _write(files.items, matters.HEADER, matters.item_rows(listed))
    _write(files.inspectors, people.HEADER, people.inspector_rows(Random(f"{seed}/inspectors"), inspectors, listed))
    rows = firms.object_rows(Random(f"{seed}/objects"), objects)
    _write(files.objects, firms.HEADER, _counted(rows, objects, progress))
    return files


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> None:
    """Write whole or not at all, so that an interrupted run leaves no half file."""
    part = path.with_suffix(".part")
    with part.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(header)
        writer.writerows(rows)
    part.replace(path)


def _counted(rows: Iterable[tuple[str, ...]], total: int, progress: Progress | None) -> Iterable[tuple[str, ...]]:
    for done, row in enumerate(rows, start=1):
        if progress is not None and (done % 1000 == 0 or done == total):
            progress(done, total)
        yield row
