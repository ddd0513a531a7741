"""Posts of the joint conference and who held them when (R65–R68).

A post is a dated row of ``processes/tables/conference-post.json``; its holder changes by a notice of the
conference office (通知), never by editing who was there before.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.documents.model import Closing, Document, Listing, Text
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection import tables
from engine.inspection.conference_models import ConferenceTenure
from engine.inspection.opening import OFFICE
from engine.settings import Settings

TABLE = "conference-post"


@dataclass(frozen=True)
class Post:
    """A place in the conference: ``place`` is 总召集人, 召集人, 副召集人, 成员 or 办公室主任."""

    code: str
    name: str
    place: str
    department: str
    source: str


def posts(settings: Settings, on: date) -> list[Post]:
    """The posts of the conference on a day, in their official order."""
    return [
        Post(row["code"], row["name"], row["place"], row["department"], row["source"])
        for row in tables.rows(settings, TABLE, on)
    ]


def tenures(session: Session, district_id: str) -> dict[str, list[ConferenceTenure]]:
    """Everybody who ever held a post, by post, the newest first."""
    found: dict[str, list[ConferenceTenure]] = {}
    for row in session.scalars(
        sa.select(ConferenceTenure)
        .where(ConferenceTenure.district_id == district_id)
        .order_by(ConferenceTenure.post, ConferenceTenure.first_day.desc())
    ):
        found.setdefault(row.post, []).append(row)
    return found


def holders(session: Session, district_id: str, on: date) -> dict[str, str]:
    """Who holds each post on a day, by the post's code; a vacant post is missing."""
    rows = session.execute(
        sa.select(ConferenceTenure.post, ConferenceTenure.holder).where(
            ConferenceTenure.district_id == district_id,
            ConferenceTenure.first_day <= on,
            sa.or_(ConferenceTenure.last_day.is_(None), ConferenceTenure.last_day >= on),
        )
    )
    return {post: holder for post, holder in rows}


def succession_notice(
    session: Session, settings: Settings, district_id: str, number: str, office: str
) -> Document:  # fmt: skip
    """任职变动通知: everything one notice of the office announced (R68).  Raises :class:`NotFound`."""
    rows = session.scalars(
        sa.select(ConferenceTenure)
        .where(ConferenceTenure.district_id == district_id, ConferenceTenure.notice_number == number)
        .order_by(ConferenceTenure.first_day, ConferenceTenure.post)
    ).all()
    if not rows:
        raise NotFound("没有找到这一文号的任职通知，请从成员和职务页面打开。")
    before = tenures(session, district_id)
    noticed_on = max(row.noticed_on for row in rows)
    names = {post.code: post.name for post in posts(settings, noticed_on)}
    lines = []
    for row in rows:
        left = next((one for one in before[row.post] if one.first_day < row.first_day), None)
        predecessor = f"{left.holder}（任职至 {left.last_day}）" if left else "—"
        lines.append([names.get(row.post, row.post), row.holder, row.first_day.isoformat(), predecessor, row.note])
    return Document(
        title="关于部门联合“双随机、一公开”监管联席会议成员变动的通知",
        number=number,
        letter=True,
        footer=f"联席会议成员变动通知 {number}",
        blocks=[
            Text(["各成员单位："], indent=False),
            Text(["联席会议成员按职务确定，人员变动的由接任者自然递补。现将任职变动通知如下。"]),
            Listing(["职务", "接任人员", "接任日期", "原任", "说明"], lines, [3, 1.6, 1.8, 2.6, 2]),
            Closing(office, f"{noticed_on.year} 年 {noticed_on.month} 月 {noticed_on.day} 日"),
        ],
    )


@dataclass(frozen=True)
class AnnounceSuccession:
    """The office's notice that ``holder`` takes over a post from ``first_day`` on; the predecessor's time ends.

    An empty ``holder`` says that the post falls vacant.  Raises :class:`Forbidden` for anybody but the
    conference office, :class:`InvalidInput` naming every faulty field.
    """

    post: str
    holder: str
    first_day: str
    notice_number: str
    noticed_on: str
    note: str = ""

    def run(self, ctx: CommandContext) -> str:
        if not ctx.actor.has_role(OFFICE):
            raise Forbidden("联席会议职务变动由联席会议办公室通知。")
        today = date.fromisoformat(ctx.today)
        known = {post.code for post in posts(ctx.kernel.settings, today)}
        faults: dict[str, list[str]] = {}
        if self.post not in known:
            faults["post"] = ["请选择现行的联席会议职务。"]
        days = {"first_day": self.first_day, "noticed_on": self.noticed_on}
        dates = {name: _day(text, name, faults) for name, text in days.items()}
        for name, label, longest in (
            ("holder", "任职人员", 64),
            ("notice_number", "通知文号", 60),
            ("note", "说明", 300),
        ):
            text = getattr(self, name)
            if len(text) > longest:
                faults[name] = [f"“{label}”不能超过 {longest} 个字。"]
        if not self.notice_number.strip():
            faults["notice_number"] = ["请填写通知文号，例如：天双随机联席办〔2026〕2号。"]
        last = self._last(ctx)
        first = dates["first_day"]
        if first is not None and last is not None and first <= last.first_day:
            faults["first_day"] = [f"现任自 {last.first_day} 起任职，接任日期应当在此之后。"]
        if not self.holder.strip() and (last is None or last.last_day is not None):
            faults["holder"] = ["该职务现在没有人，请填写任职人员。"]
        if faults:
            raise InvalidInput("职务变动有内容需要修改。", fields=faults)
        assert first is not None and dates["noticed_on"] is not None
        if last is not None and (last.last_day is None or last.last_day >= first):
            last.last_day = first - timedelta(days=1)
        if self.holder.strip():
            ctx.session.add(
                ConferenceTenure(
                    id=new_id(), district_id=ctx.district_id, post=self.post, holder=self.holder.strip(),
                    first_day=first, notice_number=self.notice_number.strip(), noticed_on=dates["noticed_on"],
                    note=self.note.strip(), entered_by=ctx.actor.user_id, entered_by_name=ctx.actor.name,
                    entered_at=ctx.now,
                )
            )  # fmt: skip
        ctx.record(
            None,
            "conference-succession",
            {"post": self.post, "holder": self.holder.strip(), "first_day": self.first_day,
             "notice_number": self.notice_number.strip()},
        )  # fmt: skip
        return self.post

    def _last(self, ctx: CommandContext) -> ConferenceTenure | None:
        return ctx.session.scalar(
            sa.select(ConferenceTenure)
            .where(ConferenceTenure.district_id == ctx.district_id, ConferenceTenure.post == self.post)
            .order_by(ConferenceTenure.first_day.desc())
            .limit(1)
            .with_for_update()
        )


def _day(text: str, name: str, faults: dict[str, list[str]]) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        word = {"first_day": "接任日期", "noticed_on": "通知日期"}[name]
        faults[name] = [f"请填写“{word}”，格式如 2026-03-02。"]
        return None
