"""Keep what a member unit brings before the conference."""

from __future__ import annotations

from engine.inspection import conference
from engine.models import ProcessInstance
from engine.service_tasks import ServiceContext, service_task


@service_task("save-conference-matter", title="登记联席会议事项")
def save_conference_matter(ctx: ServiceContext) -> None:
    """The proposal stands verbatim; the office then prepares it (R49)."""
    values = dict(ctx.values or {})
    row = conference.matter(ctx.session, ctx.district_id, ctx.business_key)
    if values["action"] == "撤回":
        row.state, row.closed_at = conference.WITHDRAWN, ctx.now
        return
    row.kind, row.title, row.content = values["kind"], values["title"], values
    row.units = list(dict.fromkeys(values.get("units") or []))
    row.state = conference.TO_PREPARE
    ctx.session.get_one(ProcessInstance, ctx.instance_id).title = f"{row.kind}：{row.title}"[:300]
