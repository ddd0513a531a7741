"""Checking a record of a draw, offline, at the level the record allows.

* *auditor*: the full record (after an open task that is everybody's level)
* *objects*: an open draw before its visits — everything but the pairs and who may form them
* *public*: after a protected task — commitment, salted leaves, inspected firms, entropy
* *commitment*: during a protected task — the commitment and its place in the log
* *door*: one firm's own proof

``verify`` never raises on a bad record: whatever cannot be read or does not fit is a
failed check with a Chinese explanation.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from engine.errors import LianjianError
from engine.inspection import draw, draw_log
from engine.inspection.draw_record import Files, RecordUnreadable, parse_json, read_record, sha256

LEVELS = {
    "auditor": "完整核验",
    "objects": "对象核验",
    "public": "公众核验",
    "commitment": "封存核验",
    "door": "企业入场核验",
}

HASH_WORDS = {"sha256": "SHA-256", "sm3": "SM3"}
MODE_WORDS = {"open": "公开抽取", "sealed": "受保护抽取"}
_INSTANT = re.compile(r"([0-9]{4})-([0-9]{2})-([0-9]{2})T([0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.[0-9]+)?\+08:00")


def beijing(at: str) -> str:
    """``2026-03-02T09:00:05.000+08:00`` as people read it; any other text as it stands."""
    found = _INSTANT.fullmatch(at)
    if found is None:
        return f" {at} "
    return f"北京时间 {found[1]}年{int(found[2])}月{int(found[3])}日 {found[4]} "


_BAD = (LianjianError, draw.DrawError, KeyError, ValueError, TypeError, AttributeError, IndexError)


@dataclass(frozen=True, slots=True)
class Check:
    """One question about the record and its answer; ``ok`` False means tampered, damaged or incomplete."""

    code: str
    title: str
    ok: bool
    explanation: str


@dataclass(slots=True)
class Report:
    """All answers.  ``notes`` say what a record of this level cannot show."""

    level: str
    draw_id: str = ""
    checks: list[Check] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return bool(self.checks) and all(check.ok for check in self.checks)

    def as_dict(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "level": self.level,
            "draw_id": self.draw_id,
            "checks": [
                {"code": c.code, "title": c.title, "ok": c.ok, "explanation": c.explanation} for c in self.checks
            ],
            "notes": self.notes,
        }

    def text(self) -> str:
        """The report as people read it."""
        head = f"抽取编号 {self.draw_id or '（未知）'}，{LEVELS[self.level]}："
        body = [f"{'通过' if c.ok else '不通过'}  {c.title}：{c.explanation}" for c in self.checks]
        end = "结论：全部核验通过。" if self.ok else "结论：核验不通过，记录可能被改动或不完整。"
        notes = [f"说明：{note}" for note in self.notes]
        return "\n".join([head + ("通过" if self.ok else "不通过"), *body, *notes, end])


class Mismatch(Exception):
    """A check found that two things which must be equal are not; the text is shown to the reader."""


def require(condition: object, message: str) -> None:
    if not condition:
        raise Mismatch(message)


class Verification:
    """Runs checks one after another and keeps their answers."""

    def __init__(self, files: Files, report: Report) -> None:
        self.files = files
        self.report = report

    def check(self, code: str, title: str, question: Callable[[], str]) -> bool:
        """Ask one question; its return value explains why it holds."""
        try:
            explanation, ok = question(), True
        except Mismatch as mismatch:
            explanation, ok = str(mismatch), False
        except _BAD as error:
            said = (
                error.message
                if isinstance(error, LianjianError)
                else f"内容无法解读（{type(error).__name__}: {error}）"
            )
            explanation, ok = said, False
        self.report.checks.append(Check(code, title, ok, explanation))
        return ok

    def text(self, name: str) -> str:
        if name not in self.files:
            raise Mismatch(f"缺少文件 {name}。")
        return self.files[name]

    def json(self, name: str) -> dict[str, Any]:
        return parse_json(name, self.text(name))


def verify(record: Path | Files, *, log_key: str = "") -> Report:
    """Check a record: a folder, a ZIP, one proof file, or its files at hand.

    ``log_key`` is the log's public key (hex) as the reader knows it from elsewhere.
    """
    # Imported here: the levels build on this module's Verification.
    from engine.inspection.draw_verify_full import verify_full
    from engine.inspection.draw_verify_public import verify_commitment, verify_door, verify_public

    try:
        files = read_record(record) if isinstance(record, Path) else record
    except RecordUnreadable as error:
        return Report("auditor", checks=[Check("files", "读取记录", False, error.message)])
    if "candidates.tsv" in files:
        level, run = ("auditor" if "objects.json" not in files else "objects"), verify_full
    elif "leaves.txt" in files:
        level, run = "public", verify_public
    elif "commitment.json" in files:
        level, run = "commitment", verify_commitment
    elif any(name.endswith(".json") and '"door-proof"' in text[:400] for name, text in files.items()):
        level, run = "door", verify_door
    else:
        missing = "没有找到抽取记录的文件（candidates.tsv、leaves.txt、commitment.json 或入场核验文件）。"
        return Report("auditor", checks=[Check("files", "文件齐全", False, missing)])
    report = Report(level)
    run(Verification(files, report), log_key)
    return report


# ---------------------------------------------------------------- shared by all levels

MANIFEST_KEYS = {
    "spec", "hash", "draw_id", "mode", "candidates", "exclusions", "inspectors", "registry", "key_sha256", "ppm",
    "rounding", "entropy_rule", "witnesses", "caps", "disclosure", "committed_at", "recusals", "jobs_rule",
}  # fmt: skip


def check_manifest(v: Verification) -> dict[str, Any]:
    """The manifest when it is one of SSJ1, else an empty mapping."""
    found: dict[str, Any] = {}

    def question() -> str:
        manifest = v.json("manifest.json")
        absent = MANIFEST_KEYS - set(manifest)
        require(not absent, f"manifest.json 缺少 {'、'.join(sorted(absent))}。")
        require(manifest["spec"] == draw.SPEC, f"规程“{manifest['spec']}”不是 {draw.SPEC}。")
        require(manifest["hash"] in draw.HASHES, f"不认识的摘要算法“{manifest['hash']}”。")
        require(manifest["mode"] in draw.MODES, f"不认识的模式“{manifest['mode']}”。")
        require(manifest["rounding"] in draw.ROUNDINGS, f"不认识的取整方法“{manifest['rounding']}”。")
        require(manifest["disclosure"] in ("protected", "open"), "公开方式应为 protected 或 open。")
        sealed = manifest["mode"] == "sealed"
        require(bool(manifest["key_sha256"]) == sealed, "密钥摘要与模式不符。")
        found.update(manifest)
        v.report.draw_id = str(manifest["draw_id"])
        return f"符合规程 {draw.SPEC}，{HASH_WORDS[manifest['hash']]} 摘要，{MODE_WORDS[manifest['mode']]}。"

    v.check("manifest", "封存清单格式", question)
    return found


def witnesses_hold(manifest: Mapping[str, Any], result: Mapping[str, Any]) -> str:
    """Commit before reveal, in the manifest's order, at least two of different departments; raises Mismatch."""
    witnesses = result["witnesses"]
    require([w["id"] for w in witnesses] == list(manifest["witnesses"]), "抽取监督人与封存时的名单或顺序不一致。")
    require(len(witnesses) >= 2, "抽取监督人少于两名。")
    require(len({w["department"] for w in witnesses}) >= 2, "抽取监督人来自同一部门。")
    require(len({w["id"] for w in witnesses}) == len(witnesses), "同一抽取监督人出现两次。")
    for w in witnesses:
        require(
            draw.witness_commitment(w["nonce"], w["part"]) == w["logged_sha256"],
            f"抽取监督人 {w['id']} 公布的随机因子与其事先登记的摘要不符。",
        )
        require(manifest["committed_at"] <= w["logged_at"], f"抽取监督人 {w['id']} 的登记早于名单封存。")
    last_logged = max(w["logged_at"] for w in witnesses)
    require(all(last_logged <= w["revealed_at"] for w in witnesses), "有随机因子在全部登记完成之前公布。")
    require(draw.join_entropy([w["part"] for w in witnesses]) == result["entropy"], "随机因子与各部分拼接不一致。")
    return f"{len(witnesses)} 名抽取监督人均先登记后公布，随机因子吻合。"


def check_witnesses(v: Verification, manifest: dict[str, Any], result: dict[str, Any]) -> None:
    """Were all parts logged before any was revealed?"""
    v.check("witnesses", "抽取监督人与随机因子", lambda: witnesses_hold(manifest, result))


def check_log(v: Verification, proof: dict[str, Any], log_key: str) -> list[list[str]]:
    """Are the commitment and the draw's other lines in the signed log?  Returns their fields."""
    lines: list[list[str]] = []

    def inclusion() -> str:
        root, size = bytes.fromhex(proof["root"]), int(proof["size"])
        for entry in [proof, *proof["entries"]]:
            leaf = str(entry["leaf"])
            path = [bytes.fromhex(step) for step in entry["path"]]
            there = draw_log.merkle.verify_inclusion(
                draw_log.merkle.leaf_hash(leaf.encode()), int(entry["index"]), size, path, root
            )
            require(there, f"日志第 {entry['index']} 行不在所示的日志树中。")
            fields = draw_log.parse_leaf(leaf)
            require(not lines or fields[1] == lines[0][1], "日志行不属于这次抽取。")
            lines.append(fields)
        return f"封存与其后 {len(lines) - 1} 个步骤均在公开日志中（日志共 {size} 行）。"

    def signature() -> str:
        head = proof["head"]
        require(draw_log.head_is_signed(head), "日志签名无效。")
        _, size, root, at = draw_log.parse_head(head)
        require(size == int(proof["size"]) and root == proof["root"], "签名针对的是另一份日志。")
        require(not log_key or head["public_key"] == log_key, "日志不是用您所知的公钥签名的。")
        return f"日志于{beijing(at)}由公钥 {head['public_key'][:16]}… 签名，签名有效。"

    if not v.check("log", "公开日志收录", inclusion):
        lines.clear()
    v.check("log-signature", "日志签名", signature)
    return lines


def series_of(draw_id: str) -> tuple[str, str, int]:
    """Series, its mark (``T`` trial draws, ``A`` late additions of one draw, else empty) and number of a draw's id."""
    series, _, serial = draw_id.rpartition("-")
    mark = serial[:1] if serial[:1] in ("T", "A") else ""
    digits = serial.removeprefix(mark)
    return series, mark, int(digits) if digits.isascii() and digits.isdigit() else 0


def check_whole_log(v: Verification, proof: dict[str, Any], draw_id: str) -> None:
    """With the whole log at hand: one commitment a number, no number missing, this draw still stands."""

    def question() -> str:
        text = v.text("log.tsv")
        leaves = text.split("\n")[:-1]
        tree = draw_log.tree_of(leaves)
        require(len(leaves) == int(proof["size"]), "完整日志的行数与签名不符。")
        require(tree.root().hex() == proof["root"], "完整日志与签名的根不符。")
        rows = [draw_log.parse_leaf(leaf) for leaf in leaves]
        own = [row for row in rows if row[1] == draw_id]
        require(
            sum(row[0] in ("commit", "import") for row in own) == 1, "同一抽取编号有两次封存，后一次不是原来的名单。"
        )
        require(sum(row[0] == "result" for row in own) <= 1, "同一抽取编号有两个结果。")
        shown = {(entry["leaf"]) for entry in [proof, *proof["entries"]]}
        hidden = [row for leaf, row in zip(leaves, rows, strict=True) if row[1] == draw_id and leaf not in shown]
        require(not hidden, "日志中有属于这次抽取、但记录未列出的步骤。")
        series = series_of(draw_id)[:2]
        ids = [series_of(row[1]) for row in rows if row[0] == "commit"]
        numbers = sorted(number for *of, number in ids if tuple(of) == series)
        imported = any(row[0] == "import" for row in own)  # the platform's numbers are not ours
        require(imported or numbers == list(range(1, len(numbers) + 1)), "抽取编号不连续，可能有抽取被隐瞒。")
        ended = [row for row in own if row[0] in ("abort", "annul")]
        if ended:
            v.report.notes.append(f"这次抽取已{'中止' if ended[0][0] == 'abort' else '作废'}：{ended[0][2]}")
        return "平台编号只登记一次。" if imported else f"编号连续（共 {len(numbers)} 次抽取），每个编号只封存一次。"

    if "log.tsv" in v.files:
        v.check("log-complete", "日志完整", question)
    else:
        v.report.notes.append("记录未附完整日志，无法核对编号是否连续。")


def witnesses_logged(lines: list[list[str]], result: Mapping[str, Any]) -> str:
    """Did every witness's digest enter the public log, once?  Raises Mismatch."""
    logged = {fields[2]: (fields[3], fields[4]) for fields in only(lines, "witness")}
    require(len(only(lines, "witness")) == len(logged), "同一抽取监督人登记了两次。")
    for w in result["witnesses"]:
        require(logged.get(w["id"]) == (w["logged_sha256"], w["logged_at"]), f"抽取监督人 {w['id']} 的登记与日志不符。")
    require(len(logged) == len(result["witnesses"]), "日志中登记的抽取监督人与结果不符。")
    return "每名抽取监督人的登记都先进入了公开日志。"


def commit_matches(lines: list[list[str]], manifest_text: str) -> str:
    """Is this manifest the committed one?"""
    require(lines, "日志中没有可用的封存记录。")
    fields = lines[0]
    require(fields[0] == "commit", "日志中的第一步不是名单封存。")
    require(fields[2] == sha256(manifest_text), "封存清单与日志中公布的 SHA-256 摘要不符。")
    require(fields[3] == draw.digest_hex("sm3", manifest_text), "封存清单与日志中公布的 SM3 摘要不符。")
    return "封存清单与随机因子产生之前公布的摘要一致。"


def only(lines: list[list[str]], kind: str) -> list[list[str]]:
    return [fields for fields in lines if fields[0] == kind]


__all__ = ["Check", "RecordUnreadable", "Report", "verify"]
