"""Look again at something withheld: keep it closed on a ground, or prepare it to be made public."""

from __future__ import annotations

from engine.errors import ServiceTaskFailed
from engine.inspection import publication, publication_release, publication_sources
from engine.inspection.publication import Choices
from engine.service_tasks import ServiceContext, service_task


@service_task("prepare-disclosure", title="登记不予公开的复查")
def prepare_disclosure(ctx: ServiceContext) -> None:
    """Fix what the second person will sign off; refused while a find is undecided or a ground is missing."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now)
    row = publication_release.by_id(ctx, str(ctx.data["publication"]))
    if row.state != "withheld":
        raise ServiceTaskFailed("该信息不在“不予公开”状态，不能复查。")
    row.prepared_by = ctx.actor.user_id
    if values["decision"] == publication_release.WITHHELD:
        ground, _ = publication_release.check_ground(ctx.settings, values, today)
        note = publication_release.ground_words(ground, values["ground_note"])
        publication_release.record_stage(ctx, row, "preview", note=note)
        return
    source = publication_sources.of_publication(ctx.session, ctx.settings, row, today)
    preview = publication.prepare(ctx.settings, source, Choices.of(values), today)
    publication.refuse_undecided(preview, values)
    row.content, row.redacted, row.subject_kind = preview.content, preview.redacted, source.subject_kind
    publication_release.record_stage(
        ctx, row, "preview",
        detail={"lines": preview.lines, "hits": values.get("hits") or [], "masks": values.get("masks") or []},
    )  # fmt: skip
