"""Complete records of draws without a database: as the system writes them, at every level of disclosure."""

from __future__ import annotations

import hashlib
import json
import random
from dataclasses import dataclass

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from engine.inspection import draw, draw_log, draw_record
from engine.inspection.assignment import Candidate, Job
from engine.inspection.draw_conduct import Frozen, Outcome, admit, draw_outcome, recuse, result_text, substitute
from engine.inspection.draw_jobs import JobsRule, Site, scope_text

LOG_KEY = Ed25519PrivateKey.from_private_bytes(hashlib.sha256(b"a log key for tests").digest())
COMMITTED_AT = "2026-03-02T09:00:00.000+08:00"
LOGGED_AT = "2026-03-02T09:05:00.000+08:00"
REVEALED_AT = "2026-03-02T09:10:00.000+08:00"
DRAWN_AT = "2026-03-02T09:11:00.000+08:00"


@dataclass
class Sample:
    """A record under construction; ``files`` is the auditors' record."""

    files: draw_record.Files
    leaves: list[str]
    outcome: Outcome
    key: str

    def write_log(self) -> None:
        """Renew log.json and log.tsv over the present leaves."""
        draw_id = str(self.outcome.frozen.manifest["draw_id"])
        head = draw_log.signed_head("370105", len(self.leaves), draw_log.tree_of(self.leaves).root(), DRAWN_AT, LOG_KEY)
        self.files["log.json"] = draw_record.json_text(draw_log.log_proof(self.leaves, draw_id, head))
        self.files["log.tsv"] = "".join(f"{leaf}\n" for leaf in self.leaves)

    def add_change(self, text: str, outcome: Outcome) -> None:
        number = sum(name.startswith("change-") for name in self.files) + 1
        self.files[f"change-{number:04d}.json"] = text
        self.outcome = outcome
        draw_id = str(outcome.frozen.manifest["draw_id"])
        self.leaves.append(draw_log.leaf_text("change", draw_id, str(number), draw_record.sha256(text), DRAWN_AT))
        self.write_log()


def sample(
    number: int = 1,
    *,
    objects: int = 120,
    hash_name: str = "sha256",
    mode: str = "sealed",
    rounding: str = "systematic",
    changes: bool = False,
    addition: bool = False,
    grouped: bool = False,
    serial: int = 1,
) -> Sample:
    """A random but reproducible record; equal arguments give equal bytes."""
    rng = random.Random(f"record {number} {objects}")
    strata = [f"S{n}" for n in range(1, rng.randint(2, 5))]
    areas = [f"37010500{n}" for n in range(1, rng.randint(2, 4))]
    departments = {"SCJG": ["SC001", "SC002"], "YJJ": ["YJ001"], "WJJ": ["WJ003"]}
    departments = dict(list(departments.items())[: rng.randint(1, 3)])
    ids = [f"91370105{n:010d}" for n in rng.sample(range(10**6), objects)]
    cut = len(ids) * 9 // 10
    people = [
        Candidate(
            f"{department}-{n:02d}",
            department,
            tuple(areas if rng.random() < 0.8 else rng.sample(areas, 1)),
            tuple(items if n < 4 or rng.random() < 0.7 else items[:0]),
        )
        for department, items in departments.items()
        for n in range(10)
    ]
    lists = draw_record.list_files(
        [(i, rng.choice(strata)) for i in ids[:cut]],
        [(i, "今年已检查 3 次，达到年度上限") for i in ids[cut:]],
        people,
        {(rng.choice(people).id, rng.choice(ids[:cut])) for _ in range(20)},
    )
    max_group = rng.randint(2, 9) if grouped else 0
    scope = {
        i: Site(
            rng.choice(areas),
            rng.sample(sorted(departments), rng.randint(1, len(departments))),
            rng.randrange(objects) if grouped else 0,
        )
        for i in ids[:cut]
    }
    lists["scope.tsv"] = scope_text(scope, grouped=grouped)
    rule = JobsRule(draw_record.sha256(lists["scope.tsv"]), {d: tuple(i) for d, i in departments.items()}, max_group)
    key = hashlib.sha256(f"key {number}".encode()).hexdigest() if mode == "sealed" else ""
    draw_id = f"CN-370105-SCJG-2026-{serial:04d}"
    manifest = draw_record.manifest_text(
        lists,
        draw_id=draw_id,
        hash_name=hash_name,
        mode=mode,
        key=key,
        ppm={s: rng.choice([50_000, 100_000, 200_000]) for s in strata},
        rounding=rounding,
        entropy_rule="测试用随机因子",
        witnesses=["w-1", "w-2"],
        per_inspector=60,
        disclosure="protected" if mode == "sealed" else "open",
        committed_at=COMMITTED_AT,
        jobs_rule=rule.text(),
    )
    witnesses = witnessed(rng)
    parsed = json.loads(manifest)
    frozen = Frozen.read(parsed, lists, key)
    entropy = draw.join_entropy([w["part"] for w in witnesses])
    outcome = draw_outcome(frozen, entropy)
    logged, jobs = result_text(outcome, manifest, entropy, witnesses)
    leaves = [
        draw_log.leaf_text("commit", f"CN-370105-SCJG-2026-{n:04d}", "0" * 64, "0" * 64, "0" * 64, "1", COMMITTED_AT)
        for n in range(1, serial)
    ]
    leaves.append(
        draw_log.leaf_text(
            "commit", draw_id, draw_record.sha256(manifest), draw.digest_hex("sm3", manifest),
            parsed["candidates"]["merkle"], str(parsed["candidates"]["count"]), COMMITTED_AT,
        )
    )  # fmt: skip
    leaves += [draw_log.leaf_text("witness", draw_id, w["id"], w["logged_sha256"], w["logged_at"]) for w in witnesses]
    leaves.append(
        draw_log.leaf_text(
            "result", draw_id, draw_record.sha256(logged), outcome.seed, str(len(outcome.drawn)), DRAWN_AT
        )
    )
    result = logged.replace('"key": ""', f'"key": "{key}"', 1)
    files = {**lists, "manifest.json": manifest, "result.json": result, "jobs.tsv": jobs}
    made = Sample(files, leaves, outcome, key)
    made.write_log()
    if changes:
        gone = {"id": outcome.drawn[0], "reason": "已注销", "evidence": "登记机关注销通知"}
        after, text = substitute(outcome, [gone], number=1, at=DRAWN_AT)
        made.add_change(text, after)
        job_name = sorted(after.assignments)[0]
        later, text, _ = recuse(
            after, job_name, after.assignments[job_name][1], reason="与负责人有亲属关系", number=2, at=DRAWN_AT
        )
        made.add_change(text, later)
    if addition:
        add_late(made, rng)
    return made


def witnessed(rng: random.Random) -> list[dict[str, str]]:
    """What two witnesses logged and revealed."""
    people = []
    for position, department in enumerate(["SCJG", "YJJ"], start=1):
        nonce, part = rng.randbytes(16).hex(), rng.randbytes(16).hex()
        people.append(
            {
                "id": f"w-{position}", "department": department, "nonce": nonce, "part": part,
                "logged_sha256": draw.witness_commitment(nonce, part), "logged_at": LOGGED_AT,
                "revealed_at": REVEALED_AT,
            }
        )  # fmt: skip
    return people


def add_late(made: Sample, rng: random.Random, objects: int = 30) -> None:
    """Commit objects late, under the record's first addition number, and admit those whose tickets are low enough."""
    manifest, frozen = made.outcome.frozen.manifest, made.outcome.frozen
    number = sum(name.startswith("addition-") for name in made.files) + 1
    own = f"{manifest['draw_id']}-A{number}"
    rows = [
        {
            "id": f"92370105{n:010d}", "stratum": rng.choice(sorted(manifest["ppm"])),
            "region": rng.choice(sorted({site.region for site in frozen.scope.values()})),
            "departments": sorted(frozen.rule.departments), "place": rng.randrange(9), "reason": "封存后新设立",
        }
        for n in sorted(rng.sample(range(10**6), objects))
    ]  # fmt: skip
    listed = [(row["id"], row["stratum"]) for row in rows]
    root = draw.merkle_root(draw.leaves_of(listed, manifest["hash"], made.key))
    candidates = {"sha256": draw_record.sha256(draw_record.table(listed)), "count": objects, "merkle": root}
    text = draw_record.json_text(
        {
            "spec": "SSJ1", "hash": manifest["hash"], "draw_id": own, "parent": manifest["draw_id"],
            "parent_manifest_sha256": draw_record.sha256(made.files["manifest.json"]), "mode": manifest["mode"],
            "candidates": candidates, "key_sha256": manifest["key_sha256"], "entropy_rule": "测试用随机因子",
            "witnesses": manifest["witnesses"], "disclosure": manifest["disclosure"], "committed_at": COMMITTED_AT,
            "additions": rows,
        }
    )  # fmt: skip
    people = witnessed(rng)
    entropy = draw.join_entropy([w["part"] for w in people])
    change = sum(name.startswith("change-") for name in made.files) + 1
    after, outcome = admit(made.outcome, json.loads(text), entropy, people, number=change, at=DRAWN_AT)
    made.files[f"addition-{number:04d}.json"] = text
    digests = draw_record.sha256(text), draw.digest_hex("sm3", text)
    made.leaves.append(draw_log.leaf_text("commit", own, *digests, root, str(objects), COMMITTED_AT))
    made.leaves += [draw_log.leaf_text("witness", own, w["id"], w["logged_sha256"], w["logged_at"]) for w in people]
    seed = draw.seed_of(manifest["hash"], own, entropy)
    count = str(len(after.late))
    made.leaves.append(draw_log.leaf_text("result", own, draw_record.sha256(outcome), seed, count, DRAWN_AT))
    made.add_change(outcome, after)


def parse_jobs(text: str) -> list[Job]:
    """The lines of ``jobs.tsv``; the system itself never reads them back, it makes them anew."""
    rows = draw_record.parse_table("jobs.tsv", text)
    return [Job(job, draw_record.unlisted(o), d, r, draw_record.unlisted(i)) for job, o, d, r, i in rows]
