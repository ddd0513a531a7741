"""Keep that the inspected party was told the result (检查结果告知)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import department_inspection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-result-notice", title="登记检查结果告知")
def record_result_notice(ctx: ServiceContext) -> None:
    """The party is told before the public is; what was refused or left behind needs a witness or a recording."""
    values = ctx.values or {}
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    faults: dict[str, list[str]] = {}
    told = str(values["told_on"])[:10]
    if told > ctx.calendar.local_date(ctx.now).isoformat():
        faults["told_on"] = ["告知日期晚于今天，请核对。"]
    elif row.visit_ended_at and told < ctx.calendar.local_date(row.visit_ended_at).isoformat():
        faults["told_on"] = ["告知日期早于检查结束的日期，请核对。"]
    left_behind = values.get("received") == "拒收" or values.get("method") == "留置送达"
    if left_behind and not (values.get("refusal_witness") or values.get("refusal_recording")):
        faults["refusal_witness"] = ["拒收、留置的，请写明见证人，或者填写音像记录。"]
    if faults:
        raise InvalidInput("检查结果告知有内容需要修改。", fields=faults)
    row.told_at = ctx.now
    row.record = {**row.record, "result_notice": dict(values)}
