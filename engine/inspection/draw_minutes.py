"""The minutes of a draw (抽取记录, to be printed and signed): what happened, in one document.

Two editions.  The *public* one says what the public page says.  The *internal* one, for the
people of the campaign and the witnesses who sign it, adds strata and, in an open draw, the
names of the firms.  A protected draw's firms stand in neither: the result's digest binds them.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.documents.model import Block, Document, Facts, Listing, QrCode, Signature, Signatures, Text
from engine.inspection import disclosure, draw_log, draws, records
from engine.inspection import draw as protocol
from engine.inspection.draw_record import parse_pairs
from engine.inspection.models import Draw, DrawLogEntry, DrawnObject, DrawWitness, InspectedObject
from engine.models import Department
from engine.settings import Settings

STATES = {
    "committed": "名单已封存，尚未抽取",
    "drawn": "已抽取",
    "aborted": "已中止",
    "annulled": "已作废",
    "imported": "在省工作平台抽取",
}
INTERNAL = "内部留存，不得对外公开"
TRIAL = "试抽，不产生效力"


def minutes(
    session: Session, settings: Settings, draw: Draw, *, internal: bool, address: str, log_key: str
) -> Document:
    """The document as the draw stands now; ``address`` is that of its public page, ``log_key`` the log's key in hex."""
    view = _View(session, settings, draw, internal)
    blocks: list[Block] = [view.basics(), view.commitment()]
    if view.witnesses:
        blocks.append(view.witnessing())
    if draw.state in ("drawn", "annulled") and draw.drawn_at:
        blocks.append(view.outcome())
        if view.strata_shown:
            blocks.append(view.strata())
        blocks.append(view.firms())
    if changes := view.changes():
        blocks.append(changes)
    if draw.state in ("aborted", "annulled"):
        said = f"本次抽取{STATES[draw.state]}。理由：{draw.reason}。编号、封存摘要和本记录永久保留，不能删除。"
        blocks.append(Text([said], title=STATES[draw.state]))
    blocks.append(_how_to_verify(address, log_key))
    if view.witnesses:
        people = [f"抽取监督人 {w.name}（{view.department(w.department)}）" for w in view.witnesses]
        signers = [*people, f"承办人（{view.department(draw.authority)}）"]
        blocks.append(Signatures([Signature(who) for who in signers]))
    marks = [TRIAL] * draw.trial + [INTERNAL] * (internal and not view.open)
    return Document(
        title="随机抽取记录",
        organ=view.department(draw.authority),
        number=f"编号：{draw.draw_id}",
        blocks=blocks,
        mark="　".join(marks),
        footer=f"随机抽取记录 {draw.draw_id}",
    )


@dataclass(frozen=True)
class Stratum:
    """One stratum: its size, share, quota, how many are drawn now, and the largest ticket among them."""

    name: str
    size: int
    share: str
    quota: int
    drawn: int
    highest: str


def strata_of(session: Session, draw: Draw) -> list[Stratum]:
    """The strata of a finished draw, by name; not public while the draw is protected."""
    manifest, result = json.loads(draw.files["manifest.json"]), json.loads(draw.files["result.json"])
    sizes = Counter(stratum for _, stratum in parse_pairs("candidates.tsv", draw.files["candidates.tsv"]))
    seed = protocol.seed_of(manifest["hash"], draw.draw_id, result["entropy"])
    quota = protocol.quotas(sizes, manifest["ppm"], manifest["rounding"], seed, manifest["hash"])
    standing = {
        stratum: (count, highest)
        for stratum, count, highest in session.execute(
            sa.select(DrawnObject.stratum, sa.func.count(), sa.func.max(DrawnObject.ticket))
            .where(
                DrawnObject.district_id == draw.district_id, DrawnObject.draw_id == draw.draw_id,
                DrawnObject.failed_reason == "",
            )
            .group_by(DrawnObject.stratum)
        )
    }  # fmt: skip
    return [
        Stratum(
            "全部对象" if s == "ALL" else s, sizes[s], percent(manifest["ppm"][s]), quota[s], *standing.get(s, (0, ""))
        )
        for s in sorted(sizes, key=str.encode)
    ]


class _View:
    """What the document says, read once."""

    def __init__(self, session: Session, settings: Settings, draw: Draw, internal: bool) -> None:
        self.session, self.settings, self.draw, self.internal = session, settings, draw, internal
        self.witnesses: list[DrawWitness] = draws.witnesses_of(session, draw)
        self.shown = disclosure.commitment(session, draw)
        self.ended = disclosure.task_ended(session, draw)
        self.open = draw.disclosure == "open"
        self.parts_shown = draw.drawn_at is not None and (self.open or self.ended)
        self.strata_shown = draw.origin == "own" and draw.drawn_at is not None and (self.open or internal)
        self.leaves = [
            draw_log.parse_leaf(leaf)
            for leaf in session.scalars(
                sa.select(DrawLogEntry.leaf)
                .where(DrawLogEntry.district_id == draw.district_id, DrawLogEntry.draw_id == draw.draw_id)
                .order_by(DrawLogEntry.index)
            )
        ]
        self.rows = list(
            session.scalars(
                sa.select(DrawnObject)
                .where(
                    DrawnObject.district_id == draw.district_id, DrawnObject.draw_id == draw.draw_id,
                    DrawnObject.failed_reason == "",
                )
                .order_by(DrawnObject.rank)
            )
        )  # fmt: skip
        self._names: dict[str, str] = {}

    def department(self, code: str) -> str:
        if not self._names:
            found = sa.select(Department.code, Department.name).where(Department.district_id == self.draw.district_id)
            self._names = dict(self.session.execute(found).tuples().all())
        return self._names.get(code, code)

    def at(self, moment: datetime | None) -> str:
        """Local time to the second; a dash when it has not come."""
        return moment.astimezone(self.settings.timezone).strftime("%Y-%m-%d %H:%M:%S") if moment else "—"

    def basics(self) -> Facts:
        draw = self.draw
        joins = f"（抽取 {draw.parent} 的补充名单）" if draw.parent else ""
        rows = [("抽取编号", draw.draw_id + joins), ("发起机关", self.department(draw.authority))]
        if self.internal or self.open or self.ended:
            campaign = records.campaign(self.session, draw.district_id, draw.campaign)
            rows.append(("抽查任务", f"{campaign.name}（{campaign.number}）" if campaign.name else campaign.number))
        rows.append(("公开级别", "公开" if self.open else "受保护（任务结束前只公布摘要、数量和日志）"))
        rows.append(("状态", STATES.get(draw.state, draw.state)))
        if draw.receipt:
            rows.append(("平台回执", draw.receipt))
        return Facts(rows, title="一、基本情况")

    def commitment(self) -> Facts:
        counts = self.shown["counts"]
        rows = [("封存时间", self.at(self.draw.committed_at))]
        if self.draw.manifest_sha256:
            rows += [("摘要 SHA-256", self.draw.manifest_sha256), ("摘要 SM3", self.draw.manifest_sm3)]
        if self.shown["merkle"]:
            rows.append(("名单默克尔根", self.shown["merkle"]))
        words = (("candidates", "检查对象"), ("exclusions", "排除"), ("inspectors", "检查人员"))
        rows.append(("封存数量", "，".join(f"{name} {counts[key]:,}" for key, name in words if key in counts)))
        if self.draw.log_index is not None:
            rows.append(("公开日志", f"封存登记为日志第 {self.draw.log_index} 行"))
        return Facts(rows, title="二、名单封存")

    def witnessing(self) -> Listing:
        rows = []
        for w in self.witnesses:
            said = w.logged_sha256 or "未登记"
            if self.parts_shown and w.revealed_at:
                said += f"\n随机数：{w.nonce}\n随机因子：{w.part}"
            times = f"登记 {self.at(w.logged_at)}\n公开 {self.at(w.revealed_at)}"
            rows.append([f"{w.name}\n{self.department(w.department)}", times, said])
        return Listing(
            ["抽取监督人", "时间", "登记的摘要（SHA-256）"], rows, [3, 4, 7], title="三、抽取监督人与随机因子"
        )

    def outcome(self) -> Facts:
        rows = [("抽取时间", self.at(self.draw.drawn_at))]
        result = next((leaf for leaf in self.leaves if leaf[0] == "result"), None)
        if self.parts_shown:
            rows.append(("随机因子", ";".join(w.part for w in self.witnesses)))
        if result:
            rows += [("种子", result[3]), ("结果文件摘要", result[2])]
        before = self.shown["counts"].get("candidates", 0)
        rows.append(("抽中", f"{before:,} 个检查对象中抽中 {int(result[4]) if result else len(self.rows):,} 个"))
        return Facts(rows, title="四、抽取结果")

    def strata(self) -> Listing:
        rows = [
            [s.name, f"{s.size:,}", s.share, f"{s.quota:,}", f"{s.drawn:,}", f"{s.highest[:16]}…" if s.highest else "—"]
            for s in strata_of(self.session, self.draw)
        ]
        return Listing(
            ["分层", "对象数", "比例", "名额", "抽中", "最大中签号"], rows, [3, 2, 2, 2, 2, 5], title="分层与名额"
        )

    def firms(self) -> Block:
        title = "五、抽中的检查对象"
        if self.draw.parent:
            said = f"抽中的补充对象并入抽取 {self.draw.parent}，名单以该抽取的记录为准。"
            return Text([said], title=title)
        if not self.open:
            return Text(
                ["本次抽取受保护，名单不列入本记录。名单由结果文件的摘要固定，任何改动都会使摘要不符；"
                 "被抽中的企业在入场检查时得到自己的核验证明。"],
                title=title,
            )  # fmt: skip
        names = self._firm_names() if self.internal else {}
        rows = [
            [str(r.rank), f"{names[r.uscc]}\n{r.uscc}" if r.uscc in names else r.uscc, r.ticket or "—"]
            for r in self.rows
        ]
        return Listing(["签序", "检查对象", "签号"], rows, [1, 5, 7], title=title)

    def _firm_names(self) -> dict[str, str]:
        found = sa.select(InspectedObject.uscc, InspectedObject.name).where(
            InspectedObject.district_id == self.draw.district_id,
            InspectedObject.uscc.in_(
                sa.select(DrawnObject.uscc).where(
                    DrawnObject.district_id == self.draw.district_id, DrawnObject.draw_id == self.draw.draw_id
                )
            ),
        )
        return dict(self.session.execute(found).tuples().all())

    def changes(self) -> Text | None:
        said = [
            f"第 {leaf[2]} 次变更，{leaf[4]}，变更文件摘要 {leaf[3]}。" for leaf in self.leaves if leaf[0] == "change"
        ]
        return Text(["抽取后没有重新抽取。依规程发生下列变更：", *said], title="抽取后的变更") if said else None


def percent(ppm: int) -> str:
    """Parts per million as a percentage without superfluous zeros."""
    return f"{ppm / 10_000:.4f}".rstrip("0").rstrip(".") + "%"


def _how_to_verify(address: str, log_key: str) -> QrCode:
    words: Sequence[str] = (
        "扫码或打开下列地址，可以下载记录并在浏览器中核验；核验程序可存盘断网使用：",
        address,
        "核对要点：封存摘要与现场宣读的一致；每名监督人公开的“随机数|随机因子”的 SHA-256 等于其登记的摘要；"
        "种子等于 H(“SSJ1|抽取编号|随机因子”)；签号最小的若干个抽中。",
        f"公开日志签名公钥：{log_key}",
    )
    return QrCode(address, words, title="怎样核验")
