"""Accept the review of an official's duties and form the group."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection import duty_record, duty_reviews
from engine.models import User
from engine.service_tasks import ServiceContext, service_task


@service_task("accept-duty-review", title="受理尽职免责认定")
def accept_duty_review(ctx: ServiceContext) -> dict[str, Any]:
    """At least three members, none of whom acted in the case; the record is generated anew from the history.

    Returns ``members`` and ``leader``.  Raises :class:`InvalidInput` for a member who may not take part.
    """
    values = ctx.values or {}
    row = duty_reviews.duty_review(ctx.session, ctx.district_id, ctx.business_key)
    if values["decision"] == "不予受理":
        row.state = duty_reviews.DECLINED
        return {"members": [], "leader": ""}
    members = list(dict.fromkeys(values["members"]))
    instances = duty_record.case_instances(ctx.session, ctx.district_id, row.case)
    partial = {row.person, *duty_record.people_of(ctx.session, instances)}
    faults: dict[str, list[str]] = {}
    if biased := [member for member in members if member in partial]:
        names = ctx.session.scalars(sa.select(User.name).where(User.id.in_(biased)).order_by(User.name))
        faults["members"] = [f"{'、'.join(names)}办理过这项工作或者是被认定人员，应当回避，请更换。"]
    elif len(members) < duty_reviews.GROUP:
        faults["members"] = [f"认定小组至少 {duty_reviews.GROUP} 人，请补选。"]
    if values["leader"] not in members:
        faults["leader"] = ["组长应当是认定小组成员，请重新选择。"]
    if faults:
        raise InvalidInput("认定小组需要调整。", fields=faults)
    row.members, row.leader, row.state = members, values["leader"], duty_reviews.REVIEWED
    row.record = duty_record.generate(ctx.session, ctx.settings, ctx.district_id, row.case, row.person, ctx.now)
    ctx.set_deadline(ctx.business_key, "duty-statement")
    return {"members": members, "leader": values["leader"]}
