"""The public log of draws: its signed head, every line, and proofs that anybody can try by hand (RFC 6962)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import sqlalchemy as sa
from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine import merkle
from engine.errors import InvalidInput, LianjianError
from engine.inspection import draw_log, draw_register
from engine.inspection.models import DrawLogEntry
from engine.web import draw_view
from engine.web.context import database, engine, settings
from engine.web.guards import public

blueprint = Blueprint("public_log", __name__, url_prefix="/public/log")

PAGE = 50
MAX_HEAD = 4_000


@dataclass(frozen=True)
class Step:
    """One hash of a path: on which side the sibling stands, and what comes out."""

    side: str
    sibling: str
    result: str


@dataclass(frozen=True)
class Inclusion:
    """Line ``index`` from its text to the root."""

    index: int
    leaf: str
    leaf_hash: str
    steps: list[Step]
    holds: bool


@dataclass(frozen=True)
class Consistency:
    """Is the log that a kept head signed the beginning of today's?"""

    first: int
    first_root: str
    path: list[str]
    verdict: bool
    words: str


@blueprint.get("")
@public
def show() -> ResponseReturnValue:
    """The log, the newest lines first, with both proofs to try."""
    with database().read() as session:
        lines = draw_register.leaves(session, settings().district_id)
        tree = draw_log.tree_of(lines)
        head = _head(tree)
        before = _number("before", len(lines)) or len(lines)
        entries = _entries(session, before)
    inclusion = consistency = None
    problems: dict[str, str] = {}
    if (index := _asked("line", problems, 0, len(lines) - 1, "行号")) is not None:
        inclusion = _inclusion(tree, lines, index)
    kept = request.args.get("head", "").strip()[:MAX_HEAD]
    if kept:
        try:
            consistency = _since(tree, kept)
        except InvalidInput as error:
            problems["head"] = error.message
    elif (first := _asked("size", problems, 1, len(lines), "行数")) is not None:
        consistency = _consistency(tree, first, tree.root(first).hex())
    return render_template(
        "public/log.html", head=head, size=len(tree), root=tree.root().hex(), shown=entries,
        inclusion=inclusion, consistency=consistency, problems=problems, kept=kept,
        asked_line=request.args.get("line", ""), asked_size=request.args.get("size", ""),
        earlier=entries[-1].index if entries and entries[-1].index > 0 else None,
    )  # fmt: skip


@blueprint.get("/head.json")
@public
def head() -> ResponseReturnValue:
    """The present signed head, small enough to be kept by everybody."""
    with database().read() as session:
        return dict(_head(draw_log.tree_of(draw_register.leaves(session, settings().district_id))))


@blueprint.get("/proof.json")
@public
def proof() -> ResponseReturnValue:
    """``?line=n``: the inclusion proof of a line; ``?size=n``: the consistency proof since the log had n lines."""
    with database().read() as session:
        lines = draw_register.leaves(session, settings().district_id)
        problems: dict[str, str] = {}
        line = _asked("line", problems, 0, len(lines) - 1, "行号")
        size = _asked("size", problems, 1, len(lines), "行数")
        if problems or (line is None) == (size is None):
            raise InvalidInput("请用 line=行号 或 size=行数 二者之一指明要哪一个证明。" + "".join(problems.values()))
        tree = draw_log.tree_of(lines)
        found: dict[str, Any] = {"size": len(tree), "root": tree.root().hex(), "head": _head(tree)}
        if line is not None:
            path = [step.hex() for step in tree.inclusion_proof(line)]
            return {"index": line, "leaf": lines[line], "path": path, **found}
        assert size is not None
        return {**draw_register.consistency(session, settings().district_id, size), "head": found["head"]}


def _head(tree: merkle.Tree) -> dict[str, str]:
    """The head of this tree, signed now."""
    at = draw_register.stamp(engine().clock(), settings())
    key = draw_log.log_key(settings().data_dir)
    return draw_log.signed_head(settings().district_id, len(tree), tree.root(), at, key)


def _number(name: str, most: int) -> int | None:
    text = request.args.get(name, "").strip()
    return min(int(text), most) if text.isdecimal() and len(text) < 10 else None


def _asked(name: str, problems: dict[str, str], least: int, most: int, what: str) -> int | None:
    """The number somebody typed; a problem in words when it is none of the log's."""
    text = request.args.get(name, "").strip()
    if not text:
        return None
    if text.isdecimal() and len(text) < 10 and least <= int(text) <= most:
        return int(text)
    problems[name] = f"{what}应为 {least} 至 {most} 之间的整数。" if most >= least else "日志还是空的。"
    return None


def _entries(session: Session, before: int) -> list[draw_view.LogLine]:
    rows = session.scalars(
        sa.select(DrawLogEntry)
        .where(DrawLogEntry.district_id == settings().district_id, DrawLogEntry.index < before)
        .order_by(DrawLogEntry.index.desc())
        .limit(PAGE)
    )
    return [draw_view.log_line(row, {}) for row in rows]


def _inclusion(tree: merkle.Tree, lines: list[str], index: int) -> Inclusion:
    leaf = merkle.leaf_hash(lines[index].encode())
    path = tree.inclusion_proof(index)
    holds = merkle.verify_inclusion(leaf, index, len(tree), path, tree.root())
    return Inclusion(index, lines[index], leaf.hex(), list(_steps(leaf, index, len(tree), path)), holds)


def _steps(value: bytes, index: int, size: int, path: list[bytes]) -> Iterator[Step]:
    """The path as a person follows it: at each height the sibling is left or right."""
    last = size - 1
    for sibling in path:
        while index % 2 == 0 and index == last:  # no sibling at this height: the node moves up as it is
            index, last = index // 2, last // 2
        if index % 2:
            value, side = merkle.node_hash(sibling, value), "左"
        else:
            value, side = merkle.node_hash(value, sibling), "右"
        index, last = index // 2, last // 2
        yield Step(side, sibling.hex(), value.hex())


def _consistency(tree: merkle.Tree, first: int, first_root: str) -> Consistency:
    path = tree.consistency_proof(first)
    good = merkle.verify_consistency(first, len(tree), bytes.fromhex(first_root), tree.root(), path)
    words = (
        f"现在的日志（{len(tree)} 行）是当时 {first} 行日志的延续：只增加了 {len(tree) - first} 行，没有改动或删除。"
        if good
        else f"现在的日志不是当时 {first} 行日志的延续。日志被改动过，请保存好您的树头并向纪检监察机关反映。"
    )
    return Consistency(first, first_root, [step.hex() for step in path], good, words)


def _since(tree: merkle.Tree, text: str) -> Consistency:
    """Compare with a head somebody kept.  Raises :class:`InvalidInput` when it is not one this log signed."""
    try:
        kept = orjson.loads(text)
        kept = kept.get("head", kept)
        _, size, root, _ = draw_log.parse_head(kept)
        bytes.fromhex(root)
    except (ValueError, AttributeError, LianjianError):
        raise InvalidInput("这不是签名树头。请粘贴保存的 head.json 的全部内容。") from None
    ours = draw_log.public_key_hex(draw_log.log_key(settings().data_dir))
    if not draw_log.head_is_signed(kept) or kept["public_key"] != ours:
        raise InvalidInput("树头的签名无效，或不是本日志的公钥签的；内容可能被改动。")
    if not 1 <= size <= len(tree):
        return Consistency(
            size, root, [], False,
            f"您保存的树头有 {size} 行，现在的日志只有 {len(tree)} 行。日志被截断过，请向纪检监察机关反映。",
        )  # fmt: skip
    return _consistency(tree, size, root)
