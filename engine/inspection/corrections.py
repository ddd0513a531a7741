"""Correcting (更正) and withdrawing (撤回) what is public, and looking again at what is withheld: how these begin.

An objection (异议) that is found right opens an application of its own with ``origin``; when the
application is closed the objection's case gets the message ``correction-closed``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import publication, records, redaction, tables
from engine.inspection.case_opening import Opening
from engine.inspection.models import Publication
from engine.inspection.numbers import next_number
from engine.inspection.opening import OFFICER
from engine.inspection.publication_models import PublicationCorrection, WithheldPublication
from engine.settings import Settings

PROCESS = "publication-correction"
CORRECT, WITHDRAW = "更正", "撤回"
UNDER_WAY = ("申请", "审批中")
GROUND_ENDED = "withholding-ground-ended"
CLOSED = "correction-closed"
_AT = " / "


@dataclass(frozen=True)
class OpenCorrection:
    """Open an application to correct or withdraw a publication; returns its number.

    ``origin`` is the business key of the objection it answers, empty when the organ noticed by itself.
    Raises :class:`NotFound`, :class:`Forbidden` unless an officer of the publishing department acts,
    :class:`Conflict` when it is not public or an application is under way.
    """

    publication_id: str
    kind: str = CORRECT
    origin: str = ""

    def run(self, ctx: CommandContext) -> str:
        row = found(ctx.session, ctx.district_id, self.publication_id)
        if not (ctx.actor.is_system or ctx.actor.has_role(OFFICER, row.department)):
            raise Forbidden("只有公示机关的承办人可以申请更正或者撤回。")
        if row.state != "published":
            raise Conflict("该信息没有在公示，不能更正或者撤回。")
        if self.kind not in (CORRECT, WITHDRAW):
            raise InvalidInput("请选择更正或者撤回。", fields={"kind": ["请选择更正或者撤回。"]})
        if open_number := under_way(ctx.session, row):
            raise Conflict(f"申请 {open_number} 正在办理，办结后再提出。")
        return open_application(ctx, row, self.kind, origin=self.origin)


@dataclass(frozen=True)
class ReviewWithheld:
    """The ground of a withheld publication ended early: look at it again now."""

    publication_id: str
    reason: str

    def run(self, ctx: CommandContext) -> None:
        row = found(ctx.session, ctx.district_id, self.publication_id)
        if not (ctx.actor.has_role(OFFICER, row.department) or ctx.actor.has_role("监管督查")):
            raise Forbidden("只有公示机关的承办人或者监管督查人员可以提前复查。")
        if row.state != "withheld" or withheld_row(ctx.session, row) is None:
            raise Conflict("该信息不在“不予公开”状态。")
        if len(self.reason.strip()) < 2:
            raise InvalidInput("请写明提前复查的原因。", fields={"reason": ["请写明提前复查的原因，至少 2 个字。"]})
        ctx.send_message(GROUND_ENDED, f"{row.subject}/不予公开", {"reason": self.reason.strip()[:300]})


class Applying(Opening, Protocol):
    """What opening an application needs: the inside of a command, or of a service task."""

    @property
    def actor(self) -> Actor: ...


def open_application(
    ctx: Applying, row: Publication, kind: str, *, origin: str = "", cause: str = "", reason: str = "",
    started_at: datetime | None = None,
) -> str:  # fmt: skip
    """Open the application ``kind`` (更正 or 撤回) about ``row``, which is public; returns its number.

    ``cause`` (table correction-cause) and ``reason`` are proposed to the officer; its limit runs from
    ``started_at`` (None: now).
    """
    year = ctx.now.astimezone(ctx.settings.timezone).year
    serial = next_number(ctx.session, ctx.district_id, f"publication-correction/{row.department}/{year}")
    number = f"{row.department}-公示更正-{year}-{serial:04d}"
    ctx.session.add(
        PublicationCorrection(
            id=new_id(), district_id=ctx.district_id, number=number, publication_id=row.id,
            department=row.department, kind=kind, cause=cause, reason=reason[:500], origin=origin, state="申请",
            proposed_by=ctx.actor.user_id, created_at=ctx.now,
        )
    )  # fmt: skip
    ctx.session.flush()
    ctx.start_process(
        PROCESS, number,
        {"publication": row.id, "kind": kind, "origin": origin, "since": (started_at or ctx.now).isoformat()},
        title=f"{kind}公示：{row.title or row.subject}", department=row.department,
    )  # fmt: skip
    return number


def found(session: Session, district_id: str, publication_id: str) -> Publication:
    """A publication of the district, locked.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(Publication)
        .where(Publication.id == publication_id, Publication.district_id == district_id)
        .with_for_update()
    )
    if row is None:
        raise NotFound("没有找到该公示信息。")
    return row


def under_way(session: Session, row: Publication) -> str:
    """The number of the application now concerning a publication, or empty."""
    return (
        session.scalar(
            sa.select(PublicationCorrection.number).where(
                PublicationCorrection.publication_id == row.id, PublicationCorrection.state.in_(UNDER_WAY)
            )
        )
        or ""
    )


def propose(session: Session, district_id: str, number: str, wanted: Sequence[Mapping[str, str]]) -> None:
    """Write the changes ``[{"cell", "new"}]`` into an application nobody has submitted yet; others stay as they are."""
    row = session.scalars(
        sa.select(PublicationCorrection).where(
            PublicationCorrection.district_id == district_id, PublicationCorrection.number == number
        )
    ).one()
    if row.state == UNDER_WAY[0]:
        row.changes = [dict(change) for change in wanted]


def withheld_row(session: Session, row: Publication) -> WithheldPublication | None:
    """The decision not to publish ``row``, or None."""
    return session.scalar(sa.select(WithheldPublication).where(WithheldPublication.publication_id == row.id))


def cells(settings: Settings, row: Publication, on: date) -> list[dict[str, str]]:
    """What may be corrected, as form options: every text of the public content with its place."""
    shown = publication.public_content(settings, row, on)
    return [
        {"value": _AT.join(path), "label": f"{_words(path, shown)}：{text[:60]}"}
        for path, text in _texts(shown)
    ]  # fmt: skip


def _texts(value: Any, path: tuple[str, ...] = ()) -> list[tuple[tuple[str, ...], str]]:
    if isinstance(value, Mapping):
        return [found for key, inner in value.items() for found in _texts(inner, (*path, str(key)))]
    if isinstance(value, list):
        return [found for n, inner in enumerate(value, 1) for found in _texts(inner, (*path, f"第{n}项"))]
    return [(path, str(value))] if isinstance(value, str | int | float) else []


def _words(path: tuple[str, ...], content: Mapping[str, Any]) -> str:
    """The place of a cell as people say it: the number is left out where there is one line only."""
    alone = len(path) > 1 and path[1] == "第1项" and len(content[path[0]]) == 1
    return "·".join((path[0], *path[2:]) if alone else path)


def changes_of(
    settings: Settings, row: Publication, wanted: Sequence[Mapping[str, Any]], on: date
) -> list[dict[str, str]]:
    """The corrections asked for as ``{"path", "label", "old", "new"}``.

    Raises :class:`InvalidInput` for a place that is not there, words that are as they were, a cell named
    twice, and new words that contain something protected.
    """
    shown = publication.public_content(settings, row, on)
    known = dict(_texts(shown))
    faults: dict[str, list[str]] = {}
    made: list[dict[str, str]] = []
    for number, line in enumerate(wanted):
        path, new = tuple(str(line["cell"]).split(_AT)), str(line["new"]).strip()
        if path not in known:
            faults[f"changes[{number}].cell"] = ["公示内容中没有这一处，请重新选择。"]
        elif str(line["cell"]) in [c["path"] for c in made]:
            faults[f"changes[{number}].cell"] = ["这一处已在上面更正，请合并为一行。"]
        elif known[path] == new:
            faults[f"changes[{number}].new"] = ["与公示的内容相同，请填写更正后的内容，或者删去这一行。"]
        elif hits := [h for h in redaction.find(settings, new, on) if h.never or path[0] == "处理情况"]:
            faults[f"changes[{number}].new"] = [f"其中的“{hits[0].text}”疑似{hits[0].kind}，请改写后再提交。"]
        else:
            made.append({"path": str(line["cell"]), "label": _words(path, shown), "old": known[path], "new": new})
    if faults:
        raise InvalidInput("更正的内容有误。", fields=faults)
    return made


def corrected(content: Mapping[str, Any], changes: Sequence[Mapping[str, str]]) -> dict[str, Any]:
    """``content`` with the changes made; numbers stay numbers where the new words are one."""
    result: dict[str, Any] = dict(content)
    for change in changes:
        result = _replaced(result, change["path"].split(_AT), change["new"])
    return result


def _replaced(value: Any, path: list[str], new: str) -> Any:
    if not path:
        return int(new) if isinstance(value, int) and new.isdecimal() else new
    head, rest = path[0], path[1:]
    if isinstance(value, list):
        at = int(head.removeprefix("第").removesuffix("项")) - 1
        return [_replaced(one, rest, new) if n == at else one for n, one in enumerate(value)]
    return {**value, head: _replaced(value[head], rest, new)}


def cause_of(settings: Settings, code: str, kind: str, on: date) -> dict[str, Any]:
    """The row of a cause that fits ``kind``.  Raises :class:`InvalidInput`."""
    for row in tables.rows(settings, "correction-cause", on):
        if row["code"] == code:
            if kind in row["kinds"]:
                return row
            raise InvalidInput("原因不对。", fields={"cause": [f"“{row['name']}”不能作为{kind}的原因，请改选。"]})
    raise InvalidInput("原因不对。", fields={"cause": ["请从列表中选择原因。"]})


def withdrawn_entry(
    session: Session, row: Publication, cause: str, reason: str, on: date, published_on: str
) -> dict[str, str]:
    """What stays to be read of a withdrawn publication: who, when, why; nothing of its content."""
    names = records.department_names(session, row.district_id)
    return {
        "公示种类": publication.KINDS.get(row.kind, row.kind), "机关": names.get(row.department, row.department),
        "原公示日期": published_on, "撤回日期": on.isoformat(), "撤回原因": cause, "撤回说明": reason,
    }  # fmt: skip
