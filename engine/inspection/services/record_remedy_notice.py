"""Keep the notice of a review or lawsuit about a penalty, or the organ's own finding that it erred."""

from __future__ import annotations

from typing import Any

from engine.inspection import enforcement_steps as steps
from engine.inspection import remedies
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-remedy-notice", title="登记复议、诉讼")
def record_remedy_notice(ctx: ServiceContext) -> dict[str, Any]:
    """Starts the deadline of the answer (``review-answer`` or ``suit-answer``, returned as ``answer``), stops the
    surcharge from the day of the application, and stays the execution when the body ordered it.
    """
    values = ctx.values or {}
    row = remedies.register(ctx, values)
    follow_up(ctx.session, ctx.district_id, row.number).state = f"{row.kind}中"
    if row.kind == remedies.OWN:
        return {"answer": ""}
    assert row.received_on is not None
    remedies.begin_pause(ctx, row)
    if values.get("stay") == "停止执行":
        remedies.stay(ctx, row, str(values["stay_reason"]), row.received_on)
    answer = "review-answer" if row.kind == remedies.REVIEW else "suit-answer"
    ctx.set_deadline(row.number, answer, started_at=steps.morning(ctx, row.received_on))
    return {"answer": answer}
