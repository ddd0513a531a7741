"""Who visits what: from drawn objects to inspection jobs (检查任务) and their leaders, by the rule frozen with a draw.

Two rules exist, named by the first word of ``jobs_rule`` in the manifest:

* ``object-department``: one job an object and department whose items apply to it;
  the job is ``object|department``.
* ``group-department``: objects of one region that lie near each other are visited
  together; the job is ``group|department``.  ``scope.tsv`` then has a fourth column, the
  object's place in a walk through the district that was fixed before the draw.  The drawn
  objects of a region, in the order of their places, are cut into the fewest runs of at most
  ``max`` objects, as equal as possible: of n objects in k runs the i-th (from 0) begins at
  ``i·n // k``.  Runs are numbered ``<region>-G001``, ``-G002`` …; those of the change
  number c after the draw ``<region>-C<c>G001`` ….

The leader (组长) of a visit is one of the pair of the first department, in the order of
``jobs_rule`` (the lead stands first), that visits: the qualified officer when the last
hex digit of ``H(seed"|L|"job)`` is even, else the second person.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from engine.inspection.assignment import Job
from engine.inspection.draw import digest_hex
from engine.inspection.draw_record import RecordUnreadable, listed, parse_table, table, unlisted

PER_OBJECT = "object-department"
GROUPED = "group-department"
#: A group is one morning's or afternoon's walk; more cannot be visited by one team in a day.
LARGEST_GROUP = 50


class Site(NamedTuple):
    """Where a candidate lies, who checks it, and its place in the walk (0 when objects are visited singly)."""

    region: str
    departments: Sequence[str]
    place: int = 0


@dataclass(frozen=True, slots=True)
class JobsRule:
    """``jobs_rule`` of a manifest; ``max_group`` is 0 when every object is a job of its own."""

    scope_sha256: str
    departments: Mapping[str, tuple[str, ...]]
    max_group: int = 0

    def text(self) -> str:
        """As it stands in the manifest."""
        head = [GROUPED, f"scope={self.scope_sha256}", f"max={self.max_group}"] if self.max_group else []
        parts = [f"{department}={listed(items)}" for department, items in self.departments.items()]
        return ";".join([*(head or [PER_OBJECT, f"scope={self.scope_sha256}"]), *parts])


def parse_jobs_rule(text: str) -> JobsRule | None:
    """The rule; None when it is not one this program knows."""
    kind, *parts = text.split(";")
    if kind not in (PER_OBJECT, GROUPED) or not parts or not parts[0].startswith("scope="):
        return None
    scope, max_group = parts.pop(0).removeprefix("scope="), 0
    if kind == GROUPED:
        size = parts.pop(0).removeprefix("max=") if parts and parts[0].startswith("max=") else ""
        if not size.isascii() or not size.isdigit() or not 2 <= int(size) <= LARGEST_GROUP:
            return None
        max_group = int(size)
    departments: dict[str, tuple[str, ...]] = {}
    for part in parts:
        department, sign, items = part.partition("=")
        if not sign or not department or department in departments:
            return None
        departments[department] = unlisted(items)
    return JobsRule(scope, departments, max_group) if departments else None


# ---------------------------------------------------------------- scope.tsv and jobs.tsv


def scope_text(scope: Mapping[str, Site], *, grouped: bool) -> str:
    """``scope.tsv``: region and departments of every candidate, and its place when visits are grouped."""
    # One list of departments is shared by thousands of objects.
    shared = {id(site.departments): site.departments for site in scope.values()}
    said = {key: listed(departments) for key, departments in shared.items()}
    if grouped:
        return table((i, s.region, said[id(s.departments)], str(s.place)) for i, s in scope.items())
    return table((i, s.region, said[id(s.departments)]) for i, s in scope.items())


def parse_scope(text: str, *, grouped: bool) -> dict[str, Site]:
    """Raises RecordUnreadable when a line has too few fields or a place that is no number."""
    if not grouped:
        rows = parse_table("scope.tsv", text)
        return {i: Site(region, unlisted(departments)) for i, region, departments in rows}
    found = {}
    for i, region, departments, place in parse_table("scope.tsv", text, columns=4):
        if not place.isascii() or not place.isdigit():
            raise RecordUnreadable(f"scope.tsv 中“{i}”的位置次序“{place}”不是整数。")
        found[i] = Site(region, unlisted(departments), int(place))
    return found


def jobs_text(jobs: Iterable[Job]) -> str:
    """``jobs.tsv``."""
    return table((j.job, listed(j.objects), j.department, j.region, listed(j.items)) for j in jobs)


# ---------------------------------------------------------------- jobs of the drawn objects


def visits(objects: Iterable[str], scope: Mapping[str, Site], max_group: int, change: int = 0) -> dict[str, list[str]]:
    """What is visited at one time: each object by itself, or the groups of nearby ones under their numbers."""
    if not max_group:
        return {object_id: [object_id] for object_id in objects}
    regions: dict[str, list[str]] = {}
    for object_id in objects:
        regions.setdefault(scope[object_id].region, []).append(object_id)
    label = f"C{change}G" if change else "G"
    found: dict[str, list[str]] = {}
    for region in sorted(regions, key=str.encode):
        walk = sorted(regions[region], key=lambda i: (scope[i].place, i.encode()))
        count = -(-len(walk) // max_group)
        for n in range(count):
            found[f"{region}-{label}{n + 1:03d}"] = walk[n * len(walk) // count : (n + 1) * len(walk) // count]
    return found


def make_jobs(objects: Iterable[str], scope: Mapping[str, Site], rule: JobsRule, change: int = 0) -> list[Job]:
    """One job a visit and department whose items apply to at least one of its objects.

    ``change`` is the number of the change after the draw that brings these objects in, 0 for the draw itself.
    """
    jobs = []
    for name, members in visits(objects, scope, rule.max_group, change).items():
        region = scope[members[0]].region
        for department, items in rule.departments.items():
            own = tuple(i for i in members if department in scope[i].departments)
            if own:
                jobs.append(Job(f"{name}|{department}", own, department, region, items))
    return jobs


def without(jobs: Mapping[str, Job], gone: Iterable[str]) -> dict[str, Job]:
    """The jobs less some objects; a job that visits nothing any more falls away."""
    lost = frozenset(gone)
    left = {}
    for name, job in jobs.items():
        if lost.isdisjoint(job.objects):
            left[name] = job
        elif staying := tuple(i for i in job.objects if i not in lost):
            left[name] = Job(name, staying, job.department, job.region, job.items)
    return left


def visit_of(job: str) -> str:
    """The object or group a job visits."""
    return job.rpartition("|")[0]


def leaders(
    jobs: Iterable[str], assignments: Mapping[str, Sequence[str]], rule: JobsRule, seed: str, hash_name: str
) -> dict[str, str]:
    """The leader (组长) of every visit, by its object or group."""
    turn = {department: n for n, department in enumerate(rule.departments)}
    first: dict[str, str] = {}
    for job in sorted(jobs, key=lambda job: turn[job.rpartition("|")[2]]):
        first.setdefault(visit_of(job), job)
    return {
        visit: assignments[job][int(digest_hex(hash_name, f"{seed}|L|{job}")[-1], 16) % 2]
        for visit, job in first.items()
    }
