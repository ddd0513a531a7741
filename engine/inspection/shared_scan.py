"""One signed letter behind many entries (代录): kept once, with the campaign the entries belong to."""

from __future__ import annotations

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.add_attachment import keep_file
from engine.commands.complete_task import SHARED_SCAN
from engine.commands.context import CommandContext
from engine.commands.task_access import CLERK
from engine.errors import Forbidden, InvalidInput
from engine.models import Attachment, InstanceDepartment, ProcessInstance
from engine.scope import scope

#: Field of the page's form, to say there what is wrong with the file.
SHOWN_AS = "paper_attachment_id"


@dataclass(frozen=True)
class AddSharedScan:
    """Keep the scan of a letter that a department signed for a list; returns the attachment's id.

    Done by an officer in charge of a department of the campaign, who alone may then name it.
    """

    campaign: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        instance = ctx.session.scalar(
            scope(
                sa.select(ProcessInstance).where(
                    ProcessInstance.district_id == ctx.district_id,
                    ProcessInstance.process_key == "joint-inspection", ProcessInstance.business_key == self.campaign,
                ),
                ctx.actor,
            )
        )  # fmt: skip
        if instance is None:
            raise InvalidInput(
                "抽查任务不存在，扫描件没有保存。", fields={SHOWN_AS: ["抽查任务不存在，请从任务页面进入。"]}
            )
        departments = ctx.session.scalars(
            sa.select(InstanceDepartment.department).where(InstanceDepartment.instance_id == instance.id)
        )
        if not any(ctx.actor.has_role(CLERK, code) for code in departments):
            raise Forbidden("由参加本次抽查的部门的承办人上传签字扫描件。")
        return keep_file(
            ctx, instance.id, None, SHARED_SCAN, self.file_name, self.media_type, self.content, {}, shown_as=SHOWN_AS
        )


def scan_of(session: Session, actor: Actor, attachment_id: str) -> Attachment | None:
    """The letter the actor uploaded before, by its id."""
    row = session.get(Attachment, attachment_id) if attachment_id else None
    return row if row is not None and (row.field, row.uploaded_by) == (SHARED_SCAN, actor.user_id) else None
