"""Completions per server CPU-second over HTTP, against the stock library in the same stack."""

from __future__ import annotations

from collections.abc import Mapping
from statistics import median

from benchmarks import case
from benchmarks.figures import Benchmark, Line, Scale, at_least
from benchmarks.places import Place
from benchmarks.serving import Browser, Served, serving
from benchmarks.stock import StockStart
from benchmarks.system import DEPARTMENT, ROLE, hire, open_system, session_tokens
from engine.process_engine import ProcessEngine

LINES = (
    Line("ratio", "completions per server CPU-second over HTTP ÷ stock library", "×", at_least(3, 2.5)),
    Line("per_cpu_second", "completions per server CPU-second over HTTP", "1/s"),
    Line("stock_per_cpu_second", "the same on the stock library", "1/s"),
    Line("per_second", "completions per second, one client", "1/s"),
    Line("page_cpu_ms", "the task's page, server CPU", "ms"),
)


def run(place: Place, scale: Scale) -> Mapping[str, float]:
    engine = open_system(place.fresh(), place.scratch, case.KEY)
    official = hire(engine.database, engine.settings.district_id, [(DEPARTMENT, ROLE)])[0]
    token = session_tokens(engine.database, [official])[0]
    ours: list[float] = []
    stock: list[float] = []
    wall: list[float] = []
    pages: list[float] = []
    with serving(engine.settings) as served:
        product, other = Browser(served, token), Browser(served, token, stock=True)
        warmups = int(scale.rounds > 1)
        for number in range(scale.rounds + warmups):
            mine = [engine.execute(case.start("http"), actor=official) for _ in range(scale.cases)]
            theirs = [
                engine.execute(StockStart(case.business_key("stock")), actor=official) for _ in range(scale.cases)
            ]
            pages_cpu = _pages(engine, served, product, mine)
            _pages(engine, served, other, mine[:1])
            mine_cpu, mine_wall = _complete(engine, served, product, mine)
            theirs_cpu, _ = _complete(engine, served, other, theirs)
            if number >= warmups:
                ours.append(mine_cpu)
                stock.append(theirs_cpu)
                wall.append(mine_wall)
                pages.append(pages_cpu)
        product.close()
        other.close()
    engine.database.dispose()
    return {
        "ratio": median(theirs / mine for mine, theirs in zip(ours, stock, strict=True)),
        "per_cpu_second": 1 / median(ours),
        "stock_per_cpu_second": 1 / median(stock),
        "per_second": 1 / median(wall),
        "page_cpu_ms": median(pages) * 1000,
    }


def _pages(engine: ProcessEngine, served: Served, browser: Browser, instances: list[str]) -> float:
    """Server CPU seconds of a task's page."""
    tasks = [task for instance in instances if (task := case.next_task(engine.database, instance)) is not None]
    before = served.cpu()
    for _ in range(case.COMPLETIONS):
        for task in tasks:
            answer = browser.get(f"/tasks/{task.id}")
            if answer.status != 200:
                raise RuntimeError(f"a task's page answered {answer.status}")
    return max(served.cpu() - before, 1e-3) / (len(tasks) * case.COMPLETIONS)


def _complete(
    engine: ProcessEngine, served: Served, browser: Browser, instances: list[str]
) -> tuple[float, float]:  # fmt: skip
    """Server CPU seconds and client seconds of one submission, over all of some cases."""
    done, waited, before = 0, 0.0, served.cpu()
    for instance in instances:
        for task in case.open_tasks(engine.database, instance):
            fields = {"version": task.version, **case.VALUES[task.element_id]}
            answer = browser.post(f"/tasks/{task.id}", fields)
            if answer.status != 303:
                raise RuntimeError(f"a submission of {task.element_id} answered {answer.status}")
            waited += answer.seconds
            done += 1
    if done != len(instances) * case.COMPLETIONS:
        raise RuntimeError(f"{done} submissions instead of {len(instances) * case.COMPLETIONS}")
    return max(served.cpu() - before, 1e-3) / done, waited / done


BENCHMARK = Benchmark("completions", "submissions over HTTP", LINES, run)
