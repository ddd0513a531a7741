"""Let an approved correction or withdrawal take effect: the public page, its trail and the 省工作平台."""

from __future__ import annotations

from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import corrections, publication, publication_release
from engine.service_tasks import ServiceContext, service_task


@service_task("apply-publication-correction", title="更正、撤回生效")
def apply_publication_correction(ctx: ServiceContext) -> dict[str, Any]:
    """Old and new words stay to be read, unless the old ones should never have been public."""
    row, published = publication_release.correction(ctx)
    if published.state != "published":
        raise ServiceTaskFailed("该信息已经不在公示，更正不能生效；请核对是否已经撤回。")
    today = ctx.calendar.local_date(ctx.now)
    cause = corrections.cause_of(ctx.settings, row.cause, row.kind, today)
    if not publication.versions(ctx.session, published.id):
        publication_release.record_stage(ctx, published, "published", note="更正之前的内容")
    note = f"{cause['name']}：{row.reason}"
    if row.kind == corrections.CORRECT:
        published.content = corrections.corrected(published.content, row.changes)
        hidden = bool(cause.get("hide_old"))
        changes = [
            {"label": c["label"], "old": None if hidden else c["old"], "new": c["new"]} for c in row.changes
        ]  # fmt: skip
        publication_release.release(ctx, published, "corrected", changes=changes, note=note)
    else:
        since = ctx.calendar.local_date(published.published_at or ctx.now).isoformat()
        published.content = corrections.withdrawn_entry(ctx.session, published, cause["name"], row.reason, today, since)
        published.legal_ground = note[:300]
        publication_release.release(ctx, published, "withdrawn", note=note, state="withdrawn")
    row.state, row.applied_at = "已生效", ctx.now
    ctx.meet_deadline("publication-correction")
    if row.origin:
        ctx.send_message(corrections.CLOSED, row.origin, {"correction": row.number, "outcome": row.state})
    return {"release": published.release}
