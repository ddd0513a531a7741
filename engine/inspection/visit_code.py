"""扫码入企: what the code of a visit tells the firm, and the firm's confirmation that the inspectors are there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.errors import Conflict
from engine.inspection import records, visits
from engine.inspection.document_models import OfficialDocument
from engine.inspection.models import DepartmentInspection, Draw, Inspection, Item
from engine.models import ProcessInstance

#: Who confirms: the firm, from its own telephone, without an account.
FIRM = Actor(user_id=None, name="检查对象（扫码）")


@dataclass(frozen=True)
class VisitFacts:
    """What the firm sees; nothing of any other firm, no telephone numbers, no grades."""

    part: DepartmentInspection
    inspection: Inspection
    organ: str
    team: Sequence[dict[str, Any]]
    items: Sequence[Item]
    draw: Draw
    notice: dict[str, Any]
    notice_number: str

    @property
    def state(self) -> str:
        """ahead: not announced yet; open: may be confirmed; over: the department has left."""
        if self.part.visit_ended_at is not None:
            return "over"
        return "open" if self.notice else "ahead"

    def lapsed(self, now: datetime, zone: Any) -> list[str]:
        """Names whose certificate does not hold today."""
        today = now.astimezone(zone).date().isoformat()
        return [one["name"] for one in self.team if not one["number"] or (one["until"] or "9999") < today]


def visit_facts(session: Session, district_id: str, number: str) -> VisitFacts:
    """The visit behind a code.  Raises :class:`NotFound`."""
    part = records.department_inspection(session, district_id, number)
    inspection = records.inspection(session, district_id, part.inspection)
    items = session.scalars(
        sa.select(Item).where(Item.district_id == district_id, Item.code.in_(part.items)).order_by(Item.code)
    )
    return VisitFacts(
        part, inspection, records.department_names(session, district_id).get(part.department, part.department),
        [visits.certificate(row) for row in visits.team(session, part)], list(items),
        records.draw(session, district_id, inspection.draw_id), dict(part.record.get("notice") or {}),
        _notice_number(session, part),
    )  # fmt: skip


def _notice_number(session: Session, part: DepartmentInspection) -> str:
    """文号 of the notice of inspection, when it was issued."""
    number = session.scalar(
        sa.select(OfficialDocument.number).where(
            OfficialDocument.district_id == part.district_id, OfficialDocument.business_key == part.number,
            OfficialDocument.template == "inspection-notice", OfficialDocument.state == "issued",
        )
    )  # fmt: skip
    return number or ""


@dataclass(frozen=True)
class ConfirmVisit:
    """The firm confirms that the inspectors stand at its door; a second time changes nothing.

    Raises :class:`NotFound`, and :class:`Conflict` before the visit is prepared and after it is over.
    """

    number: str

    def run(self, ctx: CommandContext) -> datetime:
        part = records.department_inspection(ctx.session, ctx.district_id, self.number)
        if part.scanned_at is not None:
            return part.scanned_at
        if part.visit_ended_at is not None or not part.record.get("notice"):
            raise Conflict("这次检查还没有开始或者已经结束，不能确认。有疑问请向检查机关核实。")
        part.scanned_at = ctx.now
        instance = ctx.session.scalar(
            sa.select(ProcessInstance.id).where(
                ProcessInstance.district_id == ctx.district_id,
                ProcessInstance.process_key == "department-inspection",
                ProcessInstance.business_key == part.number,
            )
        )
        ctx.record(instance, "visit-confirmed", {"inspection": part.number})
        return ctx.now
