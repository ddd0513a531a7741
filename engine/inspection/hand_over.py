"""Hand the full record of a draw to an authorised auditor; that it was handed over is public (draw-protocol §5)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import disclosure, records
from engine.inspection.draw_record import zip_record
from engine.inspection.models import Draw
from engine.models import Department, ProcessInstance

AUDITOR = "审计监督"
MAX_PURPOSE = 200


@dataclass(frozen=True)
class HandRecordToAuditor:
    """Returns the full record as a ZIP and records it in the public log and in the task's history.

    Raises :class:`Forbidden` for anybody but an auditor, :class:`Conflict` before the task is
    over, and :class:`InvalidInput` without a purpose.
    """

    draw_id: str
    purpose: str

    def run(self, ctx: CommandContext) -> bytes:
        if not ctx.actor.has_role(AUDITOR):
            raise Forbidden("只有审计监督人员可以领取完整的抽取记录。")
        purpose = " ".join(self.purpose.split())
        if len(purpose) > MAX_PURPOSE:
            raise InvalidInput("核验事由过长。", fields={"purpose": [f"核验事由最多 {MAX_PURPOSE} 字。"]})
        row = records.draw(ctx.session, ctx.district_id, self.draw_id)
        if said := not_yet(disclosure.task_ended(ctx.session, row), row):
            raise Conflict(said)
        department = ctx.session.scalar(
            sa.select(Department.name).where(
                Department.district_id == ctx.district_id, Department.code == ctx.actor.department
            )
        )
        files = disclosure.hand_to_auditor(
            ctx.session, ctx.kernel.settings, row, f"{department or ctx.actor.department} {ctx.actor.name}", purpose,
            ctx.now,
        )  # fmt: skip
        instance = ctx.session.scalar(
            sa.select(ProcessInstance)
            .where(
                ProcessInstance.district_id == ctx.district_id,
                ProcessInstance.process_key == "joint-inspection",
                ProcessInstance.business_key == row.campaign,
            )
            .with_for_update()
        )
        ctx.record(
            instance.id if instance else None, "draw-record-handed-over", {"draw_id": row.draw_id, "purpose": purpose}
        )
        return zip_record(files)


def not_yet(ended: bool, row: Draw) -> str:
    """Why the record cannot be handed over now, in words; empty when it can.

    Before the visits are over it names who will visit whom, which nobody outside may know.
    """
    if ended or row.state in ("aborted", "annulled"):
        return ""
    return f"抽取 {row.draw_id} 的任务尚未结束，完整记录在任务结束后领取。"
