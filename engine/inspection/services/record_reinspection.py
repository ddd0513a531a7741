"""Keep a re-inspection (复查): two certified inspectors on the spot, or the papers looked at by two (R41)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa

from engine.bpmn.timers import parse_instant
from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import education, rectifications, visits
from engine.inspection.models import Inspector
from engine.inspection.records import follow_up
from engine.inspection.rectification_models import Reinspection
from engine.service_tasks import ServiceContext, service_task


@service_task("record-reinspection", title="登记复查")
def record_reinspection(ctx: ServiceContext) -> dict[str, Any]:
    """Certificates are checked against the registry on the day (PL42); the result must agree with its lines.

    Returns ``round`` and the ``certificates`` shown.
    """
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    began = parse_instant(values["inspected_at"], ctx.settings.timezone)
    ended = parse_instant(values["left_at"], ctx.settings.timezone)
    people = ctx.session.scalars(
        sa.select(Inspector)
        .where(Inspector.district_id == ctx.district_id, Inspector.code.in_(values["inspectors"]))
        .order_by(Inspector.code)
    ).all()  # fmt: skip
    day = ctx.calendar.local_date(began)
    faults: dict[str, list[str]] = _line_faults(values)
    if began > ctx.now + visits.CLOCK_SKEW:
        faults["inspected_at"] = ["到达（开始）时间晚于现在，请核对。"]
    if ended < began or ended > ctx.now + visits.CLOCK_SKEW:
        faults["left_at"] = ["结束时间应当不早于到达时间、不晚于现在，请核对。"]
    lapsed = [f"{one.name}：{why}" for one in people if (why := visits.why_not_certified(one, day))]
    if lapsed:
        faults["inspectors"] = [f"{'；'.join(lapsed)}。复查当日没有有效执法证件的不能复查，请改派他人。"]
    elif len(people) < 2:
        faults["inspectors"] = ["复查人员不得少于两名（行政处罚法第四十二条），请核对。"]
    if faults:
        raise InvalidInput("复查有内容需要修改。", fields=faults)
    education.keep(ctx, values)
    rounds = len(rectifications.reinspections(ctx.session, ctx.district_id, row.number)) + 1
    certificates = [visits.certificate(one) for one in people]
    ctx.session.add(
        Reinspection(
            id=new_id(), district_id=ctx.district_id, follow_up=row.number, round=rounds, way=values["way"],
            began_at=began, ended_at=ended, inspectors=[one.code for one in people], certificates=certificates,
            place=values.get("address") or "", met=values.get("present_person") or "", situation=values["facts"],
            result=values["result"], files=[*(values.get("photos") or []), *(values.get("files") or [])],
            recording=values.get("recording") or "", by_user=ctx.actor.user_id, at=ctx.now,
        )
    )  # fmt: skip
    kept = {key: value for key, value in values.items() if not key.endswith("signature")}
    row.state, row.facts = "待决定", {**row.facts, "reinspection": kept}
    ctx.meet_deadline("reinspection")
    return {"round": rounds, "certificates": certificates}


def _line_faults(values: Mapping[str, Any]) -> dict[str, list[str]]:
    """What the lines say must be what the result says."""
    corrected = {line["corrected"] for line in values.get("items") or []}
    wanted = {"已改正": {"已改正"}, "部分改正": {"已改正", "未改正"}, "未改正": {"未改正"}}.get(values["result"])
    if not corrected or wanted is None or corrected == wanted:
        return {}
    message = "与逐项的改正情况不一致：全部改正选“已改正”，有的改正选“部分改正”，都没有改正选“未改正”。"
    return {"result": [message]}
