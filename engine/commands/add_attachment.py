"""Keep an uploaded file with its SHA-256."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa

from engine.bpmn.keeping import jsonable
from engine.commands.context import CommandContext
from engine.commands.task_access import locked_task, may_enter_paper
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput
from engine.models import Attachment

MAX_BYTES = 20 * 1024 * 1024
ALLOWED = frozenset(
    {"image/jpeg", "image/png", "image/webp", "image/heic", "application/pdf", "text/plain", "text/csv", "audio/mpeg",
     "audio/mp4", "audio/x-m4a", "audio/aac", "audio/wav", "audio/webm", "video/mp4", "video/quicktime", "video/3gpp",
     "video/webm", "application/zip",
     "application/msword", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
     "application/vnd.ms-excel", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
)  # fmt: skip

#: Characters that would break a header, a line of a list or a file system.
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


@dataclass(frozen=True)
class AddAttachment:
    """Upload to an open task; returns the attachment id.

    The original bytes are kept unchanged (全过程记录, R59–R61).
    """

    task_id: str
    field_key: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)
    meta: dict[str, Any] = field(default_factory=dict)
    #: of the device that sends: the same file under the same key is kept once, however often it comes
    key: str = ""

    def run(self, ctx: CommandContext) -> str:
        task = locked_task(ctx, self.task_id)
        if not may_enter_paper(ctx.session, ctx.actor, task):
            raise Forbidden("您没有办理该任务的权限，文件没有保存。")
        if self.key and (known := self._kept(ctx)):
            return known
        meta = {**self.meta, **({"key": self.key} if self.key else {})}
        return keep_file(
            ctx, task.instance_id, task.id, self.field_key, self.file_name, self.media_type, self.content, meta
        )

    def _kept(self, ctx: CommandContext) -> str | None:
        """The file this person already sent to the task under the key; the task is locked, so nobody sends it now."""
        found = ctx.session.execute(
            sa.select(Attachment.id, Attachment.meta).where(
                Attachment.task_id == self.task_id, Attachment.uploaded_by == ctx.actor.user_id,
                Attachment.sha256 == hashlib.sha256(self.content).hexdigest(),
            )
        )  # fmt: skip
        return next((row.id for row in found if row.meta.get("key") == self.key), None)


def keep_file(
    ctx: CommandContext, instance_id: str, task_id: str | None, field_key: str, file_name: str, media_type: str,
    content: bytes, meta: dict[str, Any], *, shown_as: str = "",
) -> str:  # fmt: skip
    """Keep a file of a case with its SHA-256; returns the attachment id.

    Raises :class:`InvalidInput` for the field ``shown_as`` (or ``field_key``) when it is empty, too large or of a
    type that is not taken.
    """
    name = _CONTROL.sub("", file_name).replace("\\", "/").rsplit("/", 1)[-1].strip()[:255] or "未命名"
    media_type = media_type.split(";")[0].strip().lower()
    problem = None
    if not content:
        problem = f"文件“{name}”是空的，请重新选择。"
    elif len(content) > MAX_BYTES:
        problem = f"文件“{name}”超过 20 MB，请压缩或分成几个文件后上传。"
    elif media_type not in ALLOWED:
        problem = f"文件“{name}”的类型（{media_type or '未知'}）不能上传，请用图片、音像、PDF、Office 文档或压缩包。"
    if problem:
        raise InvalidInput(problem, fields={shown_as or field_key: [problem]})
    attachment = Attachment(
        id=new_id(), district_id=ctx.district_id, instance_id=instance_id, task_id=task_id, field=field_key,
        file_name=name, media_type=media_type, size=len(content), sha256=hashlib.sha256(content).hexdigest(),
        content=content, uploaded_by=ctx.actor.user_id, uploaded_at=ctx.now, meta=jsonable(meta),
    )  # fmt: skip
    ctx.session.add(attachment)
    ctx.session.flush()
    ctx.record(
        instance_id,
        "attachment-added",
        {"attachment": attachment.id, "task": task_id, "field": field_key, "name": name,
         "size": attachment.size, "sha256": attachment.sha256, "meta": attachment.meta},
    )  # fmt: skip
    return attachment.id
