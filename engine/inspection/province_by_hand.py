"""When the provincial platform does not answer: report again by hand, or enter the receipt on paper (纸质回执)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection.models import Publication
from engine.inspection.opening import OFFICER
from engine.inspection.province import PUSH_PUBLICATION, instance_of, keep_receipt, publication_row
from engine.models import Incident

ADMIN = "系统管理员"


@dataclass(frozen=True)
class PushAgain:
    """Report once more what failed for good, after whatever stood in the way was mended."""

    publication_id: str

    def run(self, ctx: CommandContext) -> None:
        row = publication_row(ctx, self.publication_id)
        _may_report(ctx, row)
        if row.state not in ("published", "withdrawn") or row.push_state != "failed":
            raise Conflict("这条信息没有报送失败，不需要重新报送。")
        incident = _incident(ctx, row)
        if incident is None:
            raise Conflict("没有找到报送失败的记录，请联系系统管理员。")
        if ctx.kernel.jobs is not None:
            ctx.kernel.jobs.retry(ctx.session, incident.detail)
        _resolve(ctx, incident, "重新报送")
        row.push_state, row.push_error, row.next_push_at = "pending", "", None


@dataclass(frozen=True)
class EnterPaperReceipt:
    """The way out when the platform cannot be reached: reported by hand, receipt on paper (纸质回执).

    Raises :class:`InvalidInput` naming every faulty field, :class:`Forbidden` for anybody but the
    department's officers and administrators, :class:`Conflict` when a receipt is there already.
    """

    publication_id: str
    number: str
    received_on: str
    note: str

    def run(self, ctx: CommandContext) -> None:
        row = publication_row(ctx, self.publication_id)
        _may_report(ctx, row)
        if row.state not in ("published", "withdrawn"):
            raise Conflict("该信息没有公示，不需要回执。")
        if row.push_state == "received":
            raise Conflict(f"已有回执 {row.receipt}，不需要再登记。")
        faults: dict[str, list[str]] = {}
        number, note = self.number.strip(), self.note.strip()
        if not 2 <= len(number) <= 150:
            faults["number"] = ["请填写省工作平台的回执号或者登记号，2 至 150 个字。"]
        if not 4 <= len(note) <= 300:
            faults["note"] = ["请写明报送方式、经办人和回执的存放处，4 至 300 个字。"]
        day = _day(self.received_on)
        released = ctx.calendar.local_date(row.corrected_at or row.published_at or ctx.now)
        if day is None or not released <= day <= ctx.calendar.local_date(ctx.now):
            faults["received_on"] = [f"请填写回执日期，不早于公示日期（{released}），不晚于今天。"]
        if faults or day is None:
            raise InvalidInput("回执没有登记。", fields=faults)
        keep_receipt(ctx, row, f"{number}（纸质回执）", ctx.calendar.start_of_day(day))
        if (incident := _incident(ctx, row)) is not None:
            _resolve(ctx, incident, "已登记纸质回执")
        ctx.record(
            instance_of(ctx, row), "paper-receipt",
            {"publication": row.id, "subject": row.subject, "receipt": number, "received_on": day.isoformat(),
             "note": note},
        )  # fmt: skip


def _may_report(ctx: CommandContext, row: Publication) -> None:
    if not (ctx.actor.has_role(OFFICER, row.department) or ctx.actor.has_role(ADMIN)):
        raise Forbidden("只有公示机关的承办人或者系统管理员可以办理报送。")


def _incident(ctx: CommandContext, row: Publication) -> Incident | None:
    """The open incident of this publication's report."""
    open_ones = ctx.session.scalars(
        sa.select(Incident).where(
            Incident.district_id == ctx.district_id, Incident.kind == "job", Incident.state == "open"
        )
    )
    return next(
        (i for i in open_ones if i.detail.get("kind") == PUSH_PUBLICATION
         and i.detail.get("args", {}).get("publication_id") == row.id), None,
    )  # fmt: skip


def _resolve(ctx: CommandContext, incident: Incident, how: str) -> None:
    incident.state, incident.resolved_by, incident.resolved_at = "resolved", ctx.actor.user_id, ctx.now
    ctx.record(
        incident.instance_id, "incident-resolved", {"incident": incident.id, "action": "close", "reason": how}
    )  # fmt: skip


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None
