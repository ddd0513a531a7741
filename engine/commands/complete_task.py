"""Complete a user task: check, validate, let the hook act, store the submission, move the token."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.bpmn.keeping import jsonable
from engine.commands.context import CommandContext
from engine.commands.hosting import service_context
from engine.commands.locking import LockedTask, locked_case, require_running
from engine.commands.received import received
from engine.commands.stepping import advance
from engine.commands.task_access import entered_on_behalf, require_may_act, require_not_by, require_open
from engine.errors import InvalidInput
from engine.models import Attachment, TaskDraft, UserTask
from engine.prepared import Prepared

if TYPE_CHECKING:
    from engine.forms import Form

_FORGET_DRAFTS = Prepared(
    sa.delete(TaskDraft.__table__).where(TaskDraft.task_id == sa.bindparam("of_task"))  # type: ignore[arg-type]
)
_CLOSE = Prepared(
    sa.update(UserTask.__table__)  # type: ignore[arg-type]
    .where(UserTask.id == sa.bindparam("of_task"))
    .values(
        {
            name: sa.bindparam(name)
            for name in ("state", "closed_at", "closed_by", "assignee_id", "values", "paper", "version")
        }
    )
)


#: Field of a scan that stands behind many entries: one letter with its list (engine/inspection/shared_scan.py).
SHARED_SCAN = "paper-for-many"


@dataclass(frozen=True)
class Paper:
    """The signed scan behind an entry made for somebody else (纸质补录、代录)."""

    document_number: str
    signed_on: str
    signed_by: str
    attachment_id: str


@dataclass(frozen=True)
class CompleteTask:
    """Submit ``values`` for the task as it was at ``expected_version``; returns the instance id.

    Who posts a form does not know it yet: ``values`` may also be what reads the post by the task's form.
    Raises :class:`Conflict` when somebody was first, :class:`Forbidden` when the actor may not,
    :class:`InvalidInput` with every faulty field at once.
    """

    task_id: str
    expected_version: int
    values: dict[str, Any] | Callable[[Form], dict[str, Any]]
    paper: Paper | None = None

    def run(self, ctx: CommandContext) -> str:
        instance, task = locked_case(ctx, self.task_id)
        require_open(task, ctx.actor, self.expected_version)
        require_may_act(ctx, task, with_paper=self.paper is not None)
        require_running(instance)
        definition = ctx.kernel.definition(ctx.connection, instance.definition_id)
        paper = None if self.paper is None else self._checked_paper(ctx, task)
        cleaned: dict[str, Any] = {}

        def act(execution: Execution) -> None:
            nonlocal cleaned
            element = execution.element(task.engine_task_id)
            require_not_by(ctx, task, _names(element.properties.get("not_by", "")))
            form = definition.forms.get(task.form_key)
            cleaned = received(self.given(form), "填写的内容")
            if form is not None:
                # The context also holds the facts shown beside the form: many queries, none needed to validate.
                context = self._context(ctx, element.data) if form.needs_context else {}
                if self.paper is not None:
                    form = form.on_paper()
                cleaned = form.validate(cleaned, context, now=ctx.now.astimezone(ctx.kernel.settings.timezone))
                self._check_files(ctx, task, form, cleaned)
            for hook in _names(element.properties.get("on_submit", "")):
                service = service_context(ctx, instance, element, values=cleaned, task_id=task.id)
                cleaned = {**cleaned, **jsonable(dict(ctx.kernel.services.run(hook, service, {}) or {}))}
            _CLOSE.run(
                ctx.connection,
                {"of_task": task.id, "state": "completed", "closed_at": ctx.now, "closed_by": ctx.actor.user_id,
                 "assignee_id": task.assignee_id or ctx.actor.user_id, "values": cleaned, "paper": paper,
                 "version": task.version + 1},
            )  # fmt: skip
            ctx.forget(UserTask, task.id)
            ctx.record(
                instance.id,
                "task-completed",
                {"task": task.id, "element": task.element_id, "name": task.name, "values": cleaned,
                 "definition": {"key": definition.key, "version": definition.version}, "paper": paper},
            )  # fmt: skip
            execution.complete(task.engine_task_id, cleaned)

        advance(ctx, instance, act)
        if task.drafted:
            _FORGET_DRAFTS.run(ctx.connection, {"of_task": task.id})
        return instance.id

    def given(self, form: Form | None) -> dict[str, Any]:
        """What was submitted, by the keys of the task's form; nothing was typed where there is none."""
        if not callable(self.values):
            return self.values
        return {} if form is None else self.values(form)

    def _context(self, ctx: CommandContext, data: Mapping[str, Any]) -> dict[str, Any]:
        return ctx.kernel.form_context(ctx.session, ctx.session.get_one(UserTask, self.task_id), data, ctx.now)

    def _checked_paper(self, ctx: CommandContext, task: LockedTask) -> dict[str, str]:
        """What is recorded of the paper: its particulars, the digest of its scan, and for whom it was entered."""
        assert self.paper is not None
        missing = {
            f"paper_{name}": [f"请{'上传' if name == 'attachment_id' else '填写'}{label}。"]
            for name, label in {
                "document_number": "文号", "signed_on": "签署日期", "signed_by": "签署人",
                "attachment_id": "签字扫描件",
            }.items()
            if not str(getattr(self.paper, name) or "").strip()
        }  # fmt: skip
        digest = "" if missing else self._uploaded(ctx, self.paper.attachment_id)
        if not missing and not digest:
            missing["paper_attachment_id"] = ["扫描件没有上传成功，请重新选择文件。"]
        if missing:
            raise InvalidInput("纸质补录的资料不完整。", fields=missing)
        found = {**vars(self.paper), "sha256": digest}
        return (
            found | {"on_behalf_of": task.department} if entered_on_behalf(ctx.connection, ctx.actor, task) else found
        )

    def _uploaded(self, ctx: CommandContext, attachment_id: str) -> str:
        """The digest of the scan when it was uploaded to this very task, or by the actor for many at once."""
        found = ctx.session.execute(
            sa.select(Attachment.id, Attachment.sha256).where(
                sa.or_(
                    Attachment.task_id == self.task_id,
                    sa.and_(Attachment.field == SHARED_SCAN, Attachment.uploaded_by == ctx.actor.user_id),
                )
            )
        )
        return next((digest for scan, digest in found if scan == attachment_id), "")

    def _check_files(self, ctx: CommandContext, task: LockedTask, form: Form, values: dict[str, Any]) -> None:
        """Every file the values name must have been uploaded to this very case."""
        named = form.files(values)
        if not named:
            return
        known = set(ctx.session.scalars(sa.select(Attachment.id).where(Attachment.instance_id == task.instance_id)))
        missing = {key: ["有文件没有上传成功，请重新选择。"] for key, ids in named.items() if not known.issuperset(ids)}
        if missing:
            raise InvalidInput("有附件没有上传成功，请重新选择文件。", fields=missing)


def _names(text: str) -> list[str]:
    return [name.strip() for name in text.split(",") if name.strip()]
