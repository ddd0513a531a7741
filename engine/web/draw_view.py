"""What pages about a draw show: its steps, witnesses, log in words, number series and QR code.

Nothing here knows candidates, pairs or grades; the public pages and the ceremony are
built from the commitment, the witnesses and the log alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import segno
import sqlalchemy as sa
from markupsafe import Markup
from sqlalchemy.orm import Session, defer

from engine.inspection import disclosure, draw_log, draws
from engine.inspection.draw_verify import series_of
from engine.inspection.models import Draw, DrawLogEntry, DrawWitness

STATES = {
    "committed": "名单已封存",
    "drawn": "已抽取",
    "aborted": "已中止",
    "annulled": "已作废",
    "imported": "省工作平台抽取",
}
#: Colour of a state's chip.
TONES = {"committed": "amber", "drawn": "green", "aborted": "red", "annulled": "red", "imported": "blue"}
KINDS = {
    "commit": "名单封存", "witness": "登记随机因子", "result": "抽取完成", "change": "变更", "abort": "中止",
    "annul": "作废", "import": "平台导入", "audit": "审计领取",
}  # fmt: skip


@dataclass(frozen=True)
class LogLine:
    """One line of the public log: what it says in words, and its exact text."""

    index: int
    at: Any
    kind: str
    words: str
    leaf: str
    draw_id: str = ""


@dataclass(frozen=True)
class Step:
    """One step of a draw; ``state`` is done, now, ahead or failed."""

    label: str
    state: str
    note: str = ""


@dataclass(frozen=True)
class Series:
    """The numbers one authority gave in one year; ``missing`` is empty when nothing was hidden."""

    authority: str
    year: int
    trial: bool
    last: int
    missing: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class DrawView:
    """One draw as anybody may see it now."""

    row: Draw
    shown: dict[str, Any]
    witnesses: list[DrawWitness]
    entries: list[LogLine]
    steps: list[Step]
    ended: bool
    #: The witnesses' parts are part of the public record already.
    parts_public: bool

    @property
    def state(self) -> str:
        return STATES.get(self.row.state, self.row.state)


def view(session: Session, row: Draw) -> DrawView:
    """Everything the public page and the ceremony have in common."""
    witnesses = draws.witnesses_of(session, row)
    ended = disclosure.task_ended(session, row)
    return DrawView(
        row=row,
        shown=disclosure.commitment(session, row),
        witnesses=witnesses,
        entries=log_lines(session, row, witnesses),
        steps=steps(row, witnesses, ended),
        ended=ended,
        parts_public=ended or (row.state == "drawn" and row.disclosure == "open"),
    )


@dataclass(frozen=True)
class Abilities:
    """Who can check what of a draw: anybody now, anybody after the task, auditors only."""

    now: list[str]
    later: list[str]
    auditors: list[str]


_LOG = "公开日志没有被改动、删减，编号连续"
_SEALED = "名单在随机因子产生之前已经封存，摘要何时登入日志"
_PARTS = "随机因子与各监督人事先登记的摘要一致，由它算出的种子与日志一致"
_STAFF = "分层依据、排除理由、回避情况和检查人员的选派"


def abilities(view: DrawView) -> Abilities:
    """What each circle can verify, in words; the disclosure class and the state decide."""
    row = view.row
    if row.origin == "province":
        return Abilities(["平台编号、回执和名单摘要何时登入日志", _LOG], [], [])
    if row.trial:
        return Abilities([_SEALED, "试抽没有效力：随机因子即抽即弃，不选定检查对象，也不公布名单", _LOG], [], [])
    if row.parent:
        return Abilities([_SEALED, _LOG], [f"补充对象的签号和去留，在抽取 {row.parent} 的记录中一并核验"], [])
    if row.state in ("aborted", "annulled"):
        return Abilities([_SEALED, "抽取为什么没有完成或被作废", _LOG], [], ["封存的全部名单和规则"])
    if row.disclosure == "open":
        drawn = ["封存的名单与摘要一致", _PARTS, "每个对象的签号，抽中的确是签号最小的那些"]
        everything = ["检查人员的选派与种子一致（完整记录）"]
        if view.ended:
            return Abilities([_SEALED, *drawn, *everything, _LOG], [], [])
        if row.state == "drawn":
            return Abilities([_SEALED, *drawn, _LOG], everything, [])
        return Abilities([_SEALED, _LOG], [*drawn, *everything], [])
    after = [_PARTS, "加盐的名单叶子与封存时的默克尔根一致", "被检查企业名单及其结果"]
    secret = [_STAFF, "每一张签的计算，抽中的确是签号最小的那些", "领取完整记录的事由，会登入下方公开日志"]
    if view.ended:
        return Abilities([_SEALED, *after, _LOG], [], secret)
    return Abilities([_SEALED, _LOG], after, secret)


def log_lines(session: Session, row: Draw, witnesses: Sequence[DrawWitness]) -> list[LogLine]:
    """The lines of the public log that speak of this draw, in their order."""
    names = {w.user_id: w.name for w in witnesses}
    entries = session.scalars(
        sa.select(DrawLogEntry)
        .where(DrawLogEntry.district_id == row.district_id, DrawLogEntry.draw_id == row.draw_id)
        .order_by(DrawLogEntry.index)
    )
    return [log_line(entry, names) for entry in entries]


def log_line(entry: DrawLogEntry, names: dict[str, str]) -> LogLine:
    """One line in words; ``names`` are those of witnesses by id, as far as they may be told."""
    words = _words(entry.leaf, names)
    if entry.kind == "result" and series_of(entry.draw_id)[1] == "T":
        words = "试抽完成，没有效力，不选定任何检查对象"
    return LogLine(entry.index, entry.at, KINDS.get(entry.kind, entry.kind), words, entry.leaf, entry.draw_id)


def _words(leaf: str, names: dict[str, str]) -> str:
    kind, _, *rest = draw_log.parse_leaf(leaf)
    if kind == "commit":
        return f"封存 {int(rest[3]):,} 个检查对象，清单摘要 {rest[0][:8]}…"
    if kind == "witness":
        return f"{names.get(rest[0], '监督人')}登记摘要 {rest[1][:8]}…"
    if kind == "result":
        return f"抽中 {int(rest[2]):,} 个检查对象，结果摘要 {rest[0][:8]}…"
    if kind == "change":
        return f"第 {rest[0]} 次变更，变更文件摘要 {rest[1][:8]}…"
    if kind == "import":
        return f"平台编号 {rest[0]}，回执 {rest[1]}"
    if kind == "audit":
        return f"{rest[0]}领取完整记录，事由：{rest[1]}"
    return rest[0]


def steps(row: Draw, witnesses: Sequence[DrawWitness], ended: bool) -> list[Step]:
    """Where the draw stands.  A platform draw has one step: its import."""
    if row.origin == "province":
        return [Step("省工作平台抽取", "done"), Step("导入结果", "done"), _after("检查并公示", row, ended)]
    if row.trial:  # no witnesses, nothing to visit and no record to come
        return [Step("名单封存", "done"), Step("试抽", "done" if row.drawn_at else "ahead")]
    total = len(witnesses)
    logged = sum(w.logged_at is not None for w in witnesses)
    revealed = sum(w.revealed_at is not None for w in witnesses)
    drawn = row.drawn_at is not None
    stopped = row.state in ("aborted", "annulled")
    found = [
        Step("名单封存", "done"),
        Step("登记随机因子", _progress(logged, total, True, stopped), f"{logged}/{total}"),
        Step("公开随机因子", _progress(revealed, total, logged == total, stopped), f"{revealed}/{total}"),
        Step("抽取", "done" if drawn else "ahead"),
    ]
    if stopped:
        return [*found, Step(STATES[row.state], "failed")]
    return [*found, _after("检查并公示", row, ended), Step("公布记录", "done" if ended else "ahead")]


def _after(label: str, row: Draw, ended: bool) -> Step:
    return Step(label, "done" if ended else "now" if row.state in ("drawn", "imported") else "ahead")


def _progress(done: int, total: int, begun: bool, stopped: bool) -> str:
    if done == total:
        return "done"
    return "failed" if stopped and begun else "now" if begun else "ahead"


def list_draws(session: Session, district_id: str, *, year: int | None = None, limit: int = 500) -> list[Draw]:
    """Draws of a year (or the newest of all), the newest first; aborted and annulled ones included."""
    statement = sa.select(Draw).where(Draw.district_id == district_id)
    if year is not None:
        statement = statement.where(Draw.year == year)
    statement = statement.order_by(Draw.year.desc(), Draw.id.desc()).limit(limit)
    return list(session.scalars(statement.options(defer(Draw.files, raiseload=True))))


def years(session: Session, district_id: str) -> list[int]:
    """Years with draws, the newest first."""
    statement = sa.select(Draw.year).where(Draw.district_id == district_id).distinct().order_by(Draw.year.desc())
    return list(session.scalars(statement))


def series(session: Session, district_id: str, year: int | None = None) -> list[Series]:
    """Number series of our own draws; a gap would mean that a draw was hidden."""
    statement = sa.select(Draw.authority, Draw.year, Draw.trial, Draw.serial).where(
        Draw.district_id == district_id, Draw.origin == "own"
    )
    if year is not None:
        statement = statement.where(Draw.year == year)
    found: dict[tuple[str, int, bool], set[int]] = {}
    for row in session.execute(statement):
        found.setdefault((row.authority, row.year, row.trial), set()).add(row.serial)
    return [
        Series(authority, of_year, trial, max(numbers), sorted(set(range(1, max(numbers) + 1)) - numbers))
        for (authority, of_year, trial), numbers in sorted(found.items(), key=lambda pair: (-pair[0][1], pair[0]))
    ]


def qr_code(address: str) -> Markup:
    """A QR code as inline SVG: black on white in every colour scheme, or phones cannot read it."""
    made = segno.make(address, error="m", micro=False)
    return Markup(made.svg_inline(omitsize=True, border=3, dark="#000", light="#fff"))


#: What the files of a record hold, in the words of the public page.
_FILES = {
    "manifest.json": "封存清单", "candidates.tsv": "候选名单", "exclusions.tsv": "排除名单",
    "inspectors.tsv": "检查人员名单", "recusals.tsv": "回避名单", "scope.tsv": "片区和检查部门", "jobs.tsv": "检查事项",
    "result.json": "抽取结果", "public-result.json": "抽取结果（公众版）", "objects.json": "抽中的检查对象",
    "leaves.txt": "加盐名单摘要", "inspected.tsv": "被检查的对象", "commitment.json": "封存摘要",
    "log.json": "日志证明", "log.tsv": "完整公开日志",
}  # fmt: skip


def file_word(name: str) -> str:
    """What a file of the record is called; ``change-…`` and ``addition-…`` are numbered.  Empty for any other."""
    numbered = {"change-": "人员更换", "addition-": "补充名单"}
    return _FILES.get(name) or next((word for start, word in numbered.items() if name.startswith(start)), "")
