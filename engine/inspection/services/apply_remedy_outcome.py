"""Let the outcome of a review, a lawsuit or the organ's own correction take effect."""

from __future__ import annotations

from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import credit_listings, remedies
from engine.inspection import enforcement_steps as steps
from engine.inspection.penalty_withdrawal import withdraw_penalty_publication
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("apply-remedy-outcome", title="复议、诉讼结果生效")
def apply_remedy_outcome(
    ctx: ServiceContext, remake: str | None = None, remake_days: float | None = None
) -> dict[str, Any]:  # fmt: skip
    """Enforcement goes on, ends or changes; what is public is withdrawn or corrected within three working days
    (PL48); money to be given back starts the deadline ``refund``, a decision to be made anew ``remake``.

    Returns ``outcome``, ``effect`` (table remedy-outcome), ``refund`` (is any due), ``remake``, ``correction``.
    """
    row = remedies.own(ctx)
    if row.effective_on is None:
        raise ServiceTaskFailed("结果还没有登记，不能生效。")
    found, on = remedies.outcome_row(ctx, row.outcome, row.kind), row.effective_on
    words = f"{row.kind}：{found['name']}"
    remedies.end_pause(ctx, row, on)
    remedies.lift_stay(ctx, row, words, on)
    debt = remedies.debt_of(ctx, row)
    if debt is not None and found["effect"] in (remedies.VOID, remedies.CHANGES):
        remedies.undo(ctx, row, debt, found["effect"])
    elif debt is not None and debt.closed_at is None:
        remedies.go_on(ctx, row, debt)
    penalty = follow_up(ctx.session, ctx.district_id, row.penalty)
    if debt is None and found["effect"] in (remedies.VOID, remedies.CHANGES):
        rest = (row.fine or 0) if found["effect"] == remedies.CHANGES else 0
        row.refund = max(remedies.collected(penalty) - rest, 0)
    penalty.facts = {**penalty.facts, "remedy": {"number": row.number, "outcome": row.outcome, "on": on.isoformat()}}
    if found["effect"] == remedies.VOID:
        penalty.state = "处罚决定已撤销"
        credit_listings.question_after_annulment(ctx, penalty, f"{words}，文号{row.outcome_document}。")
    correction = None
    if found["withdraw"]:
        correction = withdraw_penalty_publication(
            ctx, row.penalty, words, row.outcome_document, changed=found["effect"] == remedies.CHANGES, since=on
        )
    if row.refund:
        ctx.set_deadline(row.number, "refund", started_at=steps.morning(ctx, on))
    again = bool(found["remake"] and remake == "是")
    if again:
        rule = f"{int(remake_days)}d" if remake_days else None
        ctx.set_deadline(row.number, "remake", started_at=steps.morning(ctx, on), rule=rule)
    return {
        "outcome": row.outcome, "effect": found["effect"], "refund": bool(row.refund), "remake": again,
        "correction": correction or "",
    }  # fmt: skip
