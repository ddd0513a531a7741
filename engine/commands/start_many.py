"""Start many instances of one process in one transaction: a draw opens hundreds of inspections."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from engine.bpmn.template import StartTemplate
from engine.commands.context import CommandContext
from engine.commands.hosting import KernelHost
from engine.commands.kernel import Definition
from engine.commands.start_process import StartProcess, current_definition, insert_instances
from engine.commands.task_rows import ASKED, OPEN, Place, opened_task
from engine.db import is_postgresql, key_lock
from engine.models import ProcessInstance
from engine.service_tasks import Start

_LOCK_ALL = sa.select(key_lock(sa.func.unnest(sa.bindparam("keys", type_=ARRAY(sa.Text)))))
_EXISTING = sa.select(ProcessInstance.business_key, ProcessInstance.id).where(
    ProcessInstance.district_id == sa.bindparam("of_district"),
    ProcessInstance.process_key == sa.bindparam("of_process"),
    ProcessInstance.business_key.in_(sa.bindparam("of_keys", expanding=True)),
)


@dataclass(frozen=True)
class StartMany:
    """Start ``key`` for each of ``starts`` as :class:`StartProcess` would; returns the ids by business key.

    Business keys that have an instance already keep it.  When nothing before the first wait looks at
    what the instances differ in, their first steps are taken once and copied.
    """

    key: str
    starts: tuple[Start, ...]

    def run(self, ctx: CommandContext) -> dict[str, str]:
        ctx.flush()
        keys = sorted({start.business_key for start in self.starts})
        if is_postgresql(ctx.connection):
            ctx.connection.execute(_LOCK_ALL, {"keys": keys})
        wanted = {"of_district": ctx.district_id, "of_process": self.key, "of_keys": keys}
        found: dict[str, str] = dict(ctx.connection.execute(_EXISTING, wanted).tuples().all())
        new = {
            start.business_key: StartProcess(self.key, **vars(start))
            for start in self.starts
            if start.business_key not in found
        }
        definition = current_definition(ctx, self.key)
        template = _template(ctx, definition, next(iter(new.values()))) if len(new) > 1 else None
        if template is None:
            return found | {key: start.run(ctx) for key, start in new.items()}
        return found | _copies(ctx, definition, template, new)


def _template(ctx: CommandContext, definition: Definition, start: StartProcess) -> StartTemplate | None:
    instance = start.described(ctx, definition)
    template = StartTemplate.of(definition.loaded, KernelHost(ctx, instance))
    if template is None or any(ASKED & element.properties.keys() for element in template.open):
        return None
    return template


def _copies(
    ctx: CommandContext, definition: Definition, template: StartTemplate, starts: Mapping[str, StartProcess]
) -> dict[str, str]:
    rows, shown_to, tasks = [], [], []
    for start in starts.values():
        instance, variables = start.new_instance(ctx, definition)
        instance.state, elements = template.copy(variables)
        instance.version += 1
        rows.append(start.row_of(ctx, instance))
        shown_to += start.shown_to(instance)
        tasks += [opened_task(ctx, instance, element, [], Place(instance.department)) for element in elements]
    insert_instances(ctx, rows, shown_to)
    if tasks:
        OPEN.run_each(ctx.connection, tasks)
    ctx.flush()
    return {row["business_key"]: row["id"] for row in rows}
