"""Release a penalty decision (PL48), after preview and second sign-off."""

from __future__ import annotations

from typing import Any

from engine.inspection import penalty_publicity, publication, publication_release, publication_sources, records
from engine.inspection.models import FollowUp, Publication
from engine.inspection.publication import Choices
from engine.service_tasks import ServiceContext, service_task

DEADLINE = "penalty-publication"


@service_task("publish-penalty", title="公示处罚信息")
def publish_penalty(ctx: ServiceContext) -> dict[str, Any]:
    """Publish what was signed off with its period, or record the decision not to publish; an annulled one never."""
    case = records.follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row = records.publication(ctx.session, ctx.district_id, "penalty", ctx.business_key)
    ctx.meet_deadline(DEADLINE)
    if penalty_publicity.ANNULLED in case.facts:
        return {"publication": row.id if row else None, "state": penalty_publicity.ANNULLED}
    if row is None:
        row = _before_previews_were_kept(ctx, case)
    if row.state == "withholding":
        publication_release.withhold(ctx, row, ctx.data["publication_preview"])
    else:
        publication_release.release(ctx, row)
        penalty_publicity.fix(ctx.settings, case, row, ctx.calendar.local_date(ctx.now))
    return {"publication": row.id, "state": row.state}


def _before_previews_were_kept(ctx: ServiceContext, case: FollowUp) -> Publication:
    """The row of a case previewed by an older version of the process, every doubtful find masked."""
    values = ctx.data["publication_preview"]
    source = publication_sources.of_penalty(ctx.session, ctx.settings, case)
    preview = publication.prepare(ctx.settings, source, Choices.of(values), ctx.calendar.local_date(ctx.now))
    withheld = values["decision"] == publication_release.WITHHELD
    return publication.keep(
        ctx.session, district_id=ctx.district_id, kind="penalty", subject=case.number, department=case.department,
        preview=preview, state="withholding" if withheld else "prepared", subject_kind=source.subject_kind,
    )  # fmt: skip
