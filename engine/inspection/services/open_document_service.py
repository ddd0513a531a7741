"""Begin serving a document (送达, PL61)."""

from __future__ import annotations

from typing import Any

from engine.bpmn.timers import parse_instant
from engine.errors import ServiceTaskFailed
from engine.inspection import tables
from engine.inspection.records import follow_up
from engine.inspection.service_records import SERVICE
from engine.service_tasks import ServiceContext, service_task


@service_task("open-document-service", title="开始送达")
def open_document_service(ctx: ServiceContext) -> dict[str, Any]:
    """``document`` names what is served; its days count from ``due_from`` (the day of a decision), else from today.

    A document without a day of its own has the days of the row ``service-other``.
    """
    document = str(ctx.data.get("document") or "").strip()
    if not document:
        raise ServiceTaskFailed("启动送达时没有写明文书名称（变量 document），请检查启动送达的流程图。")
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.state = "待送达"
    label = f"{document}送达"[:100]
    if due_from := ctx.data.get("due_from"):
        began = parse_instant(due_from, ctx.settings.timezone)
        ctx.set_deadline(ctx.business_key, SERVICE, started_at=began, label=label)
    else:
        other = tables.limit(ctx.settings, "service-other", ctx.calendar.local_date(ctx.now))
        ctx.set_deadline(ctx.business_key, SERVICE, rule=other.rule, legal_basis=other.legal_basis, label=label)
    return {"document": document}
