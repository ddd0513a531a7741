"""What follows from a frozen record and its entropy: drawn objects, jobs, pairs, and later changes.

Both the system that draws and the program that checks compute the outcome here; the
independent second opinion is ``frontend/verifier`` (JavaScript).

Changes after the draw never draw again.  A *substitution* removes objects that cannot
be inspected (reason and evidence logged); the next tickets of their strata move up and
get pairs while everybody else's pair stays.  A *recusal* replaces one person of one
pair by the next candidate of that slot.  An *addition* (补充名单) admits objects that were
committed late with an entropy of their own: each is in when its ticket is at most the
largest drawn one of its stratum.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from engine.inspection import draw
from engine.inspection.assignment import Candidate, Job, assign, next_candidate
from engine.inspection.draw_jobs import (
    JobsRule,
    Site,
    jobs_text,
    leaders,
    make_jobs,
    parse_jobs_rule,
    parse_scope,
    without,
)
from engine.inspection.draw_record import (
    Files,
    RecordUnreadable,
    json_text,
    parse_inspectors,
    parse_json,
    parse_pairs,
    sha256,
)


@dataclass(slots=True)
class Frozen:
    """The frozen lists in memory, with the manifest that commits them."""

    manifest: Mapping[str, Any]
    candidates: list[tuple[str, str]]
    scope: dict[str, Site]
    inspectors: list[Candidate]
    recusals: list[tuple[str, str]]
    rule: JobsRule
    key: str = ""

    @classmethod
    def read(cls, manifest: Mapping[str, Any], files: Files, key: str) -> Frozen:
        """Raises RecordUnreadable when a list is missing or the jobs rule is unknown."""
        rule = parse_jobs_rule(str(manifest["jobs_rule"]))
        if rule is None:
            raise RecordUnreadable(f"本程序不认识检查任务的生成规则“{manifest['jobs_rule']}”。")
        return cls(
            manifest=manifest,
            candidates=parse_pairs("candidates.tsv", files["candidates.tsv"]),
            scope=parse_scope(files["scope.tsv"], grouped=rule.max_group > 0),
            inspectors=parse_inspectors(files["inspectors.tsv"]),
            recusals=parse_pairs("recusals.tsv", files["recusals.tsv"]),
            rule=rule,
            key=key,
        )

    @property
    def hash_name(self) -> str:
        return str(self.manifest["hash"])

    @property
    def per_inspector(self) -> int:
        return int(self.manifest["caps"]["per_inspector"])

    def select(self, seed: str, failed: Collection[str] = ()) -> draw.Selection:
        return draw.select(
            lambda: self.candidates,
            seed=seed,
            ppm=self.manifest["ppm"],
            rounding=self.manifest["rounding"],
            hash_name=self.hash_name,
            key=self.key,
            failed=failed,
        )


@dataclass(slots=True)
class Outcome:
    """Where a draw stands: what is drawn and who visits it."""

    frozen: Frozen
    seed: str
    selection: draw.Selection
    jobs: dict[str, Job]
    assignments: dict[str, list[str]]
    failed: set[str] = field(default_factory=set)
    recused: set[tuple[str, str]] = field(default_factory=set)
    #: objects admitted late: id → (stratum, ticket under the entropy of their own)
    late: dict[str, tuple[str, str]] = field(default_factory=dict)

    @property
    def drawn(self) -> list[str]:
        """All drawn ids in the order of their tickets, whatever the stratum; late ones stand last."""
        ids = [i for ids in self.selection.drawn.values() for i in ids]
        by_ticket = sorted(ids, key=lambda i: (self.ticket(i), i.encode()))
        return by_ticket + sorted(self.late, key=lambda i: (self.ticket(i), i.encode()))

    def stratum_of(self) -> dict[str, str]:
        """The stratum of every drawn object."""
        listed = {i: stratum for stratum, ids in self.selection.drawn.items() for i in ids}
        return listed | {i: stratum for i, (stratum, _) in self.late.items()}

    def ticket(self, object_id: str) -> str:
        if object_id in self.late:
            return self.late[object_id][1]
        name = self.frozen.hash_name
        return draw.ticket_of(name, self.seed, object_id, draw.salt_of(name, self.frozen.key, object_id))

    def job_of(self, object_id: str, department: str) -> Job | None:
        """The job in which ``department`` visits the object; None when it does not."""
        own = (j for j in self.jobs.values() if j.department == department and object_id in j.objects)
        return next(own, None)

    def leaders(self) -> dict[str, str]:
        """The leader (组长) of every visit, by its object or group."""
        return leaders(self.jobs, self.assignments, self.frozen.rule, self.seed, self.frozen.hash_name)

    def loads(self) -> dict[str, int]:
        """Jobs each person has in this draw."""
        result: dict[str, int] = {}
        for pair in self.assignments.values():
            for person in pair:
                result[person] = result.get(person, 0) + 1
        return result


def draw_outcome(frozen: Frozen, entropy: str, failed: Collection[str] = ()) -> Outcome:
    """Draw objects and pairs.  Raises :class:`~engine.inspection.assignment.Infeasible`."""
    seed = draw.seed_of(frozen.hash_name, str(frozen.manifest["draw_id"]), entropy)
    selection = frozen.select(seed, failed)
    drawn = [i for ids in selection.drawn.values() for i in ids]
    jobs = make_jobs(drawn, frozen.scope, frozen.rule)
    pairs = _assign(frozen, seed, jobs, set(), {})
    return Outcome(frozen, seed, selection, {job.job: job for job in jobs}, pairs, set(failed))


def _assign(
    frozen: Frozen, seed: str, jobs: Iterable[Job], recused: Collection[tuple[str, str]], loads: Mapping[str, int]
) -> dict[str, list[str]]:
    return assign(
        jobs,
        frozen.inspectors,
        [*frozen.recusals, *recused],
        seed=seed,
        per_inspector=frozen.per_inspector,
        hash_name=frozen.hash_name,
        loads=loads,
    )


def result_text(
    outcome: Outcome, manifest_text: str, entropy: str, witnesses: Sequence[Mapping[str, str]]
) -> tuple[str, str]:
    """``(result.json, jobs.tsv)``; the key stays empty until it is revealed to auditors."""
    jobs = jobs_text(outcome.jobs.values())
    result = {
        "manifest_sha256": sha256(manifest_text),
        "entropy": entropy,
        "witnesses": [dict(witness) for witness in witnesses],
        "key": "",
        "failed": sorted(outcome.failed),
        "drawn": outcome.selection.drawn,
        "jobs": {"sha256": sha256(jobs), "count": len(outcome.jobs)},
        "assignments": outcome.assignments,
    }
    return json_text(result), jobs


def substitute(outcome: Outcome, failures: Sequence[Mapping[str, str]], *, number: int, at: str) -> tuple[Outcome, str]:
    """Remove drawn objects that cannot be inspected; the next tickets move up.

    ``failures`` are ``{"id", "reason", "evidence"}``.  Returns the new outcome and the
    text of its change file.  Raises DrawError for an object that is not drawn and
    Infeasible when nobody can visit a substitute.
    """
    gone = {str(failure["id"]) for failure in failures}
    present = set(outcome.drawn)
    if not gone or not gone <= present:
        raise draw.DrawError(f"not drawn: {sorted(gone - present)}")
    frozen = outcome.frozen
    failed = outcome.failed | gone
    selection = frozen.select(outcome.seed, failed)
    added = [i for ids in selection.drawn.values() for i in ids if i not in present]
    staying = without(outcome.jobs, gone)
    pairs = {name: outcome.assignments[name] for name in staying}
    late = {i: lot for i, lot in outcome.late.items() if i not in gone}
    rest = Outcome(frozen, outcome.seed, selection, staying, pairs, failed, set(outcome.recused), late)
    fresh = make_jobs(added, frozen.scope, frozen.rule, number)
    given = _assign(frozen, outcome.seed, fresh, outcome.recused, rest.loads())
    rest.jobs |= {job.job: job for job in fresh}
    rest.assignments |= given
    change = {
        "kind": "substitution",
        "draw_id": frozen.manifest["draw_id"],
        "number": number,
        "at": at,
        "failed": [dict(failure) for failure in failures],
        "added": {s: [i for i in ids if i not in present] for s, ids in selection.drawn.items() if set(ids) - present},
        "assignments": given,
    }
    return rest, json_text(change)


def recuse(
    outcome: Outcome, job_name: str, inspector: str, *, reason: str, number: int, at: str
) -> tuple[Outcome, str, str | None]:
    """Replace ``inspector`` in one pair; everything else is frozen.

    Returns the new outcome, the text of its change file and the successor (None when
    nobody is left; the pair then keeps an empty place and the outcome says so).
    Raises DrawError when the inspector is not in that pair.
    """
    pair = list(outcome.assignments.get(job_name, ()))
    if inspector not in pair:
        raise draw.DrawError(f"{inspector!r} is not assigned to {job_name!r}")
    frozen, job, slot = outcome.frozen, outcome.jobs[job_name], pair.index(inspector)
    recused = outcome.recused | {(inspector, object_id) for object_id in job.objects}
    successor = next_candidate(
        job,
        slot,
        pair,
        frozen.inspectors,
        [*frozen.recusals, *recused],
        outcome.loads(),
        seed=outcome.seed,
        per_inspector=frozen.per_inspector,
        hash_name=frozen.hash_name,
    )
    change = {
        "kind": "recusal",
        "draw_id": frozen.manifest["draw_id"],
        "number": number,
        "at": at,
        "job": job_name,
        "inspector": inspector,
        "reason": reason,
        "successor": successor or "",
    }
    if successor is None:
        return outcome, json_text(change), None
    pair[slot] = successor
    after = Outcome(
        frozen, outcome.seed, outcome.selection, outcome.jobs, outcome.assignments | {job_name: pair},
        outcome.failed, recused, outcome.late,
    )  # fmt: skip
    return after, json_text(change), successor


def admit(
    outcome: Outcome,
    addition: Mapping[str, Any],
    entropy: str,
    witnesses: Sequence[Mapping[str, str]],
    *,
    number: int,
    at: str,
) -> tuple[Outcome, str]:
    """Admit the objects of a late addition whose tickets are at most the thresholds of their strata.

    ``addition`` is the text committed for it, as JSON; its objects count as drawn in the order of
    their tickets.  Returns the new outcome and the text of its change file.  Raises DrawError for an
    object that stands on the frozen list already or a stratum that does not exist, and Infeasible
    when nobody can visit an admitted object.
    """
    frozen, name = outcome.frozen, outcome.frozen.hash_name
    seed = draw.seed_of(name, str(addition["draw_id"]), entropy)
    known = {i for i, _ in frozen.candidates} | set(frozen.scope)
    lots: dict[str, list[tuple[str, str]]] = {}
    sites = dict(frozen.scope)
    for row in addition["additions"]:
        object_id, stratum = str(row["id"]), str(row["stratum"])
        if object_id in known or stratum not in frozen.manifest["ppm"]:
            raise draw.DrawError(f"{object_id!r} cannot be added")
        ticket = draw.ticket_of(name, seed, object_id, draw.salt_of(name, frozen.key, object_id))
        sites[object_id] = Site(str(row["region"]), tuple(row["departments"]), int(row["place"]))
        if draw.late_addition_is_drawn(ticket, outcome.selection.thresholds.get(stratum, "")):
            lots.setdefault(stratum, []).append((ticket, object_id))
    added = {stratum: [i for _, i in sorted(found)] for stratum, found in sorted(lots.items())}
    wider = replace(frozen, scope=sites)
    fresh = make_jobs([i for ids in added.values() for i in ids], sites, frozen.rule, number)
    given = _assign(wider, outcome.seed, fresh, outcome.recused, outcome.loads())
    change = {
        "kind": "addition",
        "draw_id": frozen.manifest["draw_id"],
        "number": number,
        "at": at,
        "addition": addition["draw_id"],
        "entropy": entropy,
        "witnesses": [dict(witness) for witness in witnesses],
        "added": added,
        "assignments": given,
    }
    late = outcome.late | {i: (stratum, ticket) for stratum, found in lots.items() for ticket, i in found}
    after = Outcome(
        wider, outcome.seed, outcome.selection, outcome.jobs | {job.job: job for job in fresh},
        outcome.assignments | given, outcome.failed, outcome.recused, late,
    )  # fmt: skip
    return after, json_text(change)


def addition_file(addition_id: str) -> str:
    """The file of the record that holds what was committed under a late addition's number (``…-A1``)."""
    return f"addition-{int(addition_id.rpartition('-A')[2]):04d}.json"


def replay(outcome: Outcome, change: Mapping[str, Any], files: Files) -> tuple[Outcome, str]:
    """Recompute one change from its stated cause; the caller compares the text with the file.

    ``files`` hold what was committed for late additions.

    Raises RecordUnreadable for a kind of change this program does not know.
    """
    number, at = int(change["number"]), str(change["at"])
    if change["kind"] == "substitution":
        return substitute(outcome, change["failed"], number=number, at=at)
    if change["kind"] == "recusal":
        after, text, _ = recuse(
            outcome, str(change["job"]), str(change["inspector"]), reason=str(change["reason"]), number=number, at=at
        )
        return after, text
    if change["kind"] == "addition":
        name = addition_file(str(change["addition"]))
        addition = parse_json(name, files.get(name, ""))
        return admit(outcome, addition, str(change["entropy"]), change["witnesses"], number=number, at=at)
    raise RecordUnreadable(f"本程序不认识抽取后变更的类别“{change['kind']}”。")
