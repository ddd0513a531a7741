"""Look-ahead of the assignment: exact where plain greedy got stuck.

Keeps one complete legal assignment of everything still open and asks, candidate by
candidate, whether it can be rearranged around that choice.  The question is a maximum
flow: person → (job's qualified intake ``Q`` | job's second intake ``S``), ``Q`` → ``S``,
``Q`` → qualified slot, ``S`` → second slot, every edge of capacity one, every person of
capacity "cap minus what is fixed".  One choice disturbs the flow by one unit, so one
augmenting path answers exactly.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from engine.inspection.assignment import Pool, Problem, Rank, Setting, Shortage

#: A node of the search: ("P", person), ("Q", job) or ("S", job).
Node = tuple[str, int]


class Circle:
    """The people who may work a job, recused ones removed; shared by all jobs alike."""

    def __init__(self, pool: Pool, barred: frozenset[int]) -> None:
        self.members = [p for p in pool.members if p not in barred]
        self.officers = [p for p in pool.qualified if p not in barred]
        self.qualified = frozenset(self.officers)
        self.others = [p for p in self.members if p not in self.qualified]


@dataclass(slots=True)
class Block:
    """Slots that are short together: every node reachable from them, and how many stay empty."""

    nodes: set[Node]
    short: int


class LookAhead:
    """One component.  ``shortages`` is empty exactly when a complete legal assignment exists."""

    def __init__(self, problem: Problem, setting: Setting) -> None:
        self._problem = problem
        self._setting = setting
        count = len(problem.jobs)
        circles: dict[tuple[int, frozenset[int]], Circle] = {}
        self._circles: list[Circle] = []
        for pool, barred in zip(problem.pools, problem.barred, strict=True):
            kind = (id(pool), barred)
            if kind not in circles:
                circles[kind] = Circle(pool, barred)
            self._circles.append(circles[kind])
        #: who holds an open slot of each job in the assignment kept in the background
        self._used: list[set[int]] = [set() for _ in range(count)]
        #: does the job's qualified intake pass one person on to the second slot?
        self._passes: list[bool] = [False] * count
        #: the officer already fixed in the qualified slot, who may not be the second as well
        self._officer: list[int] = [-1] * count
        #: loads including the background assignment
        self._loads = list(setting.loads)
        self._holds: dict[int, set[int]] = {p: set() for circle in circles.values() for p in circle.members}
        #: nodes of failed searches → their block; no later path can lead through them
        self._dead: dict[Node, int] = {}
        self._blocks: dict[int, Block] = {}
        self._buried = 0
        for job in range(count):
            for node in (("Q", job), ("S", job)):
                if not self._augment(node):
                    self._bury(node)
        self.shortages = [self._shortage(block) for block in self._blocks.values()]

    def solve(self) -> list[tuple[int, int]]:
        """The pairs, job by job; fixed loads are added to the setting."""
        pairs = []
        fixed = self._setting.loads
        for job, frozen in enumerate(self._problem.jobs):
            rank = Rank(self._setting, frozen)
            circle = self._circles[job]
            keys = {p: rank.digest(p) for p in circle.members}

            def order(person: int, keys: dict[int, bytes] = keys) -> tuple[int, bytes, int]:
                return fixed[person], keys[person], person

            officer = next(p for p in sorted(circle.qualified, key=order) if self._fix_officer(job, p))
            fixed[officer] += 1
            others = [p for p in circle.members if p != officer]
            second = next(p for p in sorted(others, key=order) if self._fix_second(job, p))
            fixed[second] += 1
            pairs.append((officer, second))
        return pairs

    # -------------------------------------------------------------- fixing one slot

    def _fix_officer(self, job: int, person: int) -> bool:
        """Fix ``person`` in the qualified slot if the rest can still be completed; else change nothing."""
        used = self._used[job]
        if person in used:
            used.discard(person)
            self._holds[person].discard(job)
            (other,) = used
            self._passes[job] = other in self._circles[job].qualified
            self._officer[job] = person
            return True
        leaving = min(used)  # whichever of the two stays can be the second; augmentation covers the other choice
        passed = self._passes[job]
        self._release(job, leaving)
        (other,) = used
        self._passes[job] = other in self._circles[job].qualified
        self._officer[job] = person
        if self._make_room(person):
            return True
        self._officer[job] = -1
        self._take(job, leaving)
        self._passes[job] = passed
        return False

    def _fix_second(self, job: int, person: int) -> bool:
        """Fix ``person`` in the second slot if the rest can still be completed; else change nothing."""
        (holder,) = self._used[job]
        if person == holder:
            self._used[job].clear()
            self._holds[person].discard(job)
            return True
        self._release(job, holder)
        if self._make_room(person):
            return True
        self._take(job, holder)
        return False

    def _make_room(self, person: int) -> bool:
        """Charge one fixed slot to ``person``, moving an open one of theirs elsewhere when they are full."""
        loads = self._loads
        if loads[person] < self._setting.cap:
            loads[person] += 1
            return True
        if not self._holds[person]:
            return False
        moved = min(self._holds[person])
        self._release(moved, person)
        loads[person] += 1
        if self._augment(("Q" if person in self._circles[moved].qualified else "S", moved)):
            return True
        loads[person] -= 1
        self._take(moved, person)
        return False

    def _take(self, job: int, person: int) -> None:
        self._used[job].add(person)
        self._holds[person].add(job)
        self._loads[person] += 1

    def _release(self, job: int, person: int) -> None:
        self._used[job].discard(person)
        self._holds[person].discard(job)
        self._loads[person] -= 1

    # -------------------------------------------------------------- augmenting paths

    def _neighbours(self, node: Node) -> list[Node]:
        """From where the missing unit at ``node`` could come."""
        kind, index = node
        if kind == "P":
            return [("Q" if index in self._circles[j].qualified else "S", j) for j in sorted(self._holds[index])]
        used, officer, circle = self._used[index], self._officer[index], self._circles[index]
        if kind == "Q":
            found: list[Node] = [("P", p) for p in circle.officers if p not in used and p != officer]
            if self._passes[index]:
                found.append(("S", index))
            return found
        found = [("P", p) for p in circle.others if p not in used and p != officer]
        if not self._passes[index]:
            found.append(("Q", index))
        return found

    def _search(self, start: Node) -> tuple[Node | None, dict[Node, Node]]:
        """Breadth first from ``start`` to a person with room; the second answer maps nodes to predecessors."""
        before: dict[Node, Node] = {start: start}
        queue = deque([start])
        while queue:
            node = queue.popleft()
            for following in self._neighbours(node):
                if following in before or following in self._dead:
                    continue
                before[following] = node
                if following[0] == "P" and self._loads[following[1]] < self._setting.cap:
                    return following, before
                queue.append(following)
        return None, before

    def _augment(self, start: Node) -> bool:
        """Bring one more unit to ``start``, rearranging others; False (and nothing changed) when impossible."""
        end, before = self._search(start)
        if end is None:
            return False
        node = end
        while node != start:
            previous = before[node]
            if node[0] == "P":
                self._take(previous[1], node[1])
            elif previous[0] == "P":
                self._release(node[1], previous[1])
            else:  # between the two intakes of one job
                self._passes[node[1]] = node[0] == "Q"
            node = previous
        return True

    # -------------------------------------------------------------- why not

    def _bury(self, start: Node) -> None:
        """Remember everything reachable from a slot nobody can fill, joined with the blocks it touches."""
        joined = Block(set(self._search(start)[1]), 1)
        touched = {following for node in joined.nodes for following in self._neighbours(node)} | {start}
        for number in {self._dead[node] for node in touched if node in self._dead}:
            block = self._blocks.pop(number)
            if len(block.nodes) > len(joined.nodes):
                block, joined = joined, block
            joined.nodes |= block.nodes
            joined.short += block.short
        self._buried += 1
        self._blocks[self._buried] = joined
        for node in joined.nodes:
            self._dead[node] = self._buried

    def _shortage(self, block: Block) -> Shortage:
        officers = [index for kind, index in block.nodes if kind == "Q"]
        seconds = [index for kind, index in block.nodes if kind == "S"]
        jobs = [self._problem.jobs[i] for i in {*officers, *seconds}]
        people: set[int] = set()
        for index in officers:
            people |= self._circles[index].qualified
        for index in seconds:
            people.update(self._circles[index].members)
        return Shortage(
            departments=tuple(sorted({job.department for job in jobs})),
            regions=tuple(sorted({job.region for job in jobs})),
            items=tuple(sorted({item for job in jobs for item in job.items})),
            qualified_slots=len(officers),
            second_slots=len(seconds),
            inspectors=len(people),
            capacity=len(officers) + len(seconds) - block.short,
            short=block.short,
        )
