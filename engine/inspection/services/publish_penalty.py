"""Release a penalty decision (PL48), after preview and second sign-off."""

from __future__ import annotations

from typing import Any

from engine.inspection import publication
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("publish-penalty", title="公示处罚信息")
def publish_penalty(ctx: ServiceContext) -> dict[str, Any]:
    """Publish, or record the decision not to publish with its legal ground."""
    values = ctx.data["publication_preview"]
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    withheld = values["decision"] == "不予公开"
    hide_name = values.get("redact_name") == publication.HIDE_NAME
    kept = publication.keep(
        ctx.session,
        district_id=ctx.district_id,
        kind="penalty",
        subject=row.number,
        department=row.department,
        preview=publication.penalty_preview(ctx.session, row, hide_name=hide_name),
        state="withheld" if withheld else "published",
        legal_ground=f"{values['legal_ground']}（{values['ground_note']}）" if withheld else "",
    )
    kept.released_by, kept.published_at = ctx.actor.user_id, ctx.now
    if not withheld:
        ctx.enqueue("push-publication", kept.id, {"publication_id": kept.id})
    return {"publication": kept.id, "state": kept.state}
