"""Check and keep the head's decision that a handler stands back (PL43)."""

from __future__ import annotations

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import handlers
from engine.inspection.models import Recusal
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("check-handler-successor", title="登记回避决定")
def check_handler_successor(ctx: ServiceContext) -> None:
    """Who takes the place can act in this case; the recusal holds for later draws and cases against the party too."""
    values, today = ctx.values or {}, ctx.calendar.local_date(ctx.now)
    if values["decision"] != "决定回避":
        return
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    case = follow_up(ctx.session, ctx.district_id, row.origin)
    successor = str(values["successor"])
    if successor in handlers.of_case(case):
        raise InvalidInput("接替人员有误。", fields={"successor": ["该人员已经是本案的办案人员，请选择其他人员。"]})
    handlers.check_one(ctx.session, ctx.district_id, successor, case.uscc, today, field="successor")
    _declare(ctx, str((ctx.data.get("apply") or {})["handler"]), case.uscc, str(values["reason"]))


def _declare(ctx: ServiceContext, leaving: str, uscc: str, reason: str) -> None:
    person = handlers.person_of(ctx.session, ctx.district_id, leaving)
    if person is None or not uscc or handlers.declared(ctx.session, ctx.district_id, person.code, uscc) is not None:
        return
    ctx.session.add(
        Recusal(
            id=new_id(), district_id=ctx.district_id, inspector_code=person.code, uscc=uscc, reason=reason[:300],
            decided_by=ctx.actor.user_id, at=ctx.now,
        )
    )  # fmt: skip
