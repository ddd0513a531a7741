"""Make an approved plan public."""

from __future__ import annotations

from typing import Any

from engine.inspection import publication, records
from engine.service_tasks import ServiceContext


def publish_plan(ctx: ServiceContext, state: str) -> dict[str, Any]:
    """Set the plan's dates and its publication row; returns whether the end of January was kept (R26)."""
    row = records.plan(ctx.session, ctx.district_id, ctx.business_key)
    names = records.department_names(ctx.session, ctx.district_id)
    row.state, row.published_at = state, ctx.now
    if row.kind == "部门":
        row.filed_at = ctx.now
    else:
        row.issued_at = ctx.now
    content = {
        "计划名称": row.name,
        "年度": row.year,
        "文号": row.document_number,
        "制定机关": names.get(row.department, row.department),
        "抽查任务": [
            {
                "任务名称": task["name"], "抽查事项": task["items"], "检查对象范围": task["objects"],
                "抽查比例（%）": task["ratio"], "发起部门": names.get(task["initiator"], task["initiator"]),
                "参与部门": [names.get(p, p) for p in task.get("participants") or []],
                "抽查时限": f"{task['start_date']} 至 {task['end_date']}",
            }
            for task in row.content.get("tasks", [])
        ],
    }  # fmt: skip
    kept = publication.keep(
        ctx.session, district_id=ctx.district_id, kind="plan", subject=row.business_key, department=row.department,
        preview=publication.Preview(content, []), state="published",
    )  # fmt: skip
    kept.released_by, kept.published_at = ctx.actor.user_id, ctx.now
    ctx.enqueue("push-publication", kept.id, {"publication_id": kept.id})
    in_time = ctx.calendar.local_date(ctx.now).isoformat() <= f"{row.year}-01-31"
    return {"published_at": ctx.now.isoformat(), "in_time": in_time}
