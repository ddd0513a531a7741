"""Checking late additions (补充名单): each committed under a number of its own before an entropy of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.inspection import draw
from engine.inspection.draw_jobs import parse_jobs_rule
from engine.inspection.draw_log import parse_leaf
from engine.inspection.draw_record import parse_json, parse_pairs, sha256
from engine.inspection.draw_verify import Verification, commit_matches, require, witnesses_hold, witnesses_logged

#: What an addition takes over from the draw it belongs to.
SAME = ("hash", "mode", "key_sha256", "disclosure", "witnesses")


def check_additions(v: Verification, manifest: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Every addition in the record is committed in the log, and every committed one has an outcome; raises Mismatch.

    Which of the objects are in, and who visits them, is recomputed with the changes.
    """
    names = sorted(name for name in v.files if name.startswith("addition-"))
    log = [parse_leaf(leaf) for leaf in v.files.get("log.tsv", "").split("\n")[:-1]]
    commits = [row for row in log if row[0] == "commit" and row[1].startswith(f"{manifest['draw_id']}-A")]
    require(len(names) == len(commits), "补充名单的文件数与日志中封存的次数不符。")
    drawn: dict[str, str] = {}
    for name in sorted(name for name in v.files if name.startswith("change-")):
        change = parse_json(name, v.text(name))
        if change["kind"] == "addition":
            require(change["addition"] not in drawn, f"补充名单 {change['addition']} 抽取了两次。")
            drawn[str(change["addition"])] = v.text(name)
    listed = {i for i, _ in parse_pairs("candidates.tsv", v.text("candidates.tsv"))}
    for number, (name, commit) in enumerate(zip(names, commits, strict=True), start=1):
        addition, own = parse_json(name, v.text(name)), commit[1]
        require(name == f"addition-{number:04d}.json", "补充名单的编号不连续。")
        require(own == addition["draw_id"] == f"{manifest['draw_id']}-A{number}", f"{name} 的编号与日志不符。")
        commit_matches([commit], v.text(name))
        require(all(addition[key] == manifest[key] for key in SAME), f"{name} 与原封存清单的规则不同。")
        require(addition["parent_manifest_sha256"] == sha256(v.text("manifest.json")), f"{name} 属于另一份封存清单。")
        _check_list(name, addition, manifest, str(result["key"]), commit)
        for row in addition["additions"]:
            require(row["id"] not in listed, f"“{row['id']}”已经在名单中，不得再次抽取。")
            listed.add(row["id"])
        steps = [row for row in log if row[1] == own]
        if own in drawn:
            _check_entropy(own, addition, drawn.pop(own), steps)
        else:
            require(not any(row[0] == "result" for row in steps), f"补充名单 {own} 在日志中已有结果，记录却缺少。")
            ended = next((row[2] for row in steps if row[0] == "abort"), "")
            v.report.notes.append(
                f"补充名单 {own} 已中止：{ended}" if ended else f"补充名单 {own} 已经封存，尚未抽取。"
            )
    require(not drawn, "有补充名单的结果，却没有封存。")
    return f"{len(names)} 份补充名单均先封存、后产生随机因子。" if names else "没有补充名单。"


def _check_list(
    name: str, addition: Mapping[str, Any], manifest: Mapping[str, Any], key: str, commit: list[str]
) -> None:
    rule = parse_jobs_rule(manifest["jobs_rule"])
    pairs = [(row["id"], row["stratum"]) for row in addition["additions"]]
    lines = "".join([f"{i}\t{stratum}\n" for i, stratum in pairs])
    root = draw.merkle_root(draw.leaves_of(pairs, manifest["hash"], key))
    stated = {"sha256": sha256(lines), "count": len(pairs), "merkle": root}
    require(pairs and addition["candidates"] == stated, f"{name} 的名单与其摘要不符。")
    require(commit[4:6] == [root, str(len(pairs))], f"{name} 的名单与日志中的根不符。")
    for row in addition["additions"]:
        require(str(row["reason"]).strip(), f"{name} 有对象未写明补充理由。")
        known = rule is not None and row["departments"] and set(row["departments"]) <= set(rule.departments)
        require(known, f"{name} 中“{row['id']}”的检查部门不在封存的规则中。")


def _check_entropy(own: str, addition: Mapping[str, Any], text: str, steps: list[list[str]]) -> None:
    change = parse_json(own, text)
    witnesses_hold(addition, change)
    witnesses_logged([row for row in steps if row[0] == "witness"], change)
    results = [row for row in steps if row[0] == "result"]
    seed = draw.seed_of(str(addition["hash"]), own, str(change["entropy"]))
    same = len(results) == 1 and results[0][2:4] == [sha256(text), seed]
    require(same, f"补充名单 {own} 的结果或种子与日志中登记的不符。")
