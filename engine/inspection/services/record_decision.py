"""Keep the decision of a penalty case (PL33, PL57)."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import education, handlers, penalties
from engine.inspection.crime_transfers import PENALTY_FIRST
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up
from engine.inspection.tables import rows
from engine.service_tasks import ServiceContext, service_task

_DOCUMENTS = {
    penalties.IMPOSED: ("行政处罚决定书", "penalty-decision"),
    penalties.SPARED: ("不予行政处罚决定书", "no-penalty-decision"),
}


@service_task("record-decision", title="登记处理决定")
def record_decision(ctx: ServiceContext) -> dict[str, Any]:
    """A penalty was proposed and told to the party (PL44), is whole, not heavier than told (PL45), and within the
    organ's discretion; not while public security has the case, and not by who investigated.

    A case sent back for further investigation is not decided and its clock runs on; one sent to the police or to
    another organ is not decided before it was received there.  Otherwise meets the deadlines ``decision`` and, where
    one was ordered, ``remake``, and starts that of publication.  Raises :class:`InvalidInput` naming every faulty
    field.
    """
    values: dict[str, Any] = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    handlers.refuse_handler(row, ctx.actor.user_id, "作出处理决定")
    if values["decision"] in (penalties.IMPOSED, penalties.CRIME):
        _check_transfer(ctx, row, values["decision"])
    if values["decision"] == penalties.CRIME:
        row.state, row.facts = "移送司法机关", {**row.facts, "transfer": values}
        return {}
    if values["decision"] == penalties.SENT_BACK:
        row.state, row.facts = "退回补充调查", {**row.facts, "decision_return": values}
        return {}
    today = ctx.calendar.local_date(ctx.now)
    if str(values["decided_on"])[:10] > today.isoformat():
        raise InvalidInput("决定日期有误。", fields={"decided_on": ["决定日期不能晚于今天。"]})
    _check_resolution(row, values)
    more = _decided(ctx, row, values, today)
    values |= more
    if values["decision"] == penalties.SPARED:
        education.keep(ctx, values)
    row.facts = {**row.facts, "decision": values}
    if values["decision"] == penalties.PASSED_ON:
        row.state = "待移送"
        return more
    row.state = "已决定"
    ctx.meet_deadline("decision")
    ctx.meet_deadline("remake", row.origin)  # where a review or a court ordered a new decision
    if values["decision"] == penalties.IMPOSED:
        decided_at = parse_instant(str(values["decided_on"])[:10], ctx.settings.timezone)
        ctx.set_deadline(ctx.business_key, "penalty-publication", started_at=decided_at)
    return more


def _decided(ctx: ServiceContext, row: FollowUp, values: dict[str, Any], today: date) -> dict[str, Any]:
    document, template = _DOCUMENTS.get(values["decision"], ("", ""))
    found = {"document": document, "template": template}
    if values["decision"] == penalties.SPARED:
        _check_ground(ctx, values, today)
    if values["decision"] != penalties.IMPOSED:
        return {**found, **penalties.Measure().fields(), "duties": []}
    _check_told(row)
    measure = penalties.check_measure(ctx.settings, today, values)
    told = penalties.told(row)
    heavier = penalties.heavier(ctx.settings, today, told, measure) if told else []
    if told and (heavier := [*heavier, *penalties.reworded(told, measure)]):
        rule = "没有告知的处罚不得决定，应当重新告知（行政处罚法第四十四条、第四十五条）"
        raise InvalidInput(
            "处罚与告知的内容不符。", fields={"kinds": [f"与告知书不符：{'；'.join(heavier)}。{rule}。"]}
        )
    penalties.check_discretion(ctx.settings, today, row.department, values, measure)
    known = penalties.kinds(ctx.settings, today)
    duties = [
        {"kind": kind, "content": measure.terms} for kind in measure.kinds if known[kind]["stated_in"] == "terms"
    ]  # fmt: skip
    return {**found, **measure.fields(), "duties": duties}


def _check_resolution(row: FollowUp, values: dict[str, Any]) -> None:
    """What the heads agreed to together is decided as they agreed (PL57)."""
    agreed = penalties.resolved(row)
    if agreed is None:
        return
    imposed = penalties.Measure.of(values)
    if values["decision"] != penalties.IMPOSED or set(imposed.kinds) != set(agreed.kinds) or (
        imposed.amount, imposed.confiscated, imposed.goods, imposed.terms
    ) != (agreed.amount, agreed.confiscated, agreed.goods, agreed.terms):  # fmt: skip
        rule = f"集体讨论决定{agreed.words}，应当按讨论的决定作出；需要改变的，请选“退回补充调查”，重新报告和讨论。"
        raise InvalidInput("与集体讨论的决定不一致。", fields={"decision": [rule]})


def _check_transfer(ctx: ServiceContext, row: FollowUp, decision: str) -> None:
    """What was handed to public security is not punished meanwhile, unless the law wants the penalty first."""
    transfer = penalties.open_transfer(ctx.session, row)
    if transfer is None:
        return
    if decision == penalties.CRIME:
        fault = f"移送（{transfer.number}）正在办理，不用再次移送，请等待移送的结果。"
    elif (transfer.facts.get("materials") or {}).get("handling") == PENALTY_FIRST:
        return
    else:
        fault = (
            f"移送（{transfer.number}）没有办结，不得作出处罚决定，请等待公安机关的决定；依法应当先行处罚的，"
            "先在移送案件中登记（行政执法机关移送涉嫌犯罪案件的规定第十一条）。"
        )
    raise InvalidInput("案件正在移送。", fields={"decision": [fault]})


def _check_told(row: FollowUp) -> None:
    """Nobody is punished without having been told (PL44, PL62), nor against what was proposed and reviewed (PL58)."""
    notice = row.facts.get("notice") or {}
    fault = ""
    if not notice.get("served_on"):
        fault = "处罚没有告知当事人，或者告知书没有送达"
    elif "report" in row.facts and not penalties.current(row)[0]:
        fault = "现在的处理建议不是给予处罚，没有按给予处罚审核"
    if fault:
        way = "请选“退回补充调查”，由办案人员重新提出处理建议，审核并告知之后再决定（行政处罚法第四十四条）。"
        raise InvalidInput("不能作出处罚决定。", fields={"decision": [f"{fault}。{way}"]})


def _check_ground(ctx: ServiceContext, values: dict[str, Any], today: date) -> None:
    """Where the law wants education it must be recorded (PL33)."""
    grounds = {row["code"]: row for row in rows(ctx.settings, "no-penalty-ground", today)}
    ground = grounds.get(str(values.get("no_penalty_ground") or ""))
    if ground and ground["educate"] and not values.get("education_on"):
        raise InvalidInput(
            "没有教育记录。",
            fields={"education_on": ["依法不予处罚的，应当对当事人进行教育，请填写教育的日期、方式和内容。"]},
        )  # fmt: skip
