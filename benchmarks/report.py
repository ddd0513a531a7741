"""What a run says: a table for people, one JSON document for programs, and the machine it ran on."""

from __future__ import annotations

import os
import platform
import sqlite3
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any
from unicodedata import east_asian_width

from benchmarks.figures import Benchmark, Line, Scale

LIBRARIES = ("SpiffWorkflow", "SQLAlchemy", "Flask", "gunicorn", "psycopg", "orjson", "marshmallow")

#: Benchmark name → database → line key → number.
Results = Mapping[str, Mapping[str, Mapping[str, float]]]


def environment() -> dict[str, Any]:
    """Versions, cores and how busy the machine is."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "revision": _revision(),
        "python": platform.python_version(),
        "sqlite": sqlite3.sqlite_version,
        **{name: version(name) for name in LIBRARIES},
        "processor": _processor(),
        "cores": os.cpu_count(),
        "load_average": [round(load, 2) for load in os.getloadavg()],
    }


def _revision() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    done = subprocess.run(command, cwd=Path(__file__).parent, capture_output=True, text=True, check=False)
    return done.stdout.strip()


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")


def document(
    benchmarks: Sequence[Benchmark], results: Results, scale: Scale, before: Mapping[str, Any], **more: Any
) -> dict[str, Any]:  # fmt: skip
    """Everything a program wants to know about a run."""
    figures = [
        {
            "figure": f"{benchmark.name}.{line.key}",
            "title": line.title,
            "unit": line.unit,
            "databases": {
                database: {
                    "value": values[line.key],
                    "target": str(line.targets[database]) if database in line.targets else None,
                    "met": met(line, database, values[line.key], scale),
                }
                for database, values in results[benchmark.name].items()
            },
        }
        for benchmark in benchmarks
        for line in benchmark.lines
    ]
    after = [round(load, 2) for load in os.getloadavg()]
    return {
        "format": "lianjian-benchmarks/1",
        "environment": {**before, "load_average_after": after, **more},
        "scale": asdict(scale),
        "figures": figures,
    }


def met(line: Line, database: str, value: float, scale: Scale) -> bool | None:
    """Whether the target is met; None without one, or when measured on too little to tell."""
    target = line.targets.get(database)
    if target is None or (line.at_full_scale and scale.name != "full"):
        return None
    return target.met(value)


def table(found: Mapping[str, Any]) -> str:
    """Figure, both databases, target, met, as aligned text that is also a Markdown table."""
    databases = list(dict.fromkeys(name for figure in found["figures"] for name in figure["databases"]))
    rows = [["figure", *databases, "unit", "target", "met"]]
    for figure in found["figures"]:
        cells = figure["databases"]
        targets = list(dict.fromkeys(cell["target"] for cell in cells.values() if cell["target"]))
        verdicts = [cell["met"] for cell in cells.values()]
        verdict = " / ".join({True: "yes", False: "NO", None: "–"}[v] for v in verdicts) if any(targets) else ""
        values = [_number(cells[name]["value"]) if name in cells else "" for name in databases]
        rows.append([figure["title"], *values, figure["unit"], " / ".join(targets), verdict])
    widths = [max(_width(row[column]) for row in rows) for column in range(len(rows[0]))]
    rows.insert(1, ["-" * width for width in widths])
    return "\n".join(
        "| " + " | ".join(cell + " " * (width - _width(cell)) for cell, width in zip(row, widths, strict=True)) + " |"
        for row in rows
    )


def _number(value: float) -> str:
    if value == 0 or abs(value) >= 1_000:
        return f"{value:,.0f}"
    return f"{value:.3g}" if abs(value) < 100 else f"{value:.0f}"


def _width(text: str) -> int:
    return sum(2 if east_asian_width(letter) in "WF" else 1 for letter in text)
