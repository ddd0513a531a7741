"""Prepare a result, a penalty or a listing for publication, or propose that it is not to be published (不予公开)."""

from __future__ import annotations

from engine.inspection import penalty_publicity, publication, publication_release, publication_sources
from engine.inspection.publication import Choices
from engine.service_tasks import ServiceContext, service_task


@service_task("prepare-publication", title="登记公示预览")
def prepare_publication(ctx: ServiceContext) -> None:
    """Fix exactly what the second person will sign off; refused while a find is undecided or a ground is missing."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now)
    about = publication_sources.of_case(ctx.session, ctx.settings, ctx.process_key, ctx.business_key, today)
    preview = publication.prepare(ctx.settings, about.source, Choices.of(values), today)
    withheld = values["decision"] == publication_release.WITHHELD
    if about.kind == "penalty" and not withheld:
        penalty_publicity.refuse_unpublished(ctx)
    if withheld:
        ground, _ = publication_release.check_ground(ctx.settings, values, today)
    else:
        publication.refuse_undecided(preview, values)
    row = publication.keep(
        ctx.session,
        district_id=ctx.district_id,
        kind=about.kind,
        subject=ctx.business_key,
        department=about.department,
        preview=preview,
        state="withholding" if withheld else "prepared",
        legal_ground=publication_release.ground_words(ground, values["ground_note"]) if withheld else "",
        prepared_by=ctx.actor.user_id,
        subject_kind=about.source.subject_kind,
    )
    publication_release.record_stage(
        ctx, row, "preview", note=row.legal_ground,
        detail={"lines": preview.lines, "hits": values.get("hits") or [], "masks": values.get("masks") or []},
    )  # fmt: skip
