"""Keep what an organ proposes to correct of its own findings."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import finding_corrections, records
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("save-finding-correction", title="登记结论更正申请")
def save_finding_correction(ctx: ServiceContext) -> None:
    """The proposal waits for review; nothing of the finding changes yet.

    Raises :class:`InvalidInput` before the result was reviewed, for items that are not those of the inspection,
    without any change, and where items and conclusion contradict each other.
    """
    values = dict(ctx.values or {})
    case = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    if values["action"] == "撤销申请":
        return
    part = records.department_inspection(ctx.session, ctx.district_id, case.root)
    faults: dict[str, list[str]] = {}
    if part.reviewed_at is None:
        faults["action"] = ["检查结果还没有审核，请由审核人退回修改，不需要办理更正。"]
    known = finding_corrections.findings(ctx.session, part)
    if sorted(f["item"] for f in values["findings"]) != sorted(known):
        faults["findings"] = ["事项与本次检查的事项不一致，请刷新页面后重新填写。"]
    elif not finding_corrections.differs(part, known, values):
        faults["findings"] = ["与现在的认定相同，没有需要更正的内容。"]
    if any(f["problem"] == "是" for f in values["findings"]) != (values["outcome"] == "发现问题"):
        faults["outcome"] = ["与各事项的认定不一致：有事项发现问题的选“发现问题”，都没有的选“未发现问题”。"]
    if faults:
        raise InvalidInput("更正的内容需要修改。", fields=faults)
    case.state, case.facts = "待审核", {**case.facts, "proposal": {**values, "by": ctx.actor.name}}
