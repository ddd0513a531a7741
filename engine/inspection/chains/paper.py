"""A chain on paper, and who was told what as rows of a table."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime

from engine.documents.model import Block, Document, Facts, Listing
from engine.inspection.chains.chain import Chain, Node
from engine.inspection.chains.told import Told
from engine.models import Deadline
from engine.settings import Settings

MARK = "内部资料，不得对外公开"
TOLD_HEAD = (
    "情况", "告知内容", "告知谁", "事项编号", "告知时间", "方式", "接收人", "文号", "凭证", "登记人", "应当何时告知",
    "法定期限届满", "依据",
)  # fmt: skip
COLOURS = {"red": "已超期", "orange": "橙色", "yellow": "黄色", "green": "正常", "suspended": "中止中"}
PUBLISHED = {
    "prepared": "待公示", "withholding": "拟不予公开", "published": "已公示", "withdrawn": "已撤回",
    "withheld": "不予公开", "expired": "公示期满",
}  # fmt: skip


def told_rows(told: Iterable[Told], settings: Settings) -> list[list[str]]:
    """The rows under :data:`TOLD_HEAD`."""
    return [
        [
            each.state, each.duty.name, each.duty.whom, each.case.business_key, moment(each.on, settings), each.way,
            each.person, each.number, evidence_words(each), each.recorded_by, each.duty.by,
            moment(each.due_at, settings), each.duty.legal_basis,
        ]
        for each in told
    ]  # fmt: skip


def told_listing(told: Sequence[Told], settings: Settings, title: str = "") -> Listing:
    """The same as a table of a document, in the columns a page has room for."""
    rows = [
        [
            each.state,
            f"{each.duty.name}\n告知{each.duty.whom}",
            "\n".join(part for part in (moment(each.on, settings), each.way) if part) or f"应当：{each.duty.by}",
            "\n".join(part for part in (each.person, each.number, evidence_words(each)) if part) or "—",
            each.case.business_key,
        ]
        for each in told
    ]
    head = ["情况", "告知内容", "时间和方式", "接收人、文号、凭证", "事项"]
    return Listing(head, rows, [2, 4, 3.5, 3.5, 4], title=title, empty="没有应当告知的事项。")


def evidence_words(told: Told) -> str:
    """What proves a telling, in words."""
    return "；".join(f"{e.label} {e.text}".strip() for e in told.evidence)


def moment(value: date | datetime | None, settings: Settings) -> str:
    """A day, or a moment to the minute in the district's time."""
    if isinstance(value, datetime):
        return value.astimezone(settings.timezone).strftime("%Y-%m-%d %H:%M")
    return value.isoformat() if value else ""


def chain_paper(
    chain: Chain, settings: Settings, waits: Mapping[str, str], departments: Mapping[str, str], now: datetime
) -> Document:
    """The chain as a document; ``waits`` says whom a case waits for, by the id of its instance."""
    nodes = list(chain.walk())
    asked = next(node for node in nodes if node.link.key == chain.asked)
    rows = [
        row
        for n, top in enumerate((*chain.heads, *chain.roots), start=1)
        for row in _rows(top, str(n), settings, waits, departments, now)
    ]  # fmt: skip
    blocks: list[Block] = [
        Facts([
            ("编号", chain.asked), ("名称", f"{asked.word}　{asked.link.title}"), ("事项数", f"{len(nodes)} 件"),
            ("打印时间", moment(now, settings)),
        ]),
        Listing(["序号", "事项", "状态和等待", "法定期限", "文书和公示"], rows, [1.5, 5, 3.5, 3.5, 3.5], "各事项"),
        told_listing(chain.told, settings, title="谁在何时被告知了什么"),
    ]  # fmt: skip
    return Document("来龙去脉", blocks, mark=MARK, footer=chain.asked)


def _rows(
    node: Node, place: str, settings: Settings, waits: Mapping[str, str], departments: Mapping[str, str], now: datetime
) -> Iterable[list[str]]:
    link = node.link
    state = [link.state]
    if node.instance is not None and (waiting := waits.get(node.instance.id)):
        state.append(f"等待 {waiting}")
    papers = [f"《{row.title}》{row.number}{_edition(row.version, row.state)}" for row in node.documents]
    papers += [_publication(row.state, row.published_at, settings) for row in node.publications]
    name = "　".join(part for part in (departments.get(link.department, link.department), link.title) if part)
    yield [
        place,
        f"{node.word}\n{name}\n{link.key}",
        "\n".join(state),
        "\n".join(_limit(row, settings, now) for row in node.deadlines) or "—",
        "\n".join(papers) or "—",
    ]
    for n, child in enumerate(node.children, start=1):
        yield from _rows(child, f"{place}.{n}", settings, waits, departments, now)


def _edition(version: int, state: str) -> str:
    return "（已作废）" if state == "voided" else f"（第 {version} 版）" if version > 1 else ""


def _publication(state: str, at: datetime | None, settings: Settings) -> str:
    return " ".join(part for part in (PUBLISHED.get(state, state), moment(at, settings)[:10]) if part)


def _limit(row: Deadline, settings: Settings, now: datetime) -> str:
    colour = row.colour(now)
    if row.met_at is not None:
        kept = row.due_at is None or row.met_at <= row.due_at
        return f"{row.label}：{moment(row.met_at, settings)[:10]} {'按期完成' if kept else '逾期完成'}"
    return f"{row.label}：{moment(row.due_at, settings)[:10]} {COLOURS[colour]}".replace("： ", "：")
