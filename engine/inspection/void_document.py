"""Void a document number: it stays listed with its reason and is never given again."""

from __future__ import annotations

from dataclasses import dataclass

from engine.commands.context import CommandContext
from engine.errors import Forbidden
from engine.inspection import official_documents as documents
from engine.inspection.issue_document import checked_reason, instance_of, locked


@dataclass(frozen=True)
class VoidDocument:
    """Take a number out of force, with a reason.

    Raises :class:`Forbidden` for anybody but the organ's officer in charge and section head,
    :class:`~engine.errors.Conflict` when it is void already, :class:`~engine.errors.InvalidInput` without a reason.
    """

    document_id: str
    reason: str

    def run(self, ctx: CommandContext) -> None:
        row = locked(ctx, self.document_id)
        instance_of(ctx, row.instance_id)
        if not documents.may_void(ctx.actor, row.department):
            raise Forbidden("文号由出具机关的承办人或科室负责人作废。")
        row.state, row.void_reason = "voided", checked_reason(self.reason, "作废的原因")
        row.voided_at, row.voided_by_name = ctx.now, ctx.actor.name
        ctx.session.flush()
        ctx.record(
            row.instance_id, "document-voided",
            {"document": row.id, "title": row.title, "number": row.number, "reason": row.void_reason},
        )  # fmt: skip
