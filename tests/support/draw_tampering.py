"""Ways to cheat with a record of a draw.  Each takes an honest auditors' record and returns a dishonest one.

The forger is strong: hashes inside the record are recomputed wherever that needs no
secret, so what catches them is the protocol and not a stale checksum.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable

from engine.inspection import draw, draw_jobs, draw_log, draw_record
from engine.inspection.draw_record import Files, sha256
from tests.support.draw_records import DRAWN_AT, LOG_KEY, Sample, parse_jobs, sample

Tamper = Callable[[Sample], Files]
TAMPERINGS: dict[str, Tamper] = {}


def tampering(function: Tamper) -> Tamper:
    TAMPERINGS[function.__name__.replace("_", " ")] = function
    return function


def honest() -> Sample:
    return sample(4, objects=200, changes=True, addition=True, grouped=True, serial=3)


def manifest_of(files: Files) -> dict:
    return json.loads(files["manifest.json"])


def result_of(files: Files) -> dict:
    return json.loads(files["result.json"])


def with_result(files: Files, result: dict) -> Files:
    return {**files, "result.json": draw_record.json_text(result)}


def relog(made: Sample, files: Files, leaves: list[str]) -> Files:
    """The log as a forger with the signing key would rewrite it."""
    draw_id = manifest_of(files)["draw_id"]
    head = draw_log.signed_head("370105", len(leaves), draw_log.tree_of(leaves).root(), DRAWN_AT, LOG_KEY)
    proof = draw_log.log_proof(leaves, draw_id, head)
    return {**files, "log.json": draw_record.json_text(proof), "log.tsv": "".join(f"{leaf}\n" for leaf in leaves)}


def with_result_relogged(made: Sample, result: dict) -> Files:
    """A changed result, entered into a rewritten and newly signed log."""
    files = with_result(made.files, result)
    logged = sha256(files["result.json"].replace(f'"key": "{made.key}"', '"key": ""', 1))
    leaves = []
    for leaf in made.leaves:
        fields = leaf.split("\t")
        if fields[0] == "result":
            fields[2] = logged
            fields[3] = draw.seed_of(manifest_of(files)["hash"], manifest_of(files)["draw_id"], result["entropy"])
        leaves.append("\t".join(fields))
    return relog(made, files, leaves)


@tampering
def a_firm_is_left_out_of_the_list(made: Sample) -> Files:
    lines = made.files["candidates.tsv"].splitlines(keepends=True)
    return {**made.files, "candidates.tsv": "".join(lines[1:])}


@tampering
def a_firm_is_added_to_the_list(made: Sample) -> Files:
    return {**made.files, "candidates.tsv": made.files["candidates.tsv"] + "99999\tS1\n"}


@tampering
def a_firm_is_moved_to_another_stratum(made: Sample) -> Files:
    text = made.files["candidates.tsv"]
    return {**made.files, "candidates.tsv": text.replace("\tS1\n", "\tS9\n", 1)}


@tampering
def a_list_is_edited_with_its_hash_in_the_manifest(made: Sample) -> Files:
    lines = made.files["candidates.tsv"].splitlines(keepends=True)
    text = "".join(lines[:-1])
    manifest = manifest_of(made.files)
    rows = draw_record.parse_pairs("candidates.tsv", text)
    manifest["candidates"] = {
        "sha256": sha256(text), "count": len(rows),
        "merkle": draw.merkle_root(draw.leaves_of(rows, manifest["hash"], made.key)),
    }  # fmt: skip
    return {**made.files, "candidates.tsv": text, "manifest.json": draw_record.json_text(manifest)}


@tampering
def a_firm_is_moved_from_the_list_to_no_list_at_all(made: Sample) -> Files:
    lines = made.files["exclusions.tsv"].splitlines(keepends=True)
    manifest = manifest_of(made.files)
    text = "".join(lines[1:])
    manifest["exclusions"] = {"sha256": sha256(text), "count": len(lines) - 1}
    return {**made.files, "exclusions.tsv": text, "manifest.json": draw_record.json_text(manifest)}


@tampering
def an_exclusion_changes_its_reason(made: Sample) -> Files:
    text = made.files["exclusions.tsv"].replace("达到年度上限", "领导交办", 1)
    return {**made.files, "exclusions.tsv": text}


@tampering
def an_inspector_is_left_out(made: Sample) -> Files:
    lines = made.files["inspectors.tsv"].splitlines(keepends=True)
    return {**made.files, "inspectors.tsv": "".join(lines[1:])}


@tampering
def a_recusal_is_dropped(made: Sample) -> Files:
    lines = made.files["recusals.tsv"].splitlines(keepends=True)
    return {**made.files, "recusals.tsv": "".join(lines[1:])}


@tampering
def a_firm_is_moved_to_another_area_after_the_seed_is_known(made: Sample) -> Files:
    lines = made.files["scope.tsv"].splitlines()
    first = lines[0].split("\t")
    first[1] = "370105009"
    return {**made.files, "scope.tsv": "\n".join(["\t".join(first), *lines[1:], ""])}


@tampering
def the_ratio_is_raised_afterwards(made: Sample) -> Files:
    manifest = manifest_of(made.files)
    manifest["ppm"] = {s: 900_000 for s in manifest["ppm"]}
    text = draw_record.json_text(manifest)
    result = result_of(made.files)
    result["manifest_sha256"] = sha256(text)
    return {**with_result_relogged(made, result), "manifest.json": text}


@tampering
def the_cap_is_raised_afterwards(made: Sample) -> Files:
    text = made.files["manifest.json"].replace('"per_inspector": 60', '"per_inspector": 61')
    return {**made.files, "manifest.json": text}


@tampering
def a_drawn_firm_is_replaced_by_a_friend(made: Sample) -> Files:
    result = result_of(made.files)
    stratum = next(s for s, ids in result["drawn"].items() if ids)
    drawn = set(result["drawn"][stratum])
    rows = draw_record.parse_pairs("candidates.tsv", made.files["candidates.tsv"])
    result["drawn"][stratum][0] = next(i for i, s in rows if s == stratum and i not in drawn)
    return with_result_relogged(made, result)


@tampering
def a_drawn_firm_is_called_a_failure_without_a_record(made: Sample) -> Files:
    result = result_of(made.files)
    stratum = next(s for s, ids in result["drawn"].items() if ids)
    result["failed"] = [result["drawn"][stratum].pop(0)]
    return with_result_relogged(made, result)


@tampering
def an_inspector_is_swapped(made: Sample) -> Files:
    result = result_of(made.files)
    job = next(iter(result["assignments"]))
    department = job.split("|")[1]
    people = [line.split("\t")[0] for line in made.files["inspectors.tsv"].splitlines() if f"\t{department}\t" in line]
    result["assignments"][job][1] = next(p for p in people if p not in result["assignments"][job])
    return with_result_relogged(made, result)


@tampering
def the_entropy_is_edited(made: Sample) -> Files:
    result = result_of(made.files)
    result["entropy"] = result["entropy"][:-1] + ("0" if result["entropy"][-1] != "0" else "1")
    return with_result_relogged(made, result)


@tampering
def a_witness_reveals_another_part_than_logged(made: Sample) -> Files:
    result = result_of(made.files)
    result["witnesses"][1]["part"] = "0" * 32
    result["entropy"] = ";".join(w["part"] for w in result["witnesses"])
    return with_result_relogged(made, result)


@tampering
def the_last_witness_logs_after_seeing_the_others(made: Sample) -> Files:
    result = result_of(made.files)
    last = result["witnesses"][1]
    last["part"] = "f" * 32
    last["logged_sha256"] = draw.witness_commitment(last["nonce"], last["part"])
    result["entropy"] = ";".join(w["part"] for w in result["witnesses"])
    return with_result_relogged(made, result)


@tampering
def the_witnesses_change_their_order(made: Sample) -> Files:
    result = result_of(made.files)
    result["witnesses"].reverse()
    result["entropy"] = ";".join(w["part"] for w in result["witnesses"])
    return with_result_relogged(made, result)


@tampering
def a_part_is_revealed_before_all_are_logged(made: Sample) -> Files:
    result = result_of(made.files)
    result["witnesses"][0]["revealed_at"] = "2026-03-02T09:04:00.000+08:00"
    return with_result_relogged(made, result)


@tampering
def both_witnesses_are_of_one_department(made: Sample) -> Files:
    result = result_of(made.files)
    result["witnesses"][1]["department"] = result["witnesses"][0]["department"]
    return with_result_relogged(made, result)


@tampering
def another_key_is_handed_to_the_auditor(made: Sample) -> Files:
    text = made.files["result.json"].replace(made.key, hashlib.sha256(b"another").hexdigest())
    return {**made.files, "result.json": text}


@tampering
def the_key_is_withheld(made: Sample) -> Files:
    return {**made.files, "result.json": made.files["result.json"].replace(f'"key": "{made.key}"', '"key": ""')}


@tampering
def a_job_is_made_up(made: Sample) -> Files:
    rows = parse_jobs(made.files["jobs.tsv"])
    text = draw_jobs.jobs_text(rows[1:])
    result = result_of(made.files)
    result["jobs"] = {"sha256": sha256(text), "count": len(rows) - 1}
    return {**with_result_relogged(made, result), "jobs.tsv": text}


@tampering
def a_second_commitment_is_made_under_the_same_number(made: Sample) -> Files:
    commit = next(leaf for leaf in made.leaves if leaf.startswith(f"commit\t{manifest_of(made.files)['draw_id']}"))
    return relog(made, made.files, [*made.leaves, commit.replace("2026-03-02T09:00", "2026-03-02T10:00")])


@tampering
def an_earlier_draw_is_hidden_from_the_log(made: Sample) -> Files:
    return relog(made, made.files, made.leaves[1:])


@tampering
def the_log_is_cut_but_the_head_is_old(made: Sample) -> Files:
    lines = made.files["log.tsv"].splitlines(keepends=True)
    return {**made.files, "log.tsv": "".join(lines[:-1])}


@tampering
def the_head_is_not_signed_by_the_log(made: Sample) -> Files:
    proof = json.loads(made.files["log.json"])
    proof["head"]["signature"] = "00" * 64
    return {**made.files, "log.json": draw_record.json_text(proof)}


@tampering
def the_commitment_in_the_log_is_another(made: Sample) -> Files:
    draw_id = manifest_of(made.files)["draw_id"]
    leaves = [
        leaf.replace(leaf.split("\t")[2], "0" * 64) if leaf.startswith(f"commit\t{draw_id}") else leaf
        for leaf in made.leaves
    ]
    return relog(made, made.files, leaves)


@tampering
def a_witness_is_missing_from_the_log(made: Sample) -> Files:
    leaves = [leaf for leaf in made.leaves if not (leaf.startswith("witness\t") and "w-2" in leaf)]
    return relog(made, made.files, leaves)


@tampering
def a_substitution_is_not_shown(made: Sample) -> Files:
    return {name: text for name, text in made.files.items() if name != "change-0002.json"}


@tampering
def a_substitute_is_chosen_by_hand(made: Sample) -> Files:
    change = json.loads(made.files["change-0001.json"])
    stratum, ids = next(iter(change["added"].items()))
    rows = draw_record.parse_pairs("candidates.tsv", made.files["candidates.tsv"])
    drawn = {i for ids_ in result_of(made.files)["drawn"].values() for i in ids_}
    change["added"][stratum] = [next(i for i, s in rows if s == stratum and i not in {*drawn, *ids})]
    text = draw_record.json_text(change)
    leaves = [
        leaf.replace(sha256(made.files["change-0001.json"]), sha256(text)) if leaf.startswith("change\t") else leaf
        for leaf in made.leaves
    ]
    return relog(made, {**made.files, "change-0001.json": text}, leaves)


@tampering
def a_successor_is_chosen_by_hand(made: Sample) -> Files:
    change = json.loads(made.files["change-0002.json"])
    people = [line.split("\t")[0] for line in made.files["inspectors.tsv"].splitlines()]
    change["successor"] = next(p for p in people if p not in (change["successor"], change["inspector"]))
    text = draw_record.json_text(change)
    leaves = [leaf.replace(sha256(made.files["change-0002.json"]), sha256(text)) for leaf in made.leaves]
    return relog(made, {**made.files, "change-0002.json": text}, leaves)


@tampering
def a_key_of_the_manifest_stands_twice(made: Sample) -> Files:
    text = made.files["manifest.json"].replace('"spec": "SSJ1",', '"spec": "SSJ1",\n "spec": "SSJ1",', 1)
    leaves = [leaf.replace(sha256(made.files["manifest.json"]), sha256(text)) for leaf in made.leaves]
    return relog(made, {**made.files, "manifest.json": text}, leaves)


@tampering
def the_result_is_missing(made: Sample) -> Files:
    return {name: text for name, text in made.files.items() if name not in ("result.json", "jobs.tsv")}


# ---- late additions


def addition_of(files: Files) -> dict:
    return json.loads(files["addition-0001.json"])


def with_change(made: Sample, number: int, change: dict) -> Files:
    """A forged change file, entered into a rewritten and newly signed log."""
    name, text = f"change-{number:04d}.json", draw_record.json_text(change)
    before = sha256(made.files[name])
    leaves = [leaf.replace(before, sha256(text)) for leaf in made.leaves]
    return relog(made, {**made.files, name: text}, leaves)


@tampering
def a_firm_is_slipped_into_the_late_additions(made: Sample) -> Files:
    addition = addition_of(made.files)
    addition["additions"].append({**addition["additions"][-1], "id": "99370105MA00000000"})
    return {**made.files, "addition-0001.json": draw_record.json_text(addition)}


@tampering
def a_late_firm_above_the_threshold_is_admitted(made: Sample) -> Files:
    change = json.loads(made.files["change-0003.json"])
    admitted = {i for ids in change["added"].values() for i in ids}
    friend = next(row for row in addition_of(made.files)["additions"] if row["id"] not in admitted)
    change["added"].setdefault(friend["stratum"], []).append(friend["id"])
    return with_change(made, 3, change)


@tampering
def a_late_firm_below_the_threshold_is_let_off(made: Sample) -> Files:
    change = json.loads(made.files["change-0003.json"])
    stratum = next(s for s, ids in change["added"].items() if ids)
    change["added"][stratum].pop()
    return with_change(made, 3, change)


@tampering
def a_late_addition_is_drawn_with_another_entropy_than_logged(made: Sample) -> Files:
    change = json.loads(made.files["change-0003.json"])
    change["witnesses"][0]["part"] = "0" * 32
    change["entropy"] = ";".join(w["part"] for w in change["witnesses"])
    return with_change(made, 3, change)


@tampering
def a_committed_addition_is_kept_back(made: Sample) -> Files:
    own = addition_of(made.files)["draw_id"]
    leaves = [leaf for leaf in made.leaves if f"\t{own}\t" not in leaf or leaf.startswith("commit")]
    leaves = [leaf for leaf in leaves if not leaf.startswith("change") or "\t3\t" not in leaf]
    files = {name: text for name, text in made.files.items() if name not in ("change-0003.json", "addition-0001.json")}
    return relog(made, files, leaves)


# ---- groups


@tampering
def a_firm_is_moved_to_another_group(made: Sample) -> Files:
    rows = parse_jobs(made.files["jobs.tsv"])
    first = next(job for job in rows if len(job.objects) > 1)
    other = next(job for job in rows if job.department == first.department and job.job != first.job)
    moved = {
        first.job: first.objects[1:],
        other.job: (*other.objects, first.objects[0]),
    }
    jobs = [
        draw_jobs.Job(job.job, moved.get(job.job, job.objects), job.department, job.region, job.items) for job in rows
    ]
    text = draw_jobs.jobs_text(jobs)
    result = result_of(made.files)
    result["jobs"] = {"sha256": sha256(text), "count": len(jobs)}
    return {**with_result_relogged(made, result), "jobs.tsv": text}


@tampering
def the_walk_through_the_district_is_changed_afterwards(made: Sample) -> Files:
    lines = made.files["scope.tsv"].splitlines()
    first = lines[0].split("\t")
    first[3] = str(int(first[3]) + 1)
    return {**made.files, "scope.tsv": "\n".join(["\t".join(first), *lines[1:], ""])}


@tampering
def the_groups_are_made_larger_afterwards(made: Sample) -> Files:
    return {**made.files, "manifest.json": made.files["manifest.json"].replace(";max=", ";max=4", 1)}


@tampering
def the_result_of_a_late_addition_is_left_out_of_the_record(made: Sample) -> Files:
    leaves = [leaf for leaf in made.leaves if not leaf.startswith("change") or "\t3\t" not in leaf]
    return relog(made, {name: text for name, text in made.files.items() if name != "change-0003.json"}, leaves)
