"""Keep the opinion of the legal or case review (PL58)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import handlers
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-case-review", title="登记审核意见")
def record_case_review(ctx: ServiceContext) -> None:
    """Every opinion is kept in its order, those that sent the case back too; the review's own deadline is met.

    Nobody reviews a case he handles.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if ctx.actor.user_id in handlers.of_case(row):
        raise InvalidInput(
            "办案人员不得审核本案。", fields={"decision": ["您是本案的办案人员，请转交其他审核人员办理。"]}
        )
    kind = "法制审核" if ctx.element_id == "legal_review" else "案件审核"
    opinion = {
        **(ctx.values or {}), "kind": kind, "reviewed_on": ctx.calendar.local_date(ctx.now).isoformat(),
        "stage": ctx.data.get("stage"), "by": ctx.actor.user_id,
    }  # fmt: skip
    row.facts = {**row.facts, "review": opinion, "reviews": [*row.facts.get("reviews", []), opinion]}
    row.state = f"{kind}退回" if opinion["decision"] == "退回" else f"{kind}通过"
    ctx.meet_deadline("legal-review")
