"""The assignment against an independent, literal reading of the protocol.

The oracle asks a textbook maximum flow, from scratch, before every single choice:
"take the first candidate whose choice still leaves a complete legal assignment".
"""

from __future__ import annotations

import hashlib
import random
from collections import defaultdict, deque

import pytest

from engine.inspection.assignment import Candidate, Infeasible, Job, assign

Edges = dict[object, dict[object, int]]


def max_flow(capacity: Edges, source: object, sink: object) -> int:
    """Edmonds and Karp, as in the textbook."""
    flow = 0
    while True:
        before: dict[object, object] = {source: None}
        queue = deque([source])
        while queue and sink not in before:
            node = queue.popleft()
            for other, room in capacity[node].items():
                if room > 0 and other not in before:
                    before[other] = node
                    queue.append(other)
        if sink not in before:
            return flow
        node = sink
        while before[node] is not None:
            capacity[before[node]][node] -= 1
            capacity[node][before[node]] = capacity[node].get(before[node], 0) + 1
            node = before[node]
        flow += 1


def can_complete(open_slots, fixed_pairs, jobs, people, recusals, loads, cap) -> bool:
    """Is there a complete legal assignment of ``open_slots`` (job index, slot) given what is fixed?"""
    capacity: Edges = defaultdict(dict)
    wanted = 0
    for person in people:
        capacity["source"][("person", person.id)] = cap - loads[person.id]
    for index, job in enumerate(jobs):
        slots = [slot for j, slot in open_slots if j == index]
        if not slots:
            continue
        wanted += len(slots)
        for person in people:
            if person.id in fixed_pairs[index] or not eligible(person, job, 1, recusals):
                continue
            intake = ("Q", index) if eligible(person, job, 0, recusals) else ("S", index)
            capacity[("person", person.id)][intake] = 1
        if 0 in slots:
            capacity[("Q", index)]["sink"] = 1
        if 1 in slots:
            capacity[("S", index)]["sink"] = 1
            capacity[("Q", index)][("S", index)] = 1
    capacity["sink"] = {}
    return max_flow(capacity, "source", "sink") == wanted


def eligible(person: Candidate, job: Job, slot: int, recusals) -> bool:
    if person.department != job.department or job.region not in person.regions:
        return False
    if any((person.id, o) in recusals for o in job.objects):
        return False
    return slot == 1 or all(item in person.items for item in job.items)


def h(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def literal(jobs, people, recusals, seed, cap) -> dict[str, list[str]] | None:
    jobs = sorted(jobs, key=lambda j: h(f"{seed}|J|{j.job}"))
    loads = dict.fromkeys((p.id for p in people), 0)
    fixed: list[list[str]] = [[] for _ in jobs]
    open_slots = [(i, s) for i in range(len(jobs)) for s in (0, 1)]
    if not can_complete(open_slots, fixed, jobs, people, recusals, loads, cap):
        return None
    while open_slots:
        index, slot = open_slots.pop(0)
        job = jobs[index]
        for person in sorted(people, key=lambda p: (loads[p.id], h(f"{seed}|P|{job.job}|{p.id}"))):
            if person.id in fixed[index] or loads[person.id] >= cap or not eligible(person, job, slot, recusals):
                continue
            fixed[index].append(person.id)
            loads[person.id] += 1
            if can_complete(open_slots, fixed, jobs, people, recusals, loads, cap):
                break
            fixed[index].pop()
            loads[person.id] -= 1
        else:
            raise AssertionError("a complete assignment existed a moment ago")
    return {job.job: pair for job, pair in zip(jobs, fixed, strict=True)}


def tight_instance(number: int):
    """A small random instance near the edge of feasibility, the same on every machine."""
    rng = random.Random(f"SSJ1 tight {number}")
    regions = ["R1", "R2", "R3"][: rng.randint(1, 3)]
    departments = ["SCJG", "YJJ"][: rng.randint(1, 2)]
    items = ["I1", "I2"]
    people = []
    for n in range(rng.randint(3, 9)):
        people.append(
            Candidate(
                f"P{n:02d}",
                rng.choice(departments),
                tuple(sorted(rng.sample(regions, rng.randint(1, len(regions))))),
                tuple(sorted(rng.sample(items, rng.randint(0, 2)))),
            )
        )
    jobs = []
    for n in range(rng.randint(2, 8)):
        region = rng.choice(regions)
        department = rng.choice(departments)
        jobs.append(Job(f"O{n}|{department}", (f"O{n}",), department, region, (rng.choice(items),)))
    recusals = {(rng.choice(people).id, f"O{rng.randrange(8)}") for _ in range(rng.randint(0, 4))}
    return jobs, people, recusals, h(f"seed {number}"), rng.randint(1, 5)


@pytest.mark.parametrize("block", range(8))
def test_assignment_equals_the_literal_rule_on_tight_instances(block: int):
    outcomes = {"feasible": 0, "infeasible": 0}
    for number in range(block * 100, block * 100 + 100):
        jobs, people, recusals, seed, cap = tight_instance(number)
        expected = literal(jobs, people, recusals, seed, cap)
        if expected is None:
            with pytest.raises(Infeasible):
                assign(jobs, people, recusals, seed=seed, per_inspector=cap)
            outcomes["infeasible"] += 1
        else:
            assert assign(jobs, people, recusals, seed=seed, per_inspector=cap) == expected, number
            outcomes["feasible"] += 1
    assert min(outcomes.values()) > 10


def greedy_is_stuck(jobs, people, recusals, seed, cap) -> bool:
    loads = dict.fromkeys((p.id for p in people), 0)
    for job in sorted(jobs, key=lambda j: h(f"{seed}|J|{j.job}")):
        pair: list[str] = []
        for slot in (0, 1):
            free = [p for p in people if p.id not in pair and loads[p.id] < cap and eligible(p, job, slot, recusals)]
            if not free:
                return True
            chosen = min(free, key=lambda p: (loads[p.id], h(f"{seed}|P|{job.job}|{p.id}"))).id
            pair.append(chosen)
            loads[chosen] += 1
    return False


def test_the_tight_instances_do_exercise_look_ahead():
    stuck = 0
    for number in range(800, 1600):
        jobs, people, recusals, seed, _ = tight_instance(number)
        for cap in range(1, 9):  # the smallest cap that works leaves the least room
            expected = literal(jobs, people, recusals, seed, cap)
            if expected is not None:
                assert assign(jobs, people, recusals, seed=seed, per_inspector=cap) == expected, number
                stuck += greedy_is_stuck(jobs, people, recusals, seed, cap)
                break
    assert stuck >= 20


def test_the_explanation_counts_exactly_the_slots_that_stay_empty():
    explained = 0
    for number in range(300):
        jobs, people, recusals, seed, cap = tight_instance(number)
        try:
            assign(jobs, people, recusals, seed=seed, per_inspector=cap)
        except Infeasible as infeasible:
            short = sum(s.short for s in infeasible.shortages)
            best = most_slots(jobs, people, recusals, cap)
            assert short == 2 * len(jobs) - best
            for shortage in infeasible.shortages:
                assert shortage.capacity + shortage.short == shortage.qualified_slots + shortage.second_slots
            explained += 1
    assert explained > 50


def most_slots(jobs, people, recusals, cap) -> int:
    capacity: Edges = defaultdict(dict)
    for person in people:
        capacity["source"][("person", person.id)] = cap
    for index, job in enumerate(jobs):
        for person in people:
            if eligible(person, job, 1, recusals):
                intake = ("Q", index) if eligible(person, job, 0, recusals) else ("S", index)
                capacity[("person", person.id)][intake] = 1
        capacity[("Q", index)] = {"sink": 1, ("S", index): 1}
        capacity[("S", index)]["sink"] = 1
    capacity["sink"] = {}
    return max_flow(capacity, "source", "sink")


def test_look_ahead_agrees_on_larger_tight_instances():
    """Caps exactly exhausted: every slot counts, so greedy gets stuck again and again."""
    compared = 0
    for number in range(12):
        rng = random.Random(f"SSJ1 exact {number}")
        regions = ["R1", "R2", "R3", "R4"]
        people = [
            Candidate(
                f"P{n:02d}",
                "SCJG",
                tuple(sorted(rng.sample(regions, rng.choice((1, 1, 2, 3))))),
                ("I1",) if rng.random() < 0.6 else (),
            )
            for n in range(14)
        ]
        jobs = [Job(f"O{n}|SCJG", (f"O{n}",), "SCJG", rng.choice(regions), ("I1",)) for n in range(20)]
        seed = h(f"exact {number}")
        for cap in range(2, 9):
            expected = literal(jobs, people, set(), seed, cap)
            if expected is not None:
                assert assign(jobs, people, seed=seed, per_inspector=cap) == expected
                compared += 1
                break
    assert compared >= 6
