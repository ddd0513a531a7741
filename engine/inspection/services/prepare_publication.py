"""Prepare a result or a penalty for publication, or propose that it is not to be published (不予公开)."""

from __future__ import annotations

from datetime import datetime

from engine.inspection import publication, publication_release, publication_sources, records
from engine.inspection.publication import Choices
from engine.service_tasks import ServiceContext, service_task

PENALTY_PROCESS = "administrative-penalty"


@service_task("prepare-publication", title="登记公示预览")
def prepare_publication(ctx: ServiceContext) -> None:
    """Fix exactly what the second person will sign off; refused while a find is undecided or a ground is missing."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now)
    kind, source, department, due_at = _subject(ctx)
    preview = publication.prepare(ctx.settings, source, Choices.of(values), today)
    withheld = values["decision"] == publication_release.WITHHELD
    if withheld:
        ground, _ = publication_release.check_ground(ctx.settings, values, today)
    else:
        publication.refuse_undecided(preview, values)
    row = publication.keep(
        ctx.session,
        district_id=ctx.district_id,
        kind=kind,
        subject=ctx.business_key,
        department=department,
        preview=preview,
        state="withholding" if withheld else "prepared",
        legal_ground=publication_release.ground_words(ground, values["ground_note"]) if withheld else "",
        prepared_by=ctx.actor.user_id,
        due_at=due_at,
        subject_kind=source.subject_kind,
    )
    publication_release.record_stage(
        ctx, row, "preview", note=row.legal_ground,
        detail={"lines": preview.lines, "hits": values.get("hits") or [], "masks": values.get("masks") or []},
    )  # fmt: skip


def _subject(ctx: ServiceContext) -> tuple[str, publication.Source, str, datetime | None]:
    """Kind, source, department and the day by which it must be public."""
    if ctx.process_key == PENALTY_PROCESS:
        case = records.follow_up(ctx.session, ctx.district_id, ctx.business_key)
        return "penalty", publication_sources.of_penalty(ctx.session, ctx.settings, case), case.department, None
    part = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    source = publication_sources.of_result(ctx.session, ctx.settings, part, ctx.calendar.local_date(ctx.now))
    due_at = records.inspection(ctx.session, ctx.district_id, part.inspection).publication_due_at
    return "result", source, part.department, due_at
