"""The benchmarks still run: everything once on as little as possible, no figure judged."""

from __future__ import annotations

import json
import math
import warnings
from collections.abc import Iterator

import pytest

from benchmarks import places, report
from benchmarks.__main__ import ALL
from benchmarks.figures import TINY, Benchmark
from benchmarks.places import SQLite


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SQLite]:
    with warnings.catch_warnings(), places.sqlite(tmp_path_factory.mktemp("bench")) as found:
        warnings.simplefilter("ignore", DeprecationWarning)  # the stock library's, of itself
        yield found


#: These start a server process.
SERVED = {"completions", "inbox", "registry"}


@pytest.mark.parametrize(
    "benchmark",
    [pytest.param(b, id=b.name, marks=[pytest.mark.slow] if b.name in SERVED else []) for b in ALL],
)
def test_a_benchmark_measures_every_figure_it_declares(benchmark: Benchmark, place: SQLite) -> None:
    measured = benchmark.run(place, TINY)
    assert set(measured) == {line.key for line in benchmark.lines}
    assert all(math.isfinite(value) and value >= 0 for value in measured.values()), measured


def test_a_report_names_machine_figures_targets_and_verdicts() -> None:
    numbers = {b.name: {"sqlite": {line.key: 1.0 for line in b.lines}} for b in ALL}
    found = json.loads(json.dumps(report.document(ALL, numbers, TINY, report.environment())))
    assert {"cores", "load_average", "load_average_after", "SpiffWorkflow", "python"} <= set(found["environment"])
    verdicts = {f["figure"]: f["databases"]["sqlite"]["met"] for f in found["figures"]}
    assert verdicts["statements.statements"] is True and verdicts["completions.ratio"] is False
    assert verdicts["inbox.p95_ms"] is None, "measured on too little to tell"
    assert "NO" in report.table(found) and "≤ 7" in report.table(found)
