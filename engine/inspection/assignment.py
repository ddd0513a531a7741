"""Who inspects which drawn object: the assignment of protocol SSJ1.

A job is a drawn object (or a group of nearby ones) and a department.  It has two
slots: a qualified officer (专业执法人员), qualified for every item of the job, and any
second certified person of the department and region.  Both are distinct, neither is
recused, nobody exceeds the cap.

Jobs are taken in the order of ``H(seed"|J|"job)``, the qualified slot first; candidates
in the order of ``(load in this draw, H(seed"|P|"job"|"inspector))``.  The first is taken
whose choice still leaves a complete legal assignment.  Plain greedy that never gets
stuck is that answer, so look-ahead (:mod:`engine.inspection.assignment_lookahead`) runs
only in the components of the eligibility graph where greedy got stuck.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from engine.inspection.draw import digest_hex, new_hash

UNLIMITED = 1 << 30


@dataclass(frozen=True, slots=True)
class Job:
    """One visit of one department; ``job`` is ``object|department`` or ``group|department``."""

    job: str
    objects: tuple[str, ...]
    department: str
    region: str
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Candidate:
    """An inspector as frozen: only people who may count as one of the two (never experts)."""

    id: str
    department: str
    regions: tuple[str, ...]
    items: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Shortage:
    """One block of slots that cannot all be filled, and everything that could have filled them."""

    departments: tuple[str, ...]
    regions: tuple[str, ...]
    items: tuple[str, ...]
    qualified_slots: int
    second_slots: int
    inspectors: int
    capacity: int
    short: int

    def cells(self, names: Mapping[str, str] | None = None) -> list[str]:
        """The block as a row: department, region, items, slots needed, people, capacity, short."""
        say = (names or {}).get
        slots = [f"专业执法人员 {self.qualified_slots} 个"] if self.qualified_slots else []
        slots += [f"第二名执法人员 {self.second_slots} 个"] if self.second_slots else []
        return [
            _listed(self.departments, say), _listed(self.regions, say),
            _listed(self.items, say) if self.qualified_slots else "—", "、".join(slots), f"{self.inspectors} 人",
            f"{self.capacity} 个", f"{self.short} 个",
        ]  # fmt: skip

    def words(self, names: Mapping[str, str] | None = None) -> str:
        """The block in Chinese; ``names`` turns codes into what officials call them."""
        say = (names or {}).get
        parts = []
        if self.qualified_slots:
            parts.append(f"专业执法人员名额 {self.qualified_slots} 个")
        if self.second_slots:
            parts.append(f"第二名执法人员名额 {self.second_slots} 个")
        where = [f"部门 {_listed(self.departments, say)}", f"片区 {_listed(self.regions, say)}"]
        if self.qualified_slots and self.items:
            where.append(f"事项 {_listed(self.items, say)}")
        return (
            f"需要{'、'.join(parts)}（{'，'.join(where)}）；"
            f"符合条件 {self.inspectors} 人，最多可承担 {self.capacity} 个；缺 {self.short} 个"
        )


def _listed(codes: Sequence[str], say: Callable[[str, str], str]) -> str:
    shown = "、".join(say(code, code) for code in codes[:6])
    return f"{shown} 等 {len(codes)} 个" if len(codes) > 6 else shown


#: Blocks said in one sentence; more are counted.
MOST_SAID = 8


def merged(shortages: Iterable[Shortage]) -> list[Shortage]:
    """Blocks of the same departments and items as one each, the shortest of people first.

    Blocks share neither slots nor people, so their numbers add up exactly.
    """
    alike: dict[tuple[tuple[str, ...], tuple[str, ...]], list[Shortage]] = {}
    for block in shortages:
        alike.setdefault((block.departments, block.items), []).append(block)
    joined = [
        Shortage(
            departments=departments,
            regions=tuple(sorted({region for block in blocks for region in block.regions})),
            items=items,
            qualified_slots=sum(block.qualified_slots for block in blocks),
            second_slots=sum(block.second_slots for block in blocks),
            inspectors=sum(block.inspectors for block in blocks),
            capacity=sum(block.capacity for block in blocks),
            short=sum(block.short for block in blocks),
        )
        for (departments, items), blocks in alike.items()
    ]
    return sorted(joined, key=lambda block: (-block.short, block.departments, block.items))


#: Headings of :meth:`Shortage.cells`.
SHORTAGE_HEAD = ["部门", "片区", "事项", "需要名额", "符合条件", "最多可承担", "缺"]


class Infeasible(Exception):
    """No complete legal assignment exists; ``shortages`` lists every block that is short."""

    def __init__(self, shortages: Sequence[Shortage]) -> None:
        self.shortages = tuple(shortages)
        super().__init__(self.words())

    def words(self, names: Mapping[str, str] | None = None) -> str:
        """Everything that is short, in Chinese, one block a sentence, the worst first."""
        blocks = merged(self.shortages)
        said = "；另有：".join(block.words(names) for block in blocks[:MOST_SAID])
        rest = blocks[MOST_SAID:]
        return f"{said}；此外还有 {len(rest)} 处共缺 {sum(b.short for b in rest)} 个。" if rest else f"{said}。"


@dataclass(slots=True)
class Pool:
    """The people who may work a kind of job (department, region, items), as indices."""

    members: list[int]
    qualified: list[int]


@dataclass(slots=True)
class Problem:
    """One connected component: its jobs in draw order and who may take them."""

    jobs: list[Job] = field(default_factory=list)
    pools: list[Pool] = field(default_factory=list)
    barred: list[frozenset[int]] = field(default_factory=list)


@dataclass(slots=True)
class Setting:
    """What every component shares."""

    ids: list[str]
    raw_ids: list[bytes]
    loads: list[int]
    cap: int
    seed: str
    hash_name: str


class Rank:
    """The order of candidates of equal load for one job; people are numbered by their ids, which breaks ties."""

    __slots__ = ("_copy", "_known", "_raw_ids")

    def __init__(self, setting: Setting, job: Job) -> None:
        self._copy = new_hash(setting.hash_name, f"{setting.seed}|P|{job.job}|".encode()).copy
        self._raw_ids = setting.raw_ids
        self._known: dict[int, bytes] = {}  # the second slot asks for many people of the first again

    def digest(self, person: int) -> bytes:
        """``H(seed"|P|"job"|"inspector)``."""
        found = self._known.get(person)
        if found is None:
            ticket = self._copy()
            ticket.update(self._raw_ids[person])
            found = self._known[person] = ticket.digest()
        return found

    def first(self, people: Iterable[int]) -> int:
        """Whoever comes first; :meth:`digest` written out, for this loop is nearly all the work of an assignment."""
        known, copy, raw_ids = self._known, self._copy, self._raw_ids
        known_digest = known.get
        best, least = -1, b"\xff" * 33
        for person in people:
            digest = known_digest(person)
            if digest is None:
                ticket = copy()
                ticket.update(raw_ids[person])
                digest = known[person] = ticket.digest()
            if digest < least:
                best, least = person, digest
        return best


def job_order(jobs: Iterable[Job], seed: str, hash_name: str = "sha256") -> list[Job]:
    """Jobs in the order in which they choose."""
    return sorted(jobs, key=lambda job: (digest_hex(hash_name, f"{seed}|J|{job.job}"), job.job.encode()))


def assign(
    jobs: Iterable[Job],
    candidates: Sequence[Candidate],
    recusals: Iterable[tuple[str, str]] = (),
    *,
    seed: str,
    per_inspector: int | None = None,
    hash_name: str = "sha256",
    loads: Mapping[str, int] | None = None,
) -> dict[str, list[str]]:
    """``{job: [qualified officer, second person]}`` in job order.

    ``recusals`` are pairs (inspector, object).  ``loads`` are jobs people already have
    in this draw; they stay as they are (substitution freezes the rest).
    Raises :class:`Infeasible` when no complete legal assignment exists.
    """
    people = sorted(candidates, key=lambda c: c.id.encode())
    setting = Setting(
        ids=[c.id for c in people],
        raw_ids=[c.id.encode() for c in people],
        loads=[(loads or {}).get(c.id, 0) for c in people],
        cap=UNLIMITED if per_inspector is None else per_inspector,
        seed=seed,
        hash_name=hash_name,
    )
    result: dict[str, list[str]] = {}
    shortages: list[Shortage] = []
    ordered = job_order(jobs, seed, hash_name)
    for problem in _components(ordered, people, recusals):
        before = list(setting.loads)
        pairs = _greedy(problem, setting)
        if pairs is None:
            # Imported here: look-ahead is the exception and builds on this module's types.
            from engine.inspection.assignment_lookahead import LookAhead

            setting.loads[:] = before
            ahead = LookAhead(problem, setting)
            if ahead.shortages:
                shortages += ahead.shortages
                continue
            pairs = ahead.solve()
        for job, (first, second) in zip(problem.jobs, pairs, strict=True):
            result[job.job] = [setting.ids[first], setting.ids[second]]
    if shortages:
        raise Infeasible(shortages)
    return {job.job: result[job.job] for job in ordered}


def next_candidate(
    job: Job,
    slot: int,
    pair: Sequence[str],
    candidates: Sequence[Candidate],
    recusals: Iterable[tuple[str, str]],
    loads: Mapping[str, int],
    *,
    seed: str,
    per_inspector: int | None = None,
    hash_name: str = "sha256",
) -> str | None:
    """Who replaces ``pair[slot]`` after the draw: everything else frozen, the next candidate of that slot.

    ``slot`` 0 is the qualified officer.  ``None`` when nobody is left.
    """
    known = frozenset(recusals)
    cap = UNLIMITED if per_inspector is None else per_inspector
    eligible = [
        c
        for c in candidates
        if c.department == job.department
        and job.region in c.regions
        and (slot == 1 or set(job.items) <= set(c.items))
        and c.id not in pair
        and loads.get(c.id, 0) < cap
        and not any((c.id, o) in known for o in job.objects)
    ]
    if not eligible:
        return None
    prefix = f"{seed}|P|{job.job}|"
    return min(eligible, key=lambda c: (loads.get(c.id, 0), digest_hex(hash_name, prefix + c.id), c.id.encode())).id


def _components(jobs: Sequence[Job], people: Sequence[Candidate], recusals: Iterable[tuple[str, str]]) -> list[Problem]:
    """Split the jobs into components that share no inspector."""
    by_place: dict[tuple[str, str], list[int]] = {}
    for index, person in enumerate(people):
        for region in person.regions:
            by_place.setdefault((person.department, region), []).append(index)
    index_of = {person.id: index for index, person in enumerate(people)}
    barred: dict[str, set[int]] = {}
    for inspector, object_id in recusals:
        if inspector in index_of:
            barred.setdefault(object_id, set()).add(index_of[inspector])
    item_sets = [frozenset(person.items) for person in people]

    parent = list(range(len(people)))

    def find(x: int) -> int:
        while parent[x] != x:
            parent[x] = parent[parent[x]]
            x = parent[x]
        return x

    pools: dict[tuple[str, str, tuple[str, ...]], Pool] = {}
    for job in jobs:
        kind = (job.department, job.region, job.items)
        if kind not in pools:
            members = by_place.get((job.department, job.region), [])
            needed = frozenset(job.items)
            pools[kind] = Pool(members, [i for i in members if needed <= item_sets[i]])
            for member in members[1:]:
                parent[find(member)] = find(members[0])
    problems: dict[object, Problem] = {}
    for job in jobs:
        kind = (job.department, job.region, job.items)
        pool = pools[kind]
        problem = problems.setdefault(find(pool.members[0]) if pool.members else kind, Problem())
        problem.jobs.append(job)
        problem.pools.append(pool)
        out: set[int] = set()
        for object_id in job.objects:
            out |= barred.get(object_id, set())
        problem.barred.append(frozenset(out))
    return list(problems.values())


def _greedy(problem: Problem, setting: Setting) -> list[tuple[int, int]] | None:
    """The plain rule without look-ahead; None when a slot finds nobody.  Updates the loads."""
    pairs = []
    loads = setting.loads
    for job, pool, barred in zip(problem.jobs, problem.pools, problem.barred, strict=True):
        rank = Rank(setting, job)
        first = _first_choice(pool.qualified, barred, -1, loads, setting.cap, rank)
        if first is None:
            return None
        loads[first] += 1
        second = _first_choice(pool.members, barred, first, loads, setting.cap, rank)
        if second is None:
            return None
        loads[second] += 1
        pairs.append((first, second))
    return pairs


def _first_choice(
    people: Sequence[int],
    barred: frozenset[int],
    taken: int,
    loads: Sequence[int],
    cap: int,
    rank: Rank,
) -> int | None:
    """The first of ``people`` by (load, rank) who is neither barred nor ``taken`` nor at the cap."""
    free = [p for p in people if p not in barred] if barred else people
    burdens = [loads[p] for p in free if p != taken]
    if not burdens:
        return None
    least = min(burdens)
    if least >= cap:
        return None
    return rank.first([p for p in free if loads[p] == least and p != taken])
