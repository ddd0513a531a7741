"""Whether people suffice for the visits to come, by plain sums; assignment gives the last word."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from engine.inspection.assignment import Candidate, Infeasible, Job, Shortage, assign

#: (department, region) → jobs; a fraction when they are only expected.
Work = Mapping[tuple[str, str], float]


def short_sums(
    work: Work, department_items: Mapping[str, Sequence[str]], inspectors: Sequence[Candidate], per_inspector: int
) -> list[Shortage]:
    """Departments whose people could not do the work even if every one of them could go anywhere."""
    short = []
    for department, items in department_items.items():
        jobs = math.ceil(sum(count for (d, _), count in work.items() if d == department))
        people = [p for p in inspectors if p.department == department]
        officers = [p for p in people if set(items) <= set(p.items)]
        regions = tuple(sorted(region for d, region in work if d == department))
        for slots, able, second in ((jobs, officers, 0), (2 * jobs, people, jobs)):
            capacity = len(able) * per_inspector
            if slots > capacity:
                short.append(
                    Shortage(
                        (department,), regions, tuple(items), jobs, second, len(able), capacity, slots - capacity
                    )
                )  # fmt: skip
                break
    return short


def short_places(
    places: Iterable[tuple[str, str]], department_items: Mapping[str, Sequence[str]],
    inspectors: Sequence[Candidate], seed: str,
) -> Sequence[Shortage]:  # fmt: skip
    """Places (department, region) for which nobody, or nobody qualified, is there: the draw may hit any of them."""
    jobs = [Job(f"{region}|{d}", (), d, region, tuple(department_items[d])) for d, region in sorted(places)]
    try:
        assign(jobs, inspectors, (), seed=seed)
    except Infeasible as infeasible:
        return infeasible.shortages
    return ()


def advice(per_inspector: int) -> str:
    """What an official can do about it before the lists are frozen."""
    return f"请缩小范围、降低比例、提高每人上限（现为 {per_inspector} 个检查任务）或者增加人员。"
