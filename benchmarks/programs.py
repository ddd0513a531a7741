"""What programs and designers wait for: a trial run, the linter, expressions."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import median

from benchmarks.figures import Benchmark, Line, Scale, at_most
from benchmarks.places import Place
from benchmarks.system import MODELS
from engine import expressions
from engine.inspection.installation import roles, services
from engine.lint.bundle import process_folders, read_bundle
from engine.lint.linter import lint
from engine.settings import Settings

LINES = (
    Line("run_s", "lianjian run of a small diagram, wall", "s", at_most(1)),
    Line("lint_ms", "linting one shipped process, mean CPU", "ms"),
    Line("lint_most_ms", "of these the slowest", "ms"),
    Line("expressions_per_s", "evaluations of a gateway condition per CPU-second", "1/s"),
)
CONDITION = 'if count(findings[problem = true]) > 2 then "立案" else conclusion.result = "有问题" and limit < 30'
SCOPE = {
    "findings": [{"problem": False}, {"problem": True}, {"problem": False}],
    "conclusion": {"result": "有问题"},
    "limit": 15,
}


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    lints = _lints(scale)
    return {
        "run_s": median(_trial() for _ in range(scale.rounds)),
        "lint_ms": sum(lints) / len(lints) * 1000,
        "lint_most_ms": max(lints) * 1000,
        "expressions_per_s": scale.expressions / _evaluate(scale.expressions),
    }


def _trial() -> float:
    started = time.perf_counter()
    subprocess.run(
        [sys.executable, "-m", "engine.cli", "run", str(MODELS / "plain" / "plain.bpmn"), "--json"], check=True,
        cwd=MODELS.parent.parent, capture_output=True,
    )  # fmt: skip
    return time.perf_counter() - started


def _lints(scale: Scale) -> list[float]:
    settings = Settings()
    folders = process_folders(settings.process_dir)
    if scale.name == "tiny":
        folders = folders[:1]
    bundles = [read_bundle(folder, settings.form_dir) for folder in folders]
    lint(bundles[0], roles=roles(), services=services())  # loads the rules
    found = []
    for bundle in bundles:
        before = time.process_time()
        lint(bundle, roles=roles(), services=services())
        found.append(time.process_time() - before)
    return found


def _evaluate(times: int) -> float:
    """CPU seconds of as many evaluations, each from the text as a step does it."""
    now = datetime.now(UTC)
    before = time.process_time()
    for _ in range(times):
        expressions.parse(CONDITION).evaluate(SCOPE, {}, now)
    return max(time.process_time() - before, 1e-6)


BENCHMARK = Benchmark("programs", "trial runs, the linter, expressions", LINES, run)
