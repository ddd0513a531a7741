"""Enter one inspection out of a department's file: the same forms and hooks as by hand, the letter behind each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.bpmn.execution import Execution
from engine.commands.complete_task import CompleteTask, Paper
from engine.commands.context import CommandContext
from engine.commands.hosting import KernelHost
from engine.commands.locking import LockedInstance
from engine.errors import Conflict, InvalidInput
from engine.forms import Form
from engine.inspection.reports.columns import ELEMENTS, ITEM, Column, Unreadable
from engine.models import ProcessInstance, UserTask

#: Every step is entered at most once for one line of a file.
MOST = len(ELEMENTS)


class Undone(Exception):
    """Nothing was wrong, and nothing is kept: the entry was only tried."""


@dataclass(frozen=True)
class EnterInspection:
    """Enter what ``rows`` (cells by column name, a row an item) say of the department inspection ``number``.

    Takes it from where it stands up to the department's review, which stays with the department.  With
    ``trial`` everything is undone at the end by raising :class:`Undone`.  Raises :class:`InvalidInput`
    with what is wrong, :class:`Conflict` when the inspection waits for none of these steps.
    """

    number: str
    rows: Sequence[Mapping[str, str]]
    columns: Sequence[Column]
    paper: Paper
    trial: bool = False

    def run(self, ctx: CommandContext) -> list[str]:
        done: list[str] = []
        while len(done) < MOST and (task := self._open(ctx)) is not None:
            values = self._values(ctx, task)
            CompleteTask(task.id, task.version, values, self.paper).run(ctx)
            done.append(task.element_id)
        if not done:
            raise Conflict("这项检查已经录入，或者不在等待录入的步骤。")
        if self.trial:
            raise Undone
        return done

    def _open(self, ctx: CommandContext) -> UserTask | None:
        return ctx.session.scalar(
            sa.select(UserTask)
            .where(
                UserTask.district_id == ctx.district_id, UserTask.process_key == "department-inspection",
                UserTask.business_key == self.number, UserTask.state == "open", UserTask.element_id.in_(ELEMENTS),
            )
            .order_by(UserTask.created_at, UserTask.id)
            .limit(1)
            .execution_options(populate_existing=True)
        )  # fmt: skip

    def _values(self, ctx: CommandContext, task: UserTask) -> dict[str, Any]:
        """The form's defaults with the file's cells laid over them."""
        instance = ctx.session.get_one(ProcessInstance, task.instance_id, populate_existing=True)
        definition = ctx.kernel.definition(ctx.connection, instance.definition_id)
        form = definition.forms[task.form_key].on_paper()
        execution = Execution.load(definition.loaded, instance.state, KernelHost(ctx, LockedInstance.of(instance)))
        data = dict(execution.element(task.engine_task_id).data)
        context = ctx.kernel.form_context(ctx.session, task, data, ctx.now)
        return self._laid_over(form, form.with_defaults(context), task.element_id, ctx)

    def _laid_over(self, form: Form, values: dict[str, Any], element: str, ctx: CommandContext) -> dict[str, Any]:
        zone = ctx.kernel.settings.timezone
        known = {c.key for c in form.components}
        problems: list[str] = []

        def read(column: Column, row: Mapping[str, str]) -> Any:
            try:
                return column.read(row.get(column.name, ""), zone)
            except Unreadable as error:
                problems.append(str(error))
                return None

        for column in self.columns:
            if column.element != element:
                continue
            if not column.listed and column.key in known:
                said = next((row for row in self.rows if row.get(column.name, "").strip()), self.rows[0])
                value = read(column, said)
                if value is not None:
                    values[column.key] = value
            elif column.listed in known:
                for line in values.get(column.listed) or []:
                    row = next((r for r in self.rows if r.get(ITEM, "").strip() == line.get("item")), None)
                    if row is not None and (value := read(column, row)) is not None:
                        line[column.key] = value
        if problems:
            raise InvalidInput("；".join(problems), fields={"file": problems})
        return values
