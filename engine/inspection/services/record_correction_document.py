"""Keep the number of the written decision by which the organ annuls or changes its own penalty (PL75)."""

from __future__ import annotations

from engine.inspection import remedies
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

REMEDY = "penalty-remedy"


@service_task("record-correction-document", title="登记撤销、变更决定书文号")
def record_correction_document(ctx: ServiceContext) -> None:
    """Withdrawal, refund and service name the document from now on."""
    number = str((ctx.values or {})["document_number"])
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if row.kind == REMEDY:
        remedies.own(ctx).outcome_document = number
    else:
        row.facts = {**row.facts, "correction": {**row.facts["correction"], "document_number": number}}
