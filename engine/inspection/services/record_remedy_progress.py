"""What happens in a review or lawsuit, and how it ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.inspection.enforcement_models import PenaltyRemedy
from engine.service_tasks import ServiceContext, service_task


@service_task("record-remedy-progress", title="登记审理情况和结果")
def record_remedy_progress(ctx: ServiceContext) -> None:
    """An outcome is recorded once it is in force; a stay takes effect at once."""
    values, row = ctx.values or {}, remedies.own(ctx)
    if values["action"] == "登记停止或者恢复执行":
        change = remedies.stay if values["stay"] == "停止执行" else remedies.lift_stay
        others = remedies.stayed_by(ctx, row)
        if change is remedies.lift_stay and others:
            raise InvalidInput(
                "不能在这件事项里恢复执行。",
                fields={"stay": [f"停止执行由 {'、'.join(others)} 登记，请在该事项中登记恢复执行。"]},
            )
        change(ctx, row, values["stay_reason"], steps.day(values["on"]))
    elif values["action"] == "登记结果":
        _outcome(ctx, row, values)


def _outcome(ctx: ServiceContext, row: PenaltyRemedy, values: Mapping[str, Any]) -> None:
    found = remedies.outcome_row(ctx, values["outcome"], row.kind)
    made, got, effective = (steps.day(values[k]) for k in ("outcome_on", "received_on", "effective_on"))
    errors = {}
    if row.applied_on is not None and made < row.applied_on:
        errors["outcome_on"] = [f"不能早于申请、起诉日期 {row.applied_on}。"]
    if not made <= got <= steps.today(ctx):
        errors["received_on"] = ["收到日期应当在作出日期和今天之间。"]
    if not made <= effective <= steps.today(ctx):
        errors["effective_on"] = ["生效日期应当在作出日期和今天之间；还没有生效的先登记进展，生效后再登记结果。"]
    if errors:
        raise InvalidInput("日期有误。", fields=errors)
    if found["effect"] == remedies.CHANGES:
        remedies.note_amounts(ctx, row, values)
    row.outcome, row.outcome_document = values["outcome"], values["document_number"]
    row.outcome_on, row.effective_on = made, effective
