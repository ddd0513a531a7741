"""Keep an application to correct or withdraw a publication."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import corrections, publication_release, redaction
from engine.service_tasks import ServiceContext, service_task


@service_task("save-publication-correction", title="登记更正、撤回申请")
def save_publication_correction(ctx: ServiceContext) -> dict[str, Any]:
    """Check cause, places and new words; returns ``corrections`` for the next steps to look at."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now)
    row, published = publication_release.correction(ctx)
    if values["action"] == "撤销申请":
        return {"corrections": []}
    kind = values["kind"]
    corrections.cause_of(ctx.settings, values["cause"], kind, today)
    if hits := redaction.find(ctx.settings, values["reason"], today):
        raise InvalidInput(
            "公开说明有误。",
            fields={"reason": [f"说明会公开，其中的“{hits[0].text}”疑似{hits[0].kind}，请改写。"]},
        )
    changes = []
    if kind == corrections.CORRECT:
        changes = corrections.changes_of(ctx.settings, published, values.get("changes") or [], today)
        if not changes:
            raise InvalidInput("没有更正的内容。", fields={"changes": ["请至少填写一处更正。"]})
    row.kind, row.cause, row.reason, row.changes = kind, values["cause"], values["reason"], changes
    row.state, row.proposed_by = "审批中", ctx.actor.user_id
    return {"corrections": changes}
