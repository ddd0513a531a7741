"""Keep what an official proposes to change in a registry row."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection.registry_edit import CHECKING, open_request, request_of, responsible
from engine.inspection.registry_models import ChangeRequest, RegistryChange
from engine.inspection.registry_proposals import NEW, changes_of, read_values, register_of
from engine.models import ProcessInstance, UserTask
from engine.service_tasks import ServiceContext, service_task


@service_task("save-registry-change", title="登记名录变更")
def save_registry_change(ctx: ServiceContext) -> dict[str, Any]:
    """Judge the fields as an import would and keep only what really changes, with the values of today beside it.

    Returns ``fields`` (their names, for the rules of the second check) and ``responsible``
    (the department that checks).
    """
    values = dict(ctx.values or {})
    request = request_of(ctx.session, ctx.district_id, ctx.business_key)
    register = register_of(request.register)
    row = register.find(ctx.session, ctx.district_id, request.key) if request.key else None
    found = read_values(register, request.kind, values, row)
    if request.kind == NEW:
        key = str(found.pop(register.key, ""))
        if register.find(ctx.session, ctx.district_id, key) is not None:
            words = [f"{key} 已在名录库中，请撤回本申请，改为提出“变更”。"]
            raise InvalidInput(words[0], fields={register.key: words})
        other = open_request(ctx.session, ctx.district_id, register.code, key)
        if other is not None and other.id != request.id:
            words = [f"{key} 已有在办的新增申请 {other.number}。"]
            raise InvalidInput(words[0], fields={register.key: words})
        request.key, request.name = key, str(found.get("name") or "")
        instance = ctx.session.get_one(ProcessInstance, ctx.instance_id)
        instance.title = f"{register.title}{NEW}：{request.name}"
    changes = changes_of(register, row, found)
    for field in _overtaken(ctx, request, changes):
        del changes[field]
    if not changes:
        raise InvalidInput("没有改动任何一项，请修改后提交；不需要变更的，请在“名录变更”中撤回本申请。")
    request.before = {field: old for field, (old, _) in changes.items()} if row is not None else {}
    request.proposed = {field: new for field, (_, new) in changes.items()}
    request.reason, request.state = str(values["reason"]), CHECKING
    request.proposed_by = ctx.actor.user_id
    checker = responsible(row, request.department) if row is not None else request.department
    if row is None and found.get("department"):
        checker = str(found["department"])
    return {"fields": sorted(changes), "responsible": checker}


def _overtaken(ctx: ServiceContext, request: ChangeRequest, changes: dict[str, list[Any]]) -> set[str]:
    """Fields others changed after the form was opened, and that the form still posts as they were before.

    Nobody touched them in the form; taken for a proposal they would undo the other's change.
    """
    opened = sa.select(UserTask.created_at).where(UserTask.id == ctx.task_id).scalar_subquery()
    since = ctx.session.scalars(
        sa.select(RegistryChange.changes).where(
            RegistryChange.district_id == ctx.district_id, RegistryChange.register == request.register,
            RegistryChange.key == request.key, RegistryChange.at > opened,
        )
    )  # fmt: skip
    return {f for made in since for f, (old, _) in made.items() if f in changes and changes[f][1] == old}
