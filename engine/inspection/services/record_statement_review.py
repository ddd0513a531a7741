"""Keep the review of a statement or hearing (复核): never heavier because the party spoke (PL45)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-statement-review", title="登记复核意见")
def record_statement_review(ctx: ServiceContext) -> dict[str, str]:
    """Says in ``stage`` how the case goes on: 决定前, or 告知前 when a new fact or other words need a new notice."""
    values, today = dict(ctx.values or {}), ctx.calendar.local_date(ctx.now)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    change, told = values["change"], penalties.told(row)
    heard = (row.facts.get("hearing") or {}).get("outcome") == "已举行"
    if (heard or penalties.statements(row)) and not values.get("items"):
        raise InvalidInput(
            "没有逐项复核。", fields={"items": ["当事人提出了意见或者举行了听证，请逐项写明是否采纳和理由。"]}
        )
    again = change == "查出新的事实"
    if change != "维持拟处罚" and values.get("proposal") != penalties.SPARE:
        measure = penalties.check_measure(ctx.settings, today, values)
        more = penalties.heavier(ctx.settings, today, told, measure) if told else []
        if more and change == "变更拟处罚":
            raise InvalidInput(
                "不得因陈述申辩加重处罚。",
                fields={"kinds": [
                    f"重于告知书：{'；'.join(more)}。不得因当事人陈述、申辩给予更重的处罚（行政处罚法第四十五条）；"
                    "查出新的、更重的事实的，复核结论请选“查出新的事实”，系统将重新审核、重新告知。"
                ]},
            )  # fmt: skip
        again = again or bool(told and penalties.reworded(told, measure))
        values |= measure.fields()
    row.facts = {
        **row.facts, "statement_review": values,
        "statement_reviews": [*row.facts.get("statement_reviews", []), values],
    }  # fmt: skip
    row.state = "已复核"
    return {"stage": "告知前" if again else "决定前"}
