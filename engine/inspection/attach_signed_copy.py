"""Keep the signed paper of a document (纸质签署件) with the document it is a copy of."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from engine.commands.add_attachment import keep_file
from engine.commands.context import CommandContext
from engine.errors import Forbidden, InvalidInput
from engine.inspection import official_documents as documents
from engine.inspection.issue_document import instance_of, locked

MEDIA_TYPES = ("application/pdf", "image/jpeg", "image/png", "image/webp", "image/heic")


@dataclass(frozen=True)
class AttachSignedCopy:
    """A scan of the printed document as it was signed, on which day and by whom; returns the attachment id.

    Raises :class:`InvalidInput` naming every faulty field, :class:`Forbidden` outside the issuing organ,
    :class:`~engine.errors.Conflict` when the number is void.
    """

    document_id: str
    signed_on: str
    signed_by: str
    file_name: str
    media_type: str
    content: bytes = field(repr=False)

    def run(self, ctx: CommandContext) -> str:
        row = locked(ctx, self.document_id)
        instance_of(ctx, row.instance_id)
        if not documents.may_issue(ctx.actor, row.department):
            raise Forbidden("纸质签署件由出具机关的承办人、执法检查人员或科室负责人登记。")
        self._check(ctx)
        meta = {"document": row.id, "number": row.number, "version": row.version, "signed_on": self.signed_on,
                "signed_by": self.signed_by.strip()}  # fmt: skip
        kept = keep_file(
            ctx, row.instance_id, None, documents.scan_field(row.id), self.file_name, self.media_type, self.content,
            meta, shown_as="file",
        )  # fmt: skip
        ctx.record(row.instance_id, "document-signed-copy", {**meta, "title": row.title, "attachment": kept})
        return kept

    def _check(self, ctx: CommandContext) -> None:
        faults: dict[str, list[str]] = {}
        if not 1 <= len(self.signed_by.strip()) <= 100:
            faults["signed_by"] = ["请填写签署人，不超过 100 个字。"]
        try:
            if date.fromisoformat(self.signed_on).isoformat() > ctx.today:
                faults["signed_on"] = ["签署日期晚于今天，请核对。"]
        except ValueError:
            faults["signed_on"] = ["签署日期请写成 2026-03-02 的样子。"]
        if self.content and self.media_type.split(";")[0].strip().lower() not in MEDIA_TYPES:
            faults["file"] = ["签署件请上传 PDF 或图片。"]
        if faults:
            raise InvalidInput("请改正标出的内容。", fields=faults)
