"""Issue an official document: give it its number, set it, and keep the bytes."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.documents import pdf
from engine.documents.model import Document
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection import official_documents as documents
from engine.inspection.document_models import OfficialDocument, OfficialDocumentVersion
from engine.inspection.numbers import next_number
from engine.models import ProcessInstance
from engine.scope import instance_in_scope


@dataclass(frozen=True)
class IssueDocument:
    """Issue the document ``template`` of an organ; returns its id.

    The number is the next of the organ's series for that kind and year, never used again.  Raises
    :class:`Forbidden` for anybody but the organ's own people, :class:`Conflict` when it stands already, does not fit
    what the case says (the template's ``when``) or the case is over.
    """

    instance_id: str
    template: str
    department: str

    def run(self, ctx: CommandContext) -> str:
        instance = instance_of(ctx, self.instance_id)
        if not documents.may_issue(ctx.actor, self.department):
            raise Forbidden("文书由出具机关的承办人、执法检查人员、法制审核人员或科室负责人出具。")
        each = documents.one_available(ctx.session, ctx.kernel, instance, self.template, self.department)
        sole = not each.template.several
        if sole:
            self._check_new(ctx)
        if reason := documents.withheld(ctx.session, ctx.kernel, instance, each, ctx.now):
            raise Conflict(reason)
        today = ctx.now.astimezone(ctx.kernel.settings.timezone).date()
        series, pattern = documents.series(ctx.kernel.settings, each.template, self.department, today)
        serial = next_number(ctx.session, ctx.district_id, series)
        row = OfficialDocument(
            id=new_id(), district_id=ctx.district_id, instance_id=instance.id, business_key=instance.business_key,
            subject=instance.title, template=self.template, title=each.template.title, department=self.department,
            sole=sole, series=series, year=today.year, serial=serial, number=pattern.replace("{serial}", str(serial)),
            state="issued", version=1, issued_at=ctx.now, issued_by=ctx.actor.user_id, issued_by_name=ctx.actor.name,
        )  # fmt: skip
        ctx.session.add(row)
        ctx.session.flush()
        made = documents.present(ctx.session, ctx.kernel, instance, row, ctx.now)
        keep_version(ctx, row, made, "")
        return row.id

    def _check_new(self, ctx: CommandContext) -> None:
        standing = ctx.session.scalar(
            sa.select(OfficialDocument.number).where(
                OfficialDocument.instance_id == self.instance_id, OfficialDocument.template == self.template,
                OfficialDocument.department == self.department, OfficialDocument.state == "issued",
            )
        )  # fmt: skip
        if standing:
            raise Conflict(f"这份文书已经出具，文号 {standing}；资料有变动的，请出具新版本。")


@dataclass(frozen=True)
class ReissueDocument:
    """Make a further version of a standing document from the present data; the number stays, so do older versions.

    Raises :class:`Conflict` when nothing has changed or the number is void, :class:`InvalidInput` without a reason.
    """

    document_id: str
    reason: str

    def run(self, ctx: CommandContext) -> int:
        row = locked(ctx, self.document_id)
        instance = instance_of(ctx, row.instance_id)
        if not documents.may_issue(ctx.actor, row.department):
            raise Forbidden("新版本由出具机关的承办人、执法检查人员或科室负责人出具。")
        reason = checked_reason(self.reason, "新版本的原因")
        version = row.version + 1
        if documents.unchanged(ctx.session, ctx.kernel, instance, row):
            raise Conflict("资料没有变动，现有的版本就是最新的。")
        made = documents.present(ctx.session, ctx.kernel, instance, row, ctx.now, version)
        row.version = version
        keep_version(ctx, row, made, reason)
        return version


def keep_version(ctx: CommandContext, row: OfficialDocument, made: Document, reason: str) -> None:
    """Set the current version and keep its bytes, with their hash in the history."""
    content = pdf.render(made)
    digest = hashlib.sha256(content).hexdigest()
    ctx.session.add(
        OfficialDocumentVersion(
            id=new_id(), district_id=ctx.district_id, document_id=row.id, version=row.version,
            content_sha256=documents.content_digest(made), pdf=content, pdf_sha256=digest, reason=reason,
            made_at=ctx.now, made_by=ctx.actor.user_id, made_by_name=ctx.actor.name,
        )
    )  # fmt: skip
    ctx.session.flush()
    ctx.record(
        row.instance_id,
        "document-issued" if row.version == 1 else "document-reissued",
        {"document": row.id, "template": row.template, "title": row.title, "number": row.number,
         "version": row.version, "sha256": digest, "reason": reason},
    )  # fmt: skip


def instance_of(ctx: CommandContext, instance_id: str) -> ProcessInstance:
    """The case, when the actor may see it.  Raises :class:`NotFound`."""
    instance = ctx.session.scalar(
        sa.select(ProcessInstance).where(
            ProcessInstance.id == instance_id, ProcessInstance.district_id == ctx.district_id,
            instance_in_scope(ctx.actor, ProcessInstance.id),
        )
    )  # fmt: skip
    if instance is None:
        raise NotFound("没有找到这项工作，可能链接有误，或不属于您所在的部门。")
    return instance


def locked(ctx: CommandContext, document_id: str) -> OfficialDocument:
    """The standing document under its row lock.  Raises :class:`NotFound`, or :class:`Conflict` when it is void."""
    row = ctx.session.get(OfficialDocument, document_id, with_for_update=True, populate_existing=True)
    if row is None or row.district_id != ctx.district_id:
        raise NotFound("没有找到这份文书，可能链接有误。")
    if row.state != "issued":
        raise Conflict(f"文号 {row.number} 已经作废，不能再改动。")
    return row


def checked_reason(text: str, word: str) -> str:
    """A reason between 2 and 300 characters.  Raises :class:`InvalidInput`."""
    reason = text.strip()
    if not 2 <= len(reason) <= 300:
        raise InvalidInput(f"请填写{word}，2 到 300 个字。", fields={"reason": [f"请填写{word}，2 到 300 个字。"]})
    return reason
