"""Check an archived case file without any database: is it whole, unchanged, and in a published root?

Every finding names the file or the event it is about.  What is compared with what:
files with ``index.json``; ``index.json`` and the originals with events of the case; every event with its hash,
its predecessor and the root; the root, when one is given, with what somebody else keeps.
"""

from __future__ import annotations

import hashlib
import zipfile
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import orjson

from engine import merkle
from engine.errors import InvalidInput
from engine.history import GENESIS, event_hash
from engine.inspection.archives.package import EVENTS, FORMAT, INDEX, PROOF, PROOF_FORMAT

#: A listing larger than this is no case file but an attack.
MAX_LISTING = 200_000_000
CHUNK = 1 << 20
#: Events that say which files belong to the case.
_BINDING = frozenset({"case-file-bound", "attachment-added", "task-completed"})


@dataclass
class Report:
    """What was looked at and what is wrong; an empty ``problems`` means sound."""

    archive_number: str = ""
    title: str = ""
    files: int = 0
    events: int = 0
    size: int = 0
    root: str = ""
    compared: str = ""  # with which root somebody else keeps; empty: with none
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems

    def text(self) -> str:
        """The verdict in Chinese."""
        head = f"案卷 {self.archive_number}　{self.title}" if self.archive_number else "案卷"
        if self.problems:
            return "\n".join([head, *self.problems, f"核验未通过：发现 {len(self.problems)} 处问题。"])
        looked = f"核对了 {self.files} 个文件、{self.events} 条办理记录，全部相符，未发现改动。"
        root = f"历史根（{self.size} 条）：{self.root}"
        said = self.compared or "尚未与别处保存的历史根比对：请用 --root 给出您从别处得到的根，才能排除整包重做。"
        return "\n".join([head, looked, root, said])


def verify(path: Path, root: Mapping[str, Any] | None = None, link: Mapping[str, Any] | None = None) -> Report:
    """Check the ZIP at ``path``, with ``root`` (an exported root, or the list of published ones) when given.

    ``link`` leads from the case file's root to a later ``root``.  Raises :class:`InvalidInput` when the file
    is no case file at all, or the root cannot be compared with it.
    """
    report = Report()
    try:
        with zipfile.ZipFile(path) as package:
            _verify(package, report)
    except (zipfile.BadZipFile, OSError) as error:
        raise InvalidInput(f"{path.name} 不是完整的档案包（ZIP），可能下载不完整：{error}") from None
    if root is not None:
        _compare(report, root, link)
    return report


def _verify(package: zipfile.ZipFile, report: Report) -> None:
    index = _json(package, INDEX)
    if index.get("format") != FORMAT:
        raise InvalidInput("这不是本系统的档案包：缺少 index.json，或者格式不同。")
    report.archive_number, report.title = str(index.get("archive_number")), str(index.get("title"))
    _files(package, index, report)
    if any(name not in package.namelist() for name in (EVENTS, PROOF)):
        report.problems.append(f"缺少办理记录或者证明（{EVENTS}、{PROOF}），无法核验来历。")
        return
    events = _events(package, report)
    proof = _json(package, PROOF)
    if proof.get("format") != PROOF_FORMAT:
        report.problems.append(f"{PROOF} 的格式不符，无法核验来历。")
        return
    report.size, report.root = int(proof["size"]), str(proof["root"])
    _chain(events, index, str(proof["district_id"]), report)
    _inclusion(events, proof, report)
    _bound(package, events, index, report)


def _json(package: zipfile.ZipFile, name: str) -> dict[str, Any]:
    try:
        found = orjson.loads(_small(package, name))
    except (KeyError, orjson.JSONDecodeError):
        raise InvalidInput(f"这不是完整的档案包：{name} 缺少或者不能读取。") from None
    if not isinstance(found, dict):
        raise InvalidInput(f"这不是完整的档案包：{name} 的内容不符。")
    return found


def _small(package: zipfile.ZipFile, name: str) -> bytes:
    if package.getinfo(name).file_size > MAX_LISTING:
        raise InvalidInput(f"{name} 过大，不是本系统的档案包。")
    return package.read(name)


def _files(package: zipfile.ZipFile, index: Mapping[str, Any], report: Report) -> None:
    present = package.namelist()
    listed = {str(f["path"]): f for f in index.get("files", [])}
    for name in sorted({n for n in present if present.count(n) > 1}):
        report.problems.append(f"文件“{name}”在包内出现不止一次。")
    for path, entry in listed.items():
        if path not in present:
            report.problems.append(f"缺少文件“{path}”。")
            continue
        report.files += 1
        try:
            digest = _digest(package, path)
        except (zipfile.BadZipFile, OSError):
            digest = ""
        if digest != entry["sha256"]:
            report.problems.append(f"文件“{path}”的内容被改动：SHA-256 与 index.json 不符。")
    for name in sorted(set(present) - set(listed) - {INDEX, EVENTS, PROOF}):
        report.problems.append(f"包内有 index.json 没有列出的文件“{name}”。")


def _digest(package: zipfile.ZipFile, name: str) -> str:
    found = hashlib.sha256()
    with package.open(name) as file:
        while piece := file.read(CHUNK):
            found.update(piece)
    return found.hexdigest()


def _events(package: zipfile.ZipFile, report: Report) -> list[dict[str, Any]]:
    events = []
    for number, line in enumerate(_small(package, EVENTS).splitlines(), start=1):
        try:
            event = orjson.loads(line)
            event["at"] = datetime.fromisoformat(event["at"])
            events.append(event)
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError):
            report.problems.append(f"{EVENTS} 第 {number} 行不能读取。")
    report.events = len(events)
    return events


def _chain(events: list[dict[str, Any]], index: Mapping[str, Any], district_id: str, report: Report) -> None:
    streams: dict[str, list[dict[str, Any]]] = defaultdict(list)
    for event in events:
        streams[event["stream"]].append(event)
    names = {str(c["stream"]): str(c["business_key"]) for c in index.get("cases", [])}
    for stream, name in names.items():
        if stream not in streams:
            report.problems.append(f"缺少“{name}”的全部办理记录。")
    for stream, found in streams.items():
        where = names.get(stream, stream)
        seq, prev_hash = 0, GENESIS
        for event in sorted(found, key=lambda e: int(e["seq"])):
            said = f"“{where}”第 {event['seq']} 条办理记录（{event['kind']}，{event['at'].isoformat()}）"
            if event["seq"] != seq + 1:
                report.problems.append(f"“{where}”第 {seq} 条之后缺少办理记录（下一条是第 {event['seq']} 条）。")
            elif event["prev_hash"] != prev_hash:
                report.problems.append(f"{said}与前一条不相接。")
            expected = event_hash(
                district_id, stream, event["seq"], event["at"], event["actor_id"], event["actor_name"],
                event["kind"], event["body"], event["prev_hash"],
            )  # fmt: skip
            if expected != event["hash"]:
                report.problems.append(f"{said}的内容被改动：与哈希不符。")
            seq, prev_hash = int(event["seq"]), event["hash"]


def _inclusion(events: list[dict[str, Any]], proof: Mapping[str, Any], report: Report) -> None:
    paths = proof.get("paths", {})
    for event in events:
        said = f"“{event['stream']}”第 {event['seq']} 条办理记录（{event['kind']}）"
        try:
            path = [bytes.fromhex(step) for step in paths[str(event["position"])]]
            leaf = merkle.leaf_hash(str(event["hash"]).encode())
            holds = merkle.verify_inclusion(
                leaf, int(event["position"]), report.size, path, bytes.fromhex(report.root)
            )  # fmt: skip
        except (KeyError, TypeError, ValueError):
            holds = False
        if not holds:
            report.problems.append(f"{said}不在公布的根中：证明不成立。")


def _bound(
    package: zipfile.ZipFile, events: list[dict[str, Any]], index: Mapping[str, Any], report: Report
) -> None:  # fmt: skip
    bodies = [(e["kind"], orjson.loads(e["body"])) for e in events if e["kind"] in _BINDING]
    digest = hashlib.sha256(package.read(INDEX)).hexdigest()
    if not any(body.get("index_sha256") == digest for _, body in bodies):
        report.problems.append("index.json 被改动，或者不属于本案：办理记录中没有登记过它的摘要。")
    uploaded = {str(body["attachment"]): body for kind, body in bodies if kind == "attachment-added"}
    papers = [body.get("paper") or {} for kind, body in bodies if kind == "task-completed"]
    known = {str(p.get("attachment_id")): str(p.get("sha256", "")) for p in papers}
    known |= {attachment: str(body.get("sha256")) for attachment, body in uploaded.items()}
    originals = [entry for entry in index.get("files", []) if entry.get("kind") == "original"]
    for entry in originals:
        if str(entry.get("id")) not in known:
            report.problems.append(f"原件“{entry['path']}”在办理记录中没有上传登记。")
        elif known[str(entry["id"])] != entry["sha256"]:
            report.problems.append(f"原件“{entry['path']}”与上传时登记的 SHA-256 不符：不是当时上传的文件。")
    listed = {str(entry.get("id")) for entry in originals}
    for attachment, event in uploaded.items():
        if attachment not in listed:
            report.problems.append(f"缺少办理记录中登记的原件“{event.get('name', attachment)}”。")


def _compare(report: Report, root: Mapping[str, Any], link: Mapping[str, Any] | None) -> None:
    """Compare the case file's root with what somebody else keeps."""
    try:
        known = {int(r["size"]): str(r["root"]) for r in root.get("roots", [root])}
    except (AttributeError, KeyError, TypeError, ValueError):
        known = {}
    if not known:
        raise InvalidInput(
            "给出的根文件格式不符，请使用 lianjian verify-history --export 导出的，或者归档页下载的文件。"
        )
    if report.size in known:
        if known[report.size] == report.root:
            report.compared = f"与给出的历史根（{report.size} 条）一致：办理记录确实在公布的根中。"
        else:
            report.problems.append(f"档案包的根与给出的历史根（{report.size} 条）不一致：整包可能被重做。")
        return
    size = max(known)
    if link is None:
        raise InvalidInput(
            f"给出的根有 {size} 条，本案卷的根有 {report.size} 条，大小不同不能直接比对。"
            "请在案卷页面下载到该根的衔接证明，用 --link 给出。"
        )
    if _linked(report, link, size, known[size]):
        report.compared = f"经衔接证明，与给出的历史根（{size} 条）一致：办理记录确实在公布的根中。"
    else:
        report.problems.append(f"衔接证明不成立：档案包的根（{report.size} 条）不是给出的历史根（{size} 条）的前一段。")


def _linked(report: Report, link: Mapping[str, Any], size: int, root: str) -> bool:
    first, second = (report.size, report.root), (size, root)
    if first > second:
        first, second = second, first
    try:
        path = [bytes.fromhex(step) for step in link["path"]]
        return (link["first"], link["second"]) == (first[0], second[0]) and merkle.verify_consistency(
            first[0], second[0], bytes.fromhex(first[1]), bytes.fromhex(second[1]), path
        )
    except (KeyError, TypeError, ValueError):
        return False
