"""Keep the number of the written decision (决定书, PL59)."""

from __future__ import annotations

from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("record-decision-document", title="登记决定书文号")
def record_decision_document(ctx: ServiceContext) -> None:
    """The number stands with the decision from now on: service, publication and enforcement read it there."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    number = str((ctx.values or {})["document_number"])
    row.facts = {**row.facts, "decision": {**row.facts["decision"], "document_number": number}}
