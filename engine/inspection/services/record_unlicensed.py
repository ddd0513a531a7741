"""Keep what an unlicensed business does, and what permit or licence it lacks (State Council order 684)."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.records import follow_up
from engine.service_tasks import ServiceContext, service_task

MISSING = "应当取得而未取得"


@service_task("record-unlicensed", title="登记无证无照认定")
def record_unlicensed(ctx: ServiceContext) -> dict[str, bool]:
    """Returns ``exempt``.  Raises :class:`InvalidInput` when a permit is missing and nobody says who gives it."""
    values = dict(ctx.values or {})
    if values["permit"] == MISSING and not (values.get("permit_department") or values.get("permit_organ")):
        said = "请选择许可部门；不在本系统的，在下一栏填写全称。"
        raise InvalidInput("没有填写许可部门。", fields={"permit_department": [said]})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    row.facts = {**row.facts, "identification": values}
    row.state = "认定中"
    return {"exempt": bool(values.get("exemption"))}
