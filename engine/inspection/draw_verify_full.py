"""Auditors' level: everything is recomputed from the full record."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

from engine.inspection import draw
from engine.inspection.assignment import Infeasible
from engine.inspection.draw_conduct import Frozen, Outcome, draw_outcome, replay
from engine.inspection.draw_jobs import jobs_text, parse_jobs_rule, parse_scope
from engine.inspection.draw_record import (
    parse_json,
    parse_pairs,
    parse_table,
    registry_digest,
    sha256,
)
from engine.inspection.draw_verify import (
    Verification,
    check_log,
    check_manifest,
    check_whole_log,
    check_witnesses,
    commit_matches,
    only,
    require,
    witnesses_logged,
)
from engine.inspection.draw_verify_additions import check_additions

NAMES = {
    "candidates": "检查对象名单",
    "exclusions": "排除名单",
    "inspectors": "执法检查人员名单",
    "recusals": "回避名单",
}


def without_key(result_text: str, key: str) -> str:
    """``result.json`` as it was logged, before the key was revealed to auditors."""
    return result_text.replace(f'"key": "{key}"', '"key": ""', 1) if key else result_text


def verify_full(v: Verification, log_key: str) -> None:
    """Everything; of an open draw before its visits (``objects.json``) all but the pairs."""
    manifest = check_manifest(v)
    if not manifest:
        return
    objects_only = "objects.json" in v.files
    _check_lists(v, manifest, ["candidates", "exclusions"] if objects_only else list(NAMES))
    lines: list[list[str]] = []
    proof: dict[str, Any] = {}

    def readable() -> str:
        proof.update(v.json("log.json"))
        return "日志证明可读取。"

    if v.check("log-file", "日志证明", readable):
        lines = check_log(v, proof, log_key)
        check_whole_log(v, proof, str(manifest["draw_id"]))
    v.check("commitment", "封存摘要", lambda: commit_matches(lines, v.text("manifest.json")))
    if objects_only:
        _check_objects(v, manifest, lines)
        return
    if "result.json" not in v.files:
        v.check("result", "抽取结果", lambda: _no_result(lines))
        return
    result: dict[str, Any] = {}

    def result_question() -> str:
        result.update(v.json("result.json"))
        require(result["manifest_sha256"] == sha256(v.text("manifest.json")), "结果引用的封存清单不是这一份。")
        logged = only(lines, "result")
        require(len(logged) == 1, "日志中没有这次抽取的结果。")
        text = without_key(v.text("result.json"), str(result["key"]))
        require(sha256(text) == logged[0][2], "结果文件与日志中登记的摘要不符。")
        seed = draw.seed_of(manifest["hash"], manifest["draw_id"], result["entropy"])
        require(seed == logged[0][3], "种子与日志中登记的不符。")
        return "结果与封存清单、日志登记一致。"

    v.check("result", "抽取结果文件", result_question)
    if not result:
        return
    check_witnesses(v, manifest, result)
    v.check("witness-log", "随机因子登记", lambda: witnesses_logged(lines, result))
    v.check("key", "密钥", lambda: _key(manifest, result))
    outcome: list[Outcome] = []
    v.check("draw", "抽取对象重算", lambda: _redraw(v, manifest, result, outcome))
    v.check("jobs", "检查任务重算", lambda: _jobs(v, result, outcome))
    v.check("assignments", "执法检查人员重算", lambda: _assignments(result, outcome))
    v.check("additions", "补充名单", lambda: check_additions(v, manifest, result))
    v.check("changes", "抽取后变更", lambda: _changes(v, manifest, lines, outcome))


def _check_objects(v: Verification, manifest: dict[str, Any], lines: list[list[str]]) -> None:
    v.report.notes.append("检查人员与检查对象的配对在检查之前不公开；任务结束后公开完整记录。")
    if only(lines, "change"):
        v.report.notes.append(f"抽取后有 {len(only(lines, 'change'))} 次变更，明细在任务结束后公开。")
    result: dict[str, Any] = {}

    def question() -> str:
        result.update(v.json("objects.json"))
        require(manifest["mode"] == "open", "只有公开模式的抽取才能在任务期间公开对象名单。")
        require(result["manifest_sha256"] == sha256(v.text("manifest.json")), "结果引用的封存清单不是这一份。")
        logged = only(lines, "result")
        require(len(logged) == 1 and logged[0][2] == result["result_sha256"], "结果摘要与日志不符。")
        seed = draw.seed_of(manifest["hash"], manifest["draw_id"], result["entropy"])
        require(seed == logged[0][3], "种子与日志中登记的不符。")
        return "结果与封存清单、日志登记一致。"

    v.check("result", "抽取结果文件", question)
    if result:
        check_witnesses(v, manifest, result)
        v.check("witness-log", "随机因子登记", lambda: witnesses_logged(lines, result))
        v.check("draw", "抽取对象重算", lambda: _reselect(v, manifest, result))


def _reselect(v: Verification, manifest: dict[str, Any], result: dict[str, Any]) -> str:
    rows = parse_pairs("candidates.tsv", v.text("candidates.tsv"))
    require(draw.merkle_root(draw.leaves_of(rows)) == manifest["candidates"]["merkle"], "默克尔根与封存时不符。")
    selection = draw.select(
        lambda: rows,
        seed=draw.seed_of(manifest["hash"], manifest["draw_id"], result["entropy"]),
        ppm=manifest["ppm"],
        rounding=manifest["rounding"],
        hash_name=manifest["hash"],
        failed=result["failed"],
    )
    require(
        {s: ids for s, ids in result["drawn"].items() if ids} == {s: ids for s, ids in selection.drawn.items() if ids},
        "按公布的随机因子重新计算，抽中的检查对象与记录不同。",
    )
    return f"重新计算得到相同的 {sum(map(len, selection.drawn.values()))} 个检查对象（名单共 {len(rows)} 个）。"


def _no_result(lines: list[list[str]]) -> str:
    require(not only(lines, "result"), "日志中已有抽取结果，记录却缺少 result.json。")
    return "尚未抽取（或已中止），日志中没有结果。"


def _check_lists(v: Verification, manifest: dict[str, Any], names: list[str]) -> None:
    rows: dict[str, list[tuple[str, ...]]] = {}
    for name in names:

        def question(name: str = name) -> str:
            text = v.text(f"{name}.tsv")
            stated = manifest[name]
            require(sha256(text) == stated["sha256"], f"{name}.tsv 与封存时的摘要不符，名单被改动。")
            rows[name] = parse_table(f"{name}.tsv", text)
            require(len(rows[name]) == stated["count"], "行数与封存时不符。")
            for row in rows[name]:
                require(not any("|" in part for part in row), f"“{row[0]}”一行含有分隔符。")
            keys = [(row if name == "recusals" else row[:1]) for row in rows[name]]
            encoded = [[part.encode() for part in key] for key in keys]
            require(all(a < b for a, b in pairwise(encoded)), "未按编号排序或有重复。")
            return f"{len(keys)} 行，与封存时一致。"

        v.check(name, NAMES[name], question)

    def partition() -> str:
        candidates = {row[0] for row in rows["candidates"]}
        excluded = {row[0] for row in rows["exclusions"]}
        both = candidates & excluded
        require(not both, f"“{min(both, default='')}”既在名单中又被排除。")
        require(all(row[1].strip() for row in rows["exclusions"]), "有排除未写明理由。")
        require(
            registry_digest(sorted(candidates | excluded)) == manifest["registry"],
            "名单与排除名单合起来不等于名录库快照，有对象被遗漏或添加。",
        )
        return f"名单与排除名单合起来正好是名录库的 {manifest['registry']['count']} 个对象。"

    v.check("registry", "名录库无遗漏", partition)

    def scope() -> str:
        rule = parse_jobs_rule(manifest["jobs_rule"])
        require(rule is not None, f"本程序不认识检查任务的生成规则“{manifest['jobs_rule']}”。")
        assert rule is not None
        require(sha256(v.text("scope.tsv")) == rule.scope_sha256, "scope.tsv 与封存时的摘要不符。")
        placed = parse_scope(v.text("scope.tsv"), grouped=rule.max_group > 0)
        require(set(placed) == {row[0] for row in rows["candidates"]}, "范围表与检查对象名单不一致。")
        require(
            all(site.departments and set(site.departments) <= set(rule.departments) for site in placed.values()),
            "范围表中有对象没有检查部门，或部门不在封存的规则中。",
        )
        return "每个检查对象的片区和检查部门在抽取前已经固定。"

    v.check("scope", "片区和部门", scope)

    def ratios() -> str:
        strata = {row[1] for row in rows["candidates"]}
        require(strata <= set(manifest["ppm"]), "有分层没有抽取比例。")
        return f"{len(strata)} 个分层均有抽取比例。"

    v.check("ratios", "抽取比例", ratios)


def _key(manifest: dict[str, Any], result: dict[str, Any]) -> str:
    if manifest["mode"] == "open":
        require(result["key"] == "", "公开模式不应有密钥。")
        return "公开模式，没有密钥。"
    require(result["key"], "受保护的抽取须由审计人员凭密钥核验，记录中没有密钥。")
    require(sha256(result["key"]) == manifest["key_sha256"], "密钥与封存时公布的摘要不符。")
    return "密钥与封存时公布的摘要一致。"


def _redraw(v: Verification, manifest: dict[str, Any], result: dict[str, Any], outcome: list[Outcome]) -> str:
    frozen = Frozen.read(manifest, v.files, result["key"])
    candidates = {i for i, _ in frozen.candidates}
    require(set(result["failed"]) <= candidates, "失败对象不在名单中。")
    leaves = draw.leaves_of(frozen.candidates, manifest["hash"], result["key"])
    require(draw.merkle_root(leaves) == manifest["candidates"]["merkle"], "默克尔根与封存时不符。")
    try:
        computed = draw_outcome(frozen, result["entropy"], result["failed"])
    except Infeasible:
        seed = draw.seed_of(manifest["hash"], manifest["draw_id"], result["entropy"])
        computed = Outcome(frozen, seed, frozen.select(seed, result["failed"]), {}, {}, set(result["failed"]))
    stated = {stratum: ids for stratum, ids in result["drawn"].items() if ids}
    expected = {stratum: ids for stratum, ids in computed.selection.drawn.items() if ids}
    require(stated == expected, "按公布的随机因子重新计算，抽中的检查对象与记录不同。")
    outcome.append(computed)
    total = sum(len(ids) for ids in expected.values())
    return f"重新计算得到相同的 {total} 个检查对象（名单共 {len(candidates)} 个）。"


def _jobs(v: Verification, result: dict[str, Any], outcome: list[Outcome]) -> str:
    require(outcome, "抽取对象未能重算，无法核对检查任务。")
    text = v.text("jobs.tsv")
    require(sha256(text) == result["jobs"]["sha256"], "jobs.tsv 与结果中的摘要不符。")
    require(text.count("\n") == result["jobs"]["count"], "检查任务数与结果不符。")
    require(text == jobs_text(outcome[0].jobs.values()), "检查任务不是按封存的规则从抽中对象产生的。")
    return f"{result['jobs']['count']} 个检查任务均按封存的规则产生。"


def _assignments(result: dict[str, Any], outcome: list[Outcome]) -> str:
    require(outcome, "抽取对象未能重算，无法核对人员。")
    require(result["assignments"] == outcome[0].assignments, "按公布的随机因子重新计算，执法检查人员与记录不同。")
    return f"重新计算得到相同的 {len(outcome[0].assignments)} 对执法检查人员。"


def _changes(v: Verification, manifest: dict[str, Any], lines: list[list[str]], outcome: list[Outcome]) -> str:
    names = sorted(name for name in v.files if name.startswith("change-"))
    logged = only(lines, "change")
    require(len(names) == len(logged), "抽取后变更的文件数与日志登记数不符。")
    if not names:
        return "抽取后没有变更。"
    require(outcome, "抽取对象未能重算，无法核对变更。")
    now = outcome[0]
    for number, (name, fields) in enumerate(zip(names, logged, strict=True), start=1):
        text = v.text(name)
        change = parse_json(name, text)
        require(name == f"change-{number:04d}.json" and fields[2] == str(number), "变更编号不连续。")
        require(sha256(text) == fields[3], f"{name} 与日志登记的摘要不符。")
        require(change["draw_id"] == manifest["draw_id"], f"{name} 属于另一次抽取。")
        now, again = replay(now, change, v.files)
        require(again == text, f"{name} 与按规则重新计算的结果不同。")
    return f"{len(names)} 次变更均按规则产生，并已登记。"
