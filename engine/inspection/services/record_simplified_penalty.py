"""Keep a penalty decided on the spot (当场处罚, PL51–PL53)."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import handlers, penalties
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up
from engine.inspection.tables import rows
from engine.service_tasks import ServiceContext, service_task


@service_task("record-simplified-penalty", title="登记当场处罚")
def record_simplified_penalty(ctx: ServiceContext) -> dict[str, Any]:
    """Within the table's limit for that party, by two officers, collected on the spot only where the law allows it.

    Above the limit it is refused with the way to the ordinary procedure.  Starts the clocks of the filing with the
    organ, of publication and, for a fine collected, of its hand-over.
    """
    values, now = dict(ctx.values or {}), ctx.now
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    today = ctx.calendar.local_date(now)
    handlers.check(ctx.session, ctx.district_id, values.get("handlers"), row.uscc, today)
    if values["way"] != "当场处罚":
        row.state, row.facts = "转普通程序", {**row.facts, "simplified": values}
        return {"payable": False}
    decided_at = parse_instant(values["decided_at"], ctx.settings.timezone)
    if decided_at > now:
        raise InvalidInput("决定时间有误。", fields={"decided_at": ["决定时间不能晚于现在。"]})
    decided_on = ctx.calendar.local_date(decided_at)
    measure = penalties.check_measure(ctx.settings, today, values)
    _check_limit(ctx, values, measure, decided_on)
    _check_collection(ctx, values, measure, decided_on)
    number = values.get("document_number") or penalties.issued_number(
        ctx.session, ctx.instance_id, "on-the-spot-decision"
    )
    if not number:
        raise InvalidInput(
            "决定书没有文号。",
            fields={"document_number": ["请在“公文”栏出具当场处罚决定书（自动编号），或者填写预定格式决定书的编号。"]},
        )  # fmt: skip
    _keep(ctx, row, {**values, **measure.fields(), "document_number": number, "decided_on": decided_on.isoformat()})
    payable = "罚款" in measure.kinds and values.get("payment") != "当场收缴"
    return {"payable": payable, "document_number": number, "decided_on": decided_on.isoformat(), **measure.fields()}


def _keep(ctx: ServiceContext, row: FollowUp, values: dict[str, Any]) -> None:
    day = parse_instant(values["decided_on"], ctx.settings.timezone)
    decision = {**values, "decision": penalties.IMPOSED, "on_the_spot": True, "duties": []}
    service = {"served_on": values["decided_on"], "method": "当场交付", "number": None}
    row.state, row.facts = "已当场处罚", {**row.facts, "decision": decision, "service": service}
    ctx.set_deadline(ctx.business_key, "simplified-filing", started_at=day)
    ctx.set_deadline(ctx.business_key, "penalty-publication", started_at=day)
    if values.get("payment") == "当场收缴":
        ctx.set_deadline(ctx.business_key, "collected-fine", started_at=day)


def _check_limit(ctx: ServiceContext, values: dict[str, Any], measure: penalties.Measure, on: date) -> None:
    party = values["subject_kind"]
    limit = next((row for row in rows(ctx.settings, "simplified-limit", on) if party in row["subject_kinds"]), None)
    if limit is None:
        raise InvalidInput(
            "没有限额。", fields={"subject_kind": [f"当场处罚限额表没有“{party}”的限额，请转普通程序。"]}
        )
    if other := [kind for kind in measure.kinds if kind not in limit["kinds"]]:
        raise InvalidInput("不能当场处罚。", fields={"kinds": [f"{'、'.join(other)}不适用简易程序，请转普通程序。"]})
    if measure.amount > Decimal(limit["limit"]):
        raise InvalidInput(
            "超过当场处罚的限额。",
            fields={"amount": [
                f"对{party}当场处以罚款不得超过 {limit['limit']} 元（行政处罚法第五十一条）。"
                "请把“办理”改为“转普通程序”后提交，已填的案由、事实、依据和人员会带过去。"
            ]},
        )  # fmt: skip


def _check_collection(ctx: ServiceContext, values: dict[str, Any], measure: penalties.Measure, on: date) -> None:
    if values.get("payment") != "当场收缴":
        return
    grounds = {row["code"]: row for row in rows(ctx.settings, "collection-ground", on)}
    ground = grounds[values["payment_ground"]]
    if ground["limit"] is not None and measure.amount > Decimal(ground["limit"]):
        raise InvalidInput(
            "不能当场收缴。",
            fields={"payment_ground": [f"“{ground['name']}”只适用于 {ground['limit']} 元以下的罚款，请改正。"]},
        )  # fmt: skip
