"""Keep the drafted annual plan."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import plan
from engine.service_tasks import ServiceContext, service_task


@service_task("save-plan", title="登记年度抽查计划")
def save_plan(ctx: ServiceContext) -> None:
    """Every task of the plan lies in the plan's year (R24, R25)."""
    values = dict(ctx.values or {})
    row = plan(ctx.session, ctx.district_id, ctx.business_key)
    faults: dict[str, list[str]] = {}
    for n, task in enumerate(values["tasks"]):
        if str(task["end_date"]) < str(task["start_date"]):
            faults[f"tasks[{n}].end_date"] = ["截止日期早于开始日期，请修改。"]
        elif str(task["start_date"])[:4] != str(row.year):
            faults[f"tasks[{n}].start_date"] = [f"任务应当在 {row.year} 年内开始，请修改。"]
    if faults:
        raise InvalidInput("计划中有任务的日期需要修改。", fields=faults)
    row.name, row.content, row.state = values["name"], values, "审批中"
    row.document_number = values.get("document_number") or ""
