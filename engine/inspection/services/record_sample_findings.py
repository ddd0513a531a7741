"""Enter the result of the items that waited for a laboratory."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import records, samples, visits
from engine.inspection.models import Finding
from engine.service_tasks import ServiceContext, service_task


@service_task("record-sample-findings", title="登记检验后的认定")
def record_sample_findings(ctx: ServiceContext) -> dict[str, Any]:
    """The inspectors' own later entry for these items; the others stay as the record has them.

    Returns ``has_problem`` of the whole inspection.  Raises :class:`InvalidInput` when the items are not those that
    waited, and when nothing is found at an item although its sample failed and no reason is given.
    """
    values = dict(ctx.values or {})
    part = records.department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    tested = samples.of_part(ctx.session, part)
    failed = {row.item for row in tested if row.result == samples.FAILED}
    faults: dict[str, list[str]] = {}
    if sorted(f["item"] for f in values["findings"]) != sorted({row.item for row in tested}):
        faults["findings"] = ["事项与等待检验结果的事项不一致，请刷新页面后重新填写。"]
    for n, one in enumerate(values["findings"]):
        if one["problem"] != "是" and one["item"] in failed and not one.get("note"):
            faults[f"findings[{n}].note"] = ["这一事项的样品不合格，认定未发现问题的，请写明理由。"]
    if faults:
        raise InvalidInput("检验后的认定有内容需要修改。", fields=faults)
    known = {
        row.item: row
        for row in ctx.session.scalars(
            sa.select(Finding).where(
                Finding.district_id == ctx.district_id, Finding.department_inspection == part.number
            )
        )
    }
    for one in values["findings"]:
        row, problem = known[one["item"]], one["problem"] == "是"
        row.checked, row.problem, row.at = True, problem, ctx.now
        row.method = row.method or visits.ON_SITE
        row.category = str(one["category"]) if problem else visits.CLEAN
        row.clause, row.note = one.get("clause") or "", one.get("note") or ""
        row.handling = one.get("handling") or "无需处置"
    ctx.session.flush()
    part.record = {**part.record, "sample_findings": values}
    has_problem = any(row.problem for row in known.values())
    part.state = "待结论" if has_problem else "待审核"
    return {"has_problem": has_problem}
