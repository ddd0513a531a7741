"""The assignment against its rule written down literally: for every choice the rest is tried as a maximum flow.

"The first candidate whose choice still leaves a complete legal assignment": nothing here is
shared with the implementation but the hash function.  Flow nodes are split so that a person
serves a job at most once: person → intake of the job (by what they are) → slot → sink.
"""

from __future__ import annotations

import hashlib
import random
from itertools import count

import pytest

from engine.inspection.assignment import Candidate, Infeasible, Job, assign


def H(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def may(person: Candidate, job: Job, recused: set[tuple[str, str]]) -> bool:
    near = person.department == job.department and job.region in person.regions
    return near and not any((person.id, o) in recused for o in job.objects)


def officer(person: Candidate, job: Job) -> bool:
    return all(item in person.items for item in job.items)


def completable(open_slots, fixed, jobs, people, recused, cap) -> bool:
    """Can all ``open_slots`` [(job, slot)] be filled beside ``fixed`` {(job, slot): person}?  Ford and Fulkerson."""
    room: dict[tuple, dict[tuple, int]] = {}

    def edge(a: tuple, b: tuple, capacity: int) -> None:
        room.setdefault(a, {})[b] = room.get(a, {}).get(b, 0) + capacity
        room.setdefault(b, {}).setdefault(a, 0)

    load = {p.id: 0 for p in people}
    for person in fixed.values():
        load[person] += 1
    by_name = {job.job: job for job in jobs}
    for p in people:
        edge(("source",), ("person", p.id), max(0, cap - load[p.id]))
    for name in {name for name, _ in open_slots}:
        job = by_name[name]
        for p in people:
            if may(p, job, recused) and p.id not in [fixed.get((name, 0)), fixed.get((name, 1))]:
                edge(("person", p.id), ("officer" if officer(p, job) else "other", name), 1)
        edge(("officer", name), ("other", name), 2)
    for name, slot in open_slots:
        edge(("officer" if slot == 0 else "other", name), ("slot", name, slot), 1)
        edge(("slot", name, slot), ("sink",), 1)

    flow = 0
    while True:
        before: dict[tuple, tuple] = {("source",): ("source",)}
        todo = [("source",)]
        for node in todo:
            for following, left in room.get(node, {}).items():
                if left > 0 and following not in before:
                    before[following] = node
                    todo.append(following)
        if ("sink",) not in before:
            return flow == len(open_slots)
        node = ("sink",)
        while node != ("source",):
            room[before[node]][node] -= 1
            room[node][before[node]] += 1
            node = before[node]
        flow += 1


def literally(jobs, people, recusals, seed, cap):
    """``{job: [officer, second]}`` by the letter of the rule; None when there is no complete assignment."""
    recused = set(recusals)
    ordered = sorted(jobs, key=lambda j: (H(f"{seed}|J|{j.job}"), j.job.encode()))
    slots = [(job.job, slot) for job in ordered for slot in (0, 1)]
    if not completable(slots, {}, jobs, people, recused, cap):
        return None
    fixed: dict[tuple[str, int], str] = {}
    for n, (name, slot) in enumerate(slots):
        job = next(j for j in ordered if j.job == name)
        load = {p.id: sum(person == p.id for person in fixed.values()) for p in people}
        able = [
            p for p in people
            if may(p, job, recused) and (slot == 1 or officer(p, job)) and p.id != fixed.get((name, 0))
            and load[p.id] < cap
        ]  # fmt: skip
        able.sort(key=lambda p: (load[p.id], H(f"{seed}|P|{name}|{p.id}"), p.id.encode()))
        for p in able:
            fixed[name, slot] = p.id
            if completable(slots[n + 1 :], fixed, jobs, people, recused, cap):
                break
            del fixed[name, slot]
    return {job.job: [fixed[job.job, 0], fixed[job.job, 1]] for job in ordered}


def instance(number: int):
    """A small tight instance: few people, low cap, several regions and items, recusals, groups."""
    rng = random.Random(f"tight {number}")
    regions, items = ["R1", "R2"], ["I1", "I2"]
    people = [
        Candidate(
            f"P{n}", "D", tuple(sorted(rng.sample(regions, rng.randint(1, 2)))),
            tuple(sorted(rng.sample(items, rng.randint(0, 2)))),
        )
        for n in range(rng.randint(4, 8))
    ]  # fmt: skip
    serial = count()
    jobs = []
    for n in range(rng.randint(2, 6)):
        objects = tuple(f"O{next(serial)}" for _ in range(rng.randint(1, 3)))
        jobs.append(Job(f"G{n}|D", objects, "D", rng.choice(regions), tuple(sorted(rng.sample(items, 1)))))
    objects = [o for job in jobs for o in job.objects]
    recusals = [(rng.choice(people).id, rng.choice(objects)) for _ in range(rng.randint(0, 4))]
    return jobs, people, recusals, H(f"seed {number}"), rng.randint(1, 3)


@pytest.mark.parametrize("block", range(4))
def test_the_implementation_is_the_rule_by_the_letter_on_random_tight_instances(block: int) -> None:
    feasible = 0
    for number in range(block * 100, block * 100 + 100):
        jobs, people, recusals, seed, cap = instance(number)
        expected = literally(jobs, people, recusals, seed, cap)
        try:
            found = assign(jobs, people, recusals, seed=seed, per_inspector=cap)
        except Infeasible as infeasible:
            assert expected is None and sum(s.short for s in infeasible.shortages) > 0, number
        else:
            assert found == expected, number
            feasible += 1
    assert 20 <= feasible <= 90  # both outcomes occur often
