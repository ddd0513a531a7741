"""Prepare a department's result for publication, or decide that it is not to be published (不予公开)."""

from __future__ import annotations

from engine.inspection import publication
from engine.inspection.records import department_inspection, inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("prepare-publication", title="登记公示预览")
def prepare_publication(ctx: ServiceContext) -> None:
    """Fix exactly what the second person will sign off."""
    values = ctx.values or {}
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    withheld = values["decision"] == "不予公开"
    publication.keep(
        ctx.session,
        district_id=ctx.district_id,
        kind="result",
        subject=row.number,
        department=row.department,
        preview=publication.result_preview(
            ctx.session, ctx.settings, row, hide_name=values.get("redact_name") == publication.HIDE_NAME,
            today=ctx.calendar.local_date(ctx.now),
        ),
        state="withholding" if withheld else "prepared",
        legal_ground=f"{values['legal_ground']}（{values['ground_note']}）" if withheld else "",
        prepared_by=ctx.actor.user_id,
        due_at=inspection(ctx.session, ctx.district_id, row.inspection).publication_due_at,
    )  # fmt: skip
