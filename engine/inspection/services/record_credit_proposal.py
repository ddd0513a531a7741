"""Keep the officer's proposal to list somebody, or not to."""

from __future__ import annotations

from typing import Any

from engine.inspection import credit_case
from engine.inspection.credit_letters import SECOND, day
from engine.service_tasks import ServiceContext, service_task


@service_task("record-credit-proposal", title="登记列入意见")
def record_credit_proposal(ctx: ServiceContext) -> dict[str, Any]:
    """The ground must hold for this kind of subject; returns ``list`` and ``letters`` (two letters come first).

    The limit of the decision starts on the day of establishment, or with the second letter; a proposal sent back
    after two letters needs no further ones.
    """
    values, row = dict(ctx.values or {}), credit_case.of(ctx)
    if values["decision"] != "列入":
        credit_case.keep(row, "proposal", values, "不列入")
        return {"list": None, "letters": False}
    credit_case.not_later(ctx, values, "found_on")
    ground = credit_case.chosen_ground(ctx, row, str(values["ground"]), day(values["found_on"]))
    second = (row.facts.get("letters") or {}).get(SECOND)
    found = {"list": ground.list_code, "letters": ground.letters and second is None}
    credit_case.keep(row, "proposal", {**values, **found}, "办理中")
    if not found["letters"]:
        established_on = second["result_on"] if ground.letters and second else values["found_on"]
        credit_case.establish(ctx, row, ground.list_code, day(established_on))
    return found
