"""Keep the drafted adjustment of a plan."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import records
from engine.inspection.plan_versions import differences
from engine.inspection.plans import checked_rows, withheld
from engine.service_tasks import ServiceContext, service_task


@service_task("save-plan-adjustment", title="登记计划调整")
def save_plan_adjustment(ctx: ServiceContext) -> dict[str, Any]:
    """The adjustment must change something (R28); one given up ends without effect.

    Returns ``changes`` (how many rows differ) and ``withheld`` (rows not to be made public).
    """
    values = dict(ctx.values or {})
    version = records.plan_version(ctx.session, ctx.district_id, ctx.business_key)
    plan = records.plan(ctx.session, ctx.district_id, version.plan)
    version.reason, version.prepared_by = values["reason"], ctx.actor.user_id
    if values["action"] == "终止调整":
        version.state = "已终止"
        return {"changes": 0, "withheld": 0}
    rows = checked_rows(ctx.session, plan, values["tasks"])
    requirements = values.get("requirements") or ""
    changed = differences(plan.content.get("tasks", []), rows)
    if not changed and requirements == (plan.content.get("requirements") or ""):
        raise InvalidInput(
            "与现行计划没有差别。", fields={"tasks": ["内容与现行计划相同，请修改后提交，或者选“终止调整”。"]}
        )
    version.content = {"tasks": rows, "requirements": requirements}
    version.document_number = values.get("document_number") or ""
    version.state = "审批中"
    return {"tasks": rows, "changes": len(changed), "withheld": len(withheld(rows))}
