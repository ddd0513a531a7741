"""The record of a draw: the files, names and keys of protocol SSJ1, written and read.

A record is a mapping of file name to text (:data:`Files`); on disk it is a folder
or a ZIP.  An independent program must be able to check it, so nothing here is
cleverer than tab-separated lines and JSON.

Beyond the protocol's files a record of this system carries ``scope.tsv``
(``id\\tregion\\tdepartments``: where an object lies and whose items apply to it; its SHA-256
stands in ``jobs_rule``, so that nobody can move a firm to other inspectors once the seed
is known), ``log.tsv`` (the whole public log) and ``change-0001.json`` … (substitutions and
recusals after the draw).
"""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from heapq import merge
from itertools import islice
from pathlib import Path
from typing import Any

from engine.errors import LianjianError
from engine.inspection import draw
from engine.inspection.assignment import Candidate

Files = dict[str, str]

#: A record of a whole province (14 million lines) stays below this; anything larger is refused unread.
MAX_BYTES = 2_000_000_000

COLUMNS = {
    "candidates.tsv": 2,
    "exclusions.tsv": 2,
    "inspectors.tsv": 4,
    "recusals.tsv": 2,
    "scope.tsv": 3,
    "jobs.tsv": 5,
}


#: Lines hashed at a time.
BLOCK = 1 << 14
_PAIR = re.compile(r"([^\t\n]*)\t([^\n]*)\n")


class RecordUnreadable(LianjianError):
    """The record of a draw is missing, damaged or not in the protocol's format."""

    code = "record_unreadable"
    status = 422
    exit_code = 4


# ---------------------------------------------------------------- tables


def table(rows: Iterable[Sequence[str]]) -> str:
    """Tab-separated lines, sorted by the raw bytes of their first fields.

    Raises DrawError naming the field that holds a separator.
    """
    # Texts in the order of their characters are in the order of their UTF-8 bytes.
    ordered = sorted(map(tuple, rows))
    text = "".join(["\t".join(row) + "\n" for row in ordered])
    # Looked at as a whole first: a million rows field by field take seconds.
    whole = text.count("\n") == len(ordered) and text.count("\t") == sum(map(len, ordered)) - len(ordered)
    if not whole or "\r" in text:
        for part in (part for row in ordered for part in row):
            if "\t" in part or "\n" in part or "\r" in part:
                raise draw.DrawError(f"{part!r} contains a separator")
    return text


def parse_table(name: str, text: str, columns: int = 0) -> list[tuple[str, ...]]:
    """The lines of a table, of its usual number of ``columns`` unless another is given.

    Raises RecordUnreadable with the line that breaks the format.
    """
    if text and not text.endswith("\n"):
        raise RecordUnreadable(f"{name} 的最后一行没有换行符，文件可能不完整，请重新下载。")
    columns = columns or COLUMNS[name]
    rows = [tuple(line.split("\t")) for line in text.split("\n")[:-1]]
    for number, row in enumerate(rows, start=1):
        if len(row) != columns or "\r" in row[-1]:
            raise RecordUnreadable(f"{name} 第 {number} 行应有 {columns} 个以制表符分隔的字段。")
    return rows


def sha256(text: str) -> str:
    """SHA-256 of the exact bytes of a file."""
    return hashlib.sha256(text.encode()).hexdigest()


def listed(values: Iterable[str]) -> str:
    """A list inside one field, separated by commas and sorted."""
    return ",".join(sorted(values))


def unlisted(field: str) -> tuple[str, ...]:
    return tuple(field.split(",")) if field else ()


def json_text(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, indent=1) + "\n"


# ---------------------------------------------------------------- lists and manifest


def registry_digest(ids: Iterable[str]) -> dict[str, Any]:
    """``registry`` of the manifest: SHA-256 over the ids, one a line, and their number; ``ids`` are sorted."""
    digest, count, stream = hashlib.sha256(), 0, iter(ids)
    while block := list(islice(stream, BLOCK)):
        digest.update("".join([f"{i}\n" for i in block]).encode())
        count += len(block)
    return {"sha256": digest.hexdigest(), "count": count}


def list_files(
    candidates: Iterable[tuple[str, str]],
    exclusions: Iterable[tuple[str, str]],
    inspectors: Iterable[Candidate],
    recusals: Iterable[tuple[str, str]],
) -> Files:
    """The frozen lists as files, but for ``scope.tsv`` (:func:`engine.inspection.draw_jobs.scope_text`)."""
    people = [(c.id, c.department, listed(c.regions), listed(c.items)) for c in inspectors]
    return {
        "candidates.tsv": table(candidates),
        "exclusions.tsv": table(exclusions),
        "inspectors.tsv": table(people),
        "recusals.tsv": table(set(recusals)),
    }


def manifest_text(
    lists: Files,
    *,
    draw_id: str,
    hash_name: str,
    mode: str,
    key: str,
    ppm: Mapping[str, int],
    rounding: str,
    entropy_rule: str,
    witnesses: Sequence[str],
    per_inspector: int,
    disclosure: str,
    committed_at: str,
    jobs_rule: str,
) -> str:
    """``manifest.json``: everything that is fixed before the entropy is known.  Its exact bytes are committed."""
    candidates, excluded = lists["candidates.tsv"], lists["exclusions.tsv"]

    def counted(name: str) -> dict[str, Any]:
        return {"sha256": sha256(lists[name]), "count": lists[name].count("\n")}

    manifest = {
        "spec": draw.SPEC,
        "hash": hash_name,
        "draw_id": draw_id,
        "mode": mode,
        "candidates": {
            **counted("candidates.tsv"),
            "merkle": draw.merkle_root(draw.leaves_of(_pairs(candidates), hash_name, key)),
        },
        "exclusions": counted("exclusions.tsv"),
        "inspectors": counted("inspectors.tsv"),
        "registry": registry_digest(merge(*((i for i, _ in _pairs(text)) for text in (candidates, excluded)))),
        "key_sha256": sha256(key) if key else "",
        "ppm": dict(sorted(ppm.items())),
        "rounding": rounding,
        "entropy_rule": entropy_rule,
        "witnesses": list(witnesses),
        "caps": {"per_inspector": per_inspector},
        "disclosure": disclosure,
        "committed_at": committed_at,
        "recusals": counted("recusals.tsv"),
        "jobs_rule": jobs_rule,
    }
    return json_text(manifest)


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    """The lines of a table of two columns that was just written, one at a time: lists of a million need no copy."""
    return (line.groups() for line in _PAIR.finditer(text))  # type: ignore[misc]


# ---------------------------------------------------------------- reading


def parse_inspectors(text: str) -> list[Candidate]:
    return [Candidate(i, d, unlisted(r), unlisted(t)) for i, d, r, t in parse_table("inspectors.tsv", text)]


def parse_pairs(name: str, text: str) -> list[tuple[str, str]]:
    """A table of two columns."""
    return [(row[0], row[1]) for row in parse_table(name, text)]


def parse_json(name: str, text: str) -> dict[str, Any]:
    """A JSON object without doubled keys (two readers could understand those differently)."""

    def unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        result = dict(pairs)
        if len(result) != len(pairs):
            raise RecordUnreadable(f"{name} 中有重复的键，内容有歧义。")
        return result

    try:
        value = json.loads(text, object_pairs_hook=unique)
    except ValueError:
        raise RecordUnreadable(f"{name} 不是有效的 JSON 文件。") from None
    if not isinstance(value, dict):
        raise RecordUnreadable(f"{name} 的内容应为一个 JSON 对象。")
    return value


# ---------------------------------------------------------------- folder and ZIP


def read_record(path: Path) -> Files:
    """The files of a folder, a ZIP or one proof file.  Raises RecordUnreadable."""
    try:
        if path.is_dir():
            found = {p.name: p for p in sorted(path.iterdir()) if p.is_file() and not p.name.startswith(".")}
            if sum(p.stat().st_size for p in found.values()) > MAX_BYTES:
                raise RecordUnreadable("抽取记录过大，无法读取。")
            return {name: _decode(name, p.read_bytes()) for name, p in found.items()}
        data = path.read_bytes()
    except OSError as error:
        raise RecordUnreadable(f"无法读取抽取记录“{path}”：{error.strerror}。请检查路径。") from None
    if data[:2] == b"PK":
        return read_zip(data)
    return {path.name: _decode(path.name, data)}


def read_zip(data: bytes) -> Files:
    """The files of a ZIP; one enclosing folder is ignored.  Raises RecordUnreadable."""
    files: Files = {}
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            entries = [entry for entry in archive.infolist() if not entry.is_dir()]
            if sum(entry.file_size for entry in entries) > MAX_BYTES:
                raise RecordUnreadable("抽取记录过大，无法读取。")
            for entry in entries:
                name = entry.filename.rsplit("/", 1)[-1]
                if name in files:
                    raise RecordUnreadable(f"压缩包中有两个名为 {name} 的文件。")
                files[name] = _decode(name, archive.read(entry))
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError):
        raise RecordUnreadable("压缩包已损坏，请重新下载抽取记录。") from None
    return files


def _decode(name: str, data: bytes) -> str:
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        raise RecordUnreadable(f"{name} 不是 UTF-8 编码的文本文件。") from None


def write_record(files: Files, folder: Path) -> None:
    """Write the files into ``folder``, which is created."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in files.items():
        (folder / name).write_bytes(text.encode())


def zip_record(files: Files) -> bytes:
    """The files as a ZIP; equal files give equal bytes, so a downloaded record can be compared."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, date_time=(1980, 1, 1, 0, 0, 0))
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, files[name].encode())
    return out.getvalue()
