"""``python -m benchmarks``: measure, print a table or one JSON document."""

from __future__ import annotations

import argparse
import json
import sys
import time
import warnings
from collections import defaultdict
from pathlib import Path

from benchmarks import (
    completions,
    database_layer,
    deadlines,
    imports,
    inbox,
    instances,
    memory,
    programs,
    registry,
    report,
    starts,
)
from benchmarks.figures import FULL, QUICK, Benchmark
from benchmarks.places import PLACES

ALL: tuple[Benchmark, ...] = (
    completions.BENCHMARK,
    database_layer.BENCHMARK,
    database_layer.STATEMENTS,
    database_layer.BYTES,
    starts.BENCHMARK,
    imports.BENCHMARK,
    inbox.BENCHMARK,
    instances.BENCHMARK,
    memory.BENCHMARK,
    programs.BENCHMARK,
    registry.BENCHMARK,
    deadlines.BENCHMARK,
)
CACHE = Path(__file__).resolve().parent.parent / "var" / "bench"


def main(arguments: list[str] | None = None) -> int:
    """Run the chosen benchmarks one after the other; returns 0 whether or not targets are met."""
    asked = _parser().parse_args(arguments)
    if asked.statements:
        return _list_statements(asked.database, asked.cache)
    scale = QUICK if asked.quick else FULL
    chosen = [benchmark for benchmark in ALL if not asked.only or benchmark.name in asked.only]
    before, began = report.environment(), time.monotonic()
    results: dict[str, dict[str, dict[str, float]]] = defaultdict(dict)
    try:
        for name in asked.database:
            with PLACES[name](asked.cache) as place:
                for benchmark in chosen:
                    started = time.monotonic()
                    results[benchmark.name][name] = dict(benchmark.run(place, scale))
                    taken = f"{benchmark.about} ({time.monotonic() - started:.0f} s)"
                    print(f"{name}: {taken}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("interrupted: what was measured so far", file=sys.stderr)
    measured = [benchmark for benchmark in chosen if results[benchmark.name]]
    found = report.document(measured, results, scale, before, seconds=round(time.monotonic() - began))
    print(json.dumps(found, ensure_ascii=False, indent=1) if asked.json else _text(found))
    return 0


def _text(found: dict[str, dict[str, object]]) -> str:
    about = "\n".join(f"{name}: {value}" for name, value in found["environment"].items())
    return f"{report.table(found)}\n\nscale: {found['scale']['name']}\n{about}"


def _list_statements(databases: list[str], cache: Path) -> int:
    """Every statement of every completion of one case."""
    for name in databases:
        with PLACES[name](cache) as place:
            for step, statements, commits in database_layer.completions_in_statements(place):
                print(f"\n{name}: {step}: {len(statements)} statements, {commits} commit")
                for statement in statements:
                    print("  " + " ".join(statement.split())[:150])
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--only", nargs="+", choices=[b.name for b in ALL], metavar="NAME", help="of %(choices)s")
    parser.add_argument("--database", nargs="+", choices=list(PLACES), default=list(PLACES), help="default: both")
    parser.add_argument("--quick", action="store_true", help="less of everything, within a minute")
    parser.add_argument("--json", action="store_true", help="one JSON document instead of the table")
    parser.add_argument("--statements", action="store_true", help="list the statements of a completion and stop")
    parser.add_argument("--cache", type=Path, default=CACHE, help="where loaded databases are kept")
    return parser


if __name__ == "__main__":
    warnings.filterwarnings("ignore", message="XDG_RUNTIME_DIR")
    sys.exit(main())
