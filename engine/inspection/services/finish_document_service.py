"""Tell the case a document belongs to that it was served, or that it was not."""

from __future__ import annotations

from typing import Any

from engine.inspection import service_records
from engine.inspection.records import follow_up
from engine.inspection.service_records import SERVED
from engine.service_tasks import ServiceContext, service_task


@service_task("finish-document-service", title="送达结果告知来源")
def finish_document_service(ctx: ServiceContext) -> dict[str, Any]:
    """Sends ``document-served`` when it was; returns ``outcome`` and ``payload`` for closing."""
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    known = service_records.attempts(ctx.session, ctx.district_id, ctx.business_key)
    last = known[-1] if known and known[-1].state == SERVED else None
    payload = {
        "document": str(ctx.data.get("document") or ""),
        "template": str(ctx.data.get("template") or ""),
        "document_number": last.document_number if last else str(ctx.data.get("document_number") or ""),
        "served_on": last.served_on.isoformat() if last and last.served_on else None,
        "mode": last.mode if last else "",
        "mode_name": last.mode_name if last else "",
        "receiver": last.receiver if last else "",
    }
    if last:
        ctx.send_message("document-served", row.origin, {"number": row.number, **payload})
    return {"outcome": SERVED if last else "未送达", "payload": payload}
