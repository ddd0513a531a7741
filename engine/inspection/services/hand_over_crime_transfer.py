"""Hand the case over to public security, with everything the rules ask for."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import crime_transfers as crimes
from engine.inspection import held_items
from engine.inspection.records import follow_up
from engine.inspection.tables import rows
from engine.service_tasks import ServiceContext, service_task


@service_task("hand-over-crime-transfer", title="移送公安机关")
def hand_over_crime_transfer(ctx: ServiceContext) -> None:
    """What the table ``transfer-material`` asks for is enclosed, and the procuratorate has its copy (rules 6).

    Raises :class:`InvalidInput` naming every paper that is missing, or for a moment before the decision.
    """
    values = dict(ctx.values or {})
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    at = crimes.moment(ctx, "handed_over_at", after=crimes.noted(row, "approval"), what="批准移送")
    things = held_items.held_of_root(ctx.session, ctx.district_id, row.root)
    holding = held_items.left(things) > 0
    given: dict[str, tuple[int | None, dict[str, Any]]] = {
        line["code"]: (n, line) for n, line in enumerate(values["materials"])
    }
    faults: dict[str, list[str]] = {}
    missing = []
    for material in rows(ctx.settings, "transfer-material", ctx.calendar.local_date(ctx.now)):
        needed = material["required"] == "always" or (material["required"] == "held" and holding)
        n, line = given.get(material["code"], (None, {}))
        if needed and line.get("given") != "已附":
            missing.append(material["name"])
            faults[f"materials[{n}].given" if n is not None else "materials"] = [f"缺少{material['name']}，请补齐。"]
    if values["copied_on"] > ctx.calendar.local_date(ctx.now).isoformat():
        faults["copied_on"] = ["抄送日期不能晚于今天，请修改。"]
    if faults:
        words = f"移送材料不齐，缺少：{'、'.join(missing)}。" if missing else "移送内容需要修改。"
        raise InvalidInput(words, fields=faults)
    crimes.keep(ctx, "handover", "已移送，待回执", at)
    ctx.meet_deadline("crime-transfer")
