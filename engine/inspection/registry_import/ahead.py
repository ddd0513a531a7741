"""Reading ahead: a second process reads and judges a large file while this one saves what is judged.

It is given the file's path and what rows are judged against, has no database, and ends when nobody
listens any more.  Blocks come through a pipe that holds little, so it is never far ahead.
"""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, astuple
from pathlib import Path
from typing import IO, Any

import orjson

from engine.errors import ServiceTaskFailed
from engine.inspection.registry_import.blocks import Block, blocks
from engine.inspection.registry_import.plain import Layout
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import RowProblem
from engine.inspection.registry_import.rows import RowReader, Surroundings, make_reader, score

#: Bytes from which a second process pays for its start.
LARGE = 8 * 1024 * 1024

_LENGTH = struct.Struct(">I")


def large_file(stream: IO[bytes]) -> Path | None:
    """The path of a stream that is worth a second process: a large file, read from its beginning."""
    name = getattr(stream, "name", None)
    if not isinstance(name, str | os.PathLike) or not stream.seekable() or (os.cpu_count() or 1) < 2:
        return None
    path = Path(os.fspath(name))
    return path if path.is_file() and path.stat().st_size >= LARGE else None


def blocks_ahead(path: Path, reader: RowReader, layout: Layout) -> Iterator[Block]:
    """The blocks of the file at ``path``, judged by another process.

    Raises :class:`ServiceTaskFailed` when that process dies; what was yielded before stands.
    """
    question = {
        "path": str(path.resolve()), "kind": reader.kind, "surroundings": asdict(reader.surroundings),
        "layout": {"fields": layout.fields, "json": sorted(layout.json), "dates": sorted(layout.dates)},
    }  # fmt: skip
    child = subprocess.Popen(
        [sys.executable, "-c", f"from {__name__} import judge_for_parent; judge_for_parent()"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
        env={"PYTHONPATH": str(Path(__file__).resolve().parents[3]), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert child.stdin is not None and child.stdout is not None
    try:
        child.stdin.write(orjson.dumps(question, default=sorted))
        child.stdin.close()
        while (block := _receive(child.stdout)) is not None:
            yield block
    finally:
        child.stdout.close()
        child.wait()


def _receive(pipe: IO[bytes]) -> Block | None:
    """The next block; None after the last one, which says so."""
    head = pipe.read(_LENGTH.size)
    if len(head) == _LENGTH.size:
        (length,) = _LENGTH.unpack(head)
        if length == 0:
            return None
        body = pipe.read(length)
        if len(body) == length:
            total, lines, keys, rows, digests, problems = orjson.loads(body)
            return Block(total, lines, keys, rows, digests, [RowProblem(*problem) for problem in problems])
    raise ServiceTaskFailed("读取文件的进程中断，已导入的各批有效，请重新导入同一文件。")


def judge_for_parent() -> None:
    """The other process: judge the file named on standard input, write blocks to standard output."""
    try:
        _judge()
    except BrokenPipeError:
        os._exit(1)  # nobody listens any more


def _judge() -> None:
    asked: dict[str, Any] = orjson.loads(sys.stdin.buffer.read())
    around = asked["surroundings"]
    around["items"] = frozenset(around["items"])
    layout = Layout(
        asked["kind"], tuple(asked["layout"]["fields"]), frozenset(asked["layout"]["json"]),
        frozenset(asked["layout"]["dates"]),
    )  # fmt: skip
    out = sys.stdout.buffer
    with open(asked["path"], "rb") as stream:
        sheet = open_sheet(stream, score(asked["kind"]))
        reader, _ = make_reader(asked["kind"], sheet.header, Surroundings(**around))
        for block in blocks(reader, sheet, layout):
            problems = [astuple(problem) for problem in block.problems]
            body = orjson.dumps([block.total, block.lines, block.keys, block.rows, block.digests, problems])
            out.write(_LENGTH.pack(len(body)))
            out.write(body)
    out.write(_LENGTH.pack(0))
    out.flush()
