"""Keep the office's preparation of a matter and ask the units."""

from __future__ import annotations

from typing import Any

from engine.inspection import conference
from engine.models import ProcessInstance
from engine.service_tasks import ServiceContext, service_task


@service_task("prepare-conference-matter", title="登记会前准备")
def prepare_conference_matter(ctx: ServiceContext) -> dict[str, Any]:
    """Listed, declined with a reason, or sent back; the units' time begins when it is listed.

    Opinions of an earlier round stay in the record of the process.  Returns ``asked``: the units.
    """
    values = dict(ctx.values or {})
    row = conference.matter(ctx.session, ctx.district_id, ctx.business_key)
    match values["decision"]:
        case "退回补充":
            row.state = conference.DRAFT
            return {"asked": []}
        case "不予列入":
            row.state, row.closed_at, row.advice = conference.DECLINED, ctx.now, values["return_reason"]
            return {"asked": []}
    asked = list(dict.fromkeys(values.get("units") or []))
    row.units, row.opinions = asked, []
    row.state = conference.CIRCULATED if asked else conference.TO_MEET
    row.content = {**row.content, "preparation": {k: values.get(k) for k in ("summary", "focus", "materials")}}
    conference.show_to(ctx.session, ctx.district_id, ctx.instance_id, asked)
    ctx.session.get_one(ProcessInstance, ctx.instance_id).title = f"{row.kind}：{row.title}"[:300]
    if asked:
        ctx.set_deadline(ctx.business_key, "conference-opinion")
    return {"asked": asked}
