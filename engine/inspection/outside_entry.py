"""Enter a visit outside the draw by hand, and withdraw an entry that was wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.forms import Form
from engine.inspection import records, tables
from engine.inspection.case_opening import Opening
from engine.inspection.item_models import OutsideVisit
from engine.inspection.models import Item
from engine.inspection.opening import OFFICE, OFFICER
from engine.inspection.outside_judging import ENTERING, Judge
from engine.settings import Settings

FORM = "outside-visit"
#: What one entry consists of, besides who entered it and whether it stands.
FIELDS = (
    "uscc", "object_name", "department", "organ", "kind", "visited_on", "items", "reason", "basis",
    "ordered_from_above", "order_document", "result", "approved_by", "approved_on", "urgent_reason",
)  # fmt: skip


def entry_form(settings: Settings) -> Form:
    """The form of ``forms/outside-visit.json`` as it stands now."""
    path = settings.form_dir / f"{FORM}.json"
    return _parsed(path, path.stat().st_mtime_ns)


@lru_cache(maxsize=2)
def _parsed(path: Path, _changed: int) -> Form:
    return Form.parse(path.read_text("utf-8"))


def form_context(session: Session, settings: Settings, district_id: str, actor: Any, today: date) -> dict[str, Any]:
    """The options of the form: organs the actor may enter for, kinds, published items."""
    names = records.department_names(session, district_id)
    may = [code for code in names if actor.has_role(OFFICE) or actor.has_role(OFFICER, code)]
    items = session.execute(
        sa.select(Item.code, Item.name, Item.department)
        .where(Item.district_id == district_id, Item.published, Item.department.in_(may))
        .order_by(Item.department, Item.code)
    )
    return {
        "organs": [{"value": code, "label": names[code]} for code in may],
        "department": actor.department if actor.department in may else (may[0] if may else ""),
        "kinds": tables.options(settings, "outside-visit-kind", today),
        "items": [
            {"value": code, "label": f"{code} {name}", "note": names.get(organ, organ)} for code, name, organ in items
        ],
    }


@dataclass(frozen=True)
class RecordOutsideVisit:
    """Enter one visit from the form's raw values; returns its id.

    Raises :class:`Forbidden` for people who may not enter any, :class:`InvalidInput` naming every
    faulty field, :class:`Conflict` when the visit is entered already.
    """

    values: Mapping[str, Any]

    def run(self, ctx: CommandContext) -> str:
        settings = ctx.kernel.settings
        today = date.fromisoformat(ctx.today)
        if not any(ctx.actor.has_role(role) for role in ENTERING):
            raise Forbidden("只有承办人和联席会议办公室可以登记双随机以外的检查。")
        context = form_context(ctx.session, settings, ctx.district_id, ctx.actor, today)
        clean = entry_form(settings).validate(dict(self.values), context, ctx.now)
        judge = Judge(ctx.session, settings, ctx.district_id, ctx.actor, today)
        entry = judge.complete(_record(clean))
        if entry is None:
            raise judge.refused()
        row, known = store(ctx, entry, source="manual")
        if known:
            raise Conflict(
                f"{row.organ} {row.visited_on} 对该户的{row.kind}已经登记过。内容有误的，请先撤销原来的登记。"
            )
        ctx.record(None, "outside-visit-entered", {"id": row.id, "uscc": row.uscc, "organ": row.organ})
        return row.id


def _record(clean: Mapping[str, Any]) -> dict[str, Any]:
    """The form's values as a row of a file would give them."""
    days = {
        name: date.fromisoformat(clean[name]) if clean.get(name) else None for name in ("visited_on", "approved_on")
    }
    texts = {
        name: clean.get(name) or ""
        for name in ("uscc", "object_name", "reason", "basis", "order_document", "result", "approved_by", "kind",
                     "urgent_reason")
    }  # fmt: skip
    return {
        **texts, **days, "organ": clean["department"], "items": clean.get("items") or [],
        "ordered_from_above": clean["ordered_from_above"] == "是",
    }  # fmt: skip


def store(
    ctx: Opening, entry: Mapping[str, Any], *, source: str, import_id: str | None = None
) -> tuple[OutsideVisit, bool]:
    """The row of this visit, and whether it stood already; a withdrawn one is entered anew."""
    row = ctx.session.scalar(
        sa.select(OutsideVisit).where(
            OutsideVisit.district_id == ctx.district_id, OutsideVisit.uscc == entry["uscc"],
            OutsideVisit.organ == entry["organ"], OutsideVisit.visited_on == entry["visited_on"],
            OutsideVisit.kind == entry["kind"],
        )
    )  # fmt: skip
    if row is not None and row.withdrawn_at is None:
        return row, True
    if row is None:
        row = OutsideVisit(id=new_id(), district_id=ctx.district_id)
        ctx.session.add(row)
    for name in FIELDS:
        setattr(row, name, entry[name])
    row.source, row.import_id = source, import_id
    row.entered_by, row.entered_by_name, row.entered_at = ctx.actor.user_id, ctx.actor.name, ctx.now
    row.withdrawn_at, row.withdrawn_by_name, row.withdrawn_reason = None, "", ""
    ctx.session.flush()
    return row, False


@dataclass(frozen=True)
class WithdrawOutsideVisit:
    """Withdraw a wrong entry (撤销登记): it stays visible with the reason and counts no longer.

    Raises :class:`NotFound`, :class:`Forbidden` for other departments' people, :class:`InvalidInput`
    without a reason, :class:`Conflict` when it is withdrawn already.
    """

    visit_id: str
    reason: str

    def run(self, ctx: CommandContext) -> str:
        row = ctx.session.get(OutsideVisit, self.visit_id, with_for_update=True)
        if row is None or row.district_id != ctx.district_id:
            raise NotFound("没有找到这条登记，可能链接有误。")
        if not may_withdraw(ctx.actor, row):
            raise Forbidden("只有该部门的承办人或者联席会议办公室可以撤销登记。")
        reason = self.reason.strip()
        if not 2 <= len(reason) <= 300:
            raise InvalidInput("请写明撤销理由。", fields={"reason": ["请用 2 至 300 个字写明撤销理由。"]})
        if row.withdrawn_at is not None:
            raise Conflict("这条登记已经撤销。")
        row.withdrawn_at, row.withdrawn_by_name, row.withdrawn_reason = ctx.now, ctx.actor.name, reason
        ctx.record(None, "outside-visit-withdrawn", {"id": row.id, "uscc": row.uscc, "reason": reason})
        return row.id


def may_withdraw(actor: Any, row: OutsideVisit) -> bool:
    """The department's officers and the conference office answer for an entry."""
    return bool(actor.has_role(OFFICE) or (row.department and actor.has_role(OFFICER, row.department)))
