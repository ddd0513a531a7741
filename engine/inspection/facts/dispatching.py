"""Facts of dispatching: a unit's list with its inspectors, what was returned, and requests to replace an inspector."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.bpmn.timers import parse_instant
from engine.inspection import checklists, dispatch_lists, preparation, records, substitutions, tables, units
from engine.inspection.drawn import assignments, drawn_objects
from engine.inspection.facts.desk import Desk, Provider, local, rows, table
from engine.inspection.facts.options import inspector_names
from engine.inspection.joint_models import DispatchList
from engine.inspection.models import Inspection


def _number(desk: Desk) -> str:
    return str((desk.task.context.get("item") or desk.data.get("dispatched") or {}).get("number"))


def unit_name(desk: Desk, row: DispatchList) -> str:
    """The unit's name, or the department's own office."""
    return row.unit_name or f"{desk.organ(row.department)}（本级）"


def _receipt(desk: Desk) -> dict[str, Any]:
    row = dispatch_lists.dispatch_list(desk.session, desk.district_id, _number(desk))
    draw = records.draw(desk.session, desk.district_id, str(desk.data["draw_id"]))
    teams, drawn = assignments(draw), {each.uscc: each for each in drawn_objects(draw)}
    inspections = _inspections(desk, row)
    people = inspector_names(desk, {c for i in inspections for c in teams.get((i.uscc, row.department), [])})
    body = []
    for n, inspection in enumerate(inspections, start=1):
        one = drawn.get(inspection.uscc)
        pair = teams.get((inspection.uscc, row.department), [])
        body.append(
            [n, inspection.object["name"], inspection.uscc, inspection.object.get("address") or "",
             "、".join(people.get(c, c) for c in pair), one.visit_on if one and one.visit_on else "待定"]
        )  # fmt: skip
    facts = [
        rows(
            "派发单", ("编号", row.number), ("检查机关", desk.organ(row.department)),
            ("承办单位", unit_name(desk, row)), ("检查对象", f"{len(inspections)} 户"),
            ("派发时间", local(desk, row.sent_at)), ("催签", f"{row.reminders} 次" if row.reminders else ""),
        ),
        *_returns(desk, row),
        *_supply(desk, row.department, "本部门装备"),
        table("检查名单", ["序号", "检查对象", "统一社会信用代码", "地址", "检查人员", "拟检查日期"], body),
    ]  # fmt: skip
    return {"facts": facts}


def _inspections(desk: Desk, row: DispatchList) -> list[Inspection]:
    found = desk.session.scalars(
        sa.select(Inspection)
        .where(Inspection.district_id == desk.district_id, Inspection.number.in_(row.inspections))
        .order_by(Inspection.number)
    )
    return [each for each in found if row.department in each.departments]


def _returns(desk: Desk, row: DispatchList) -> list[dict[str, Any]]:
    return [
        rows(
            "退回和改派", ("退回单位", entry["unit_name"] or f"{desk.organ(row.department)}（本级）"),
            ("退回理由", entry["reason"]), ("退回人", entry["by"]),
            ("退回时间", local(desk, parse_instant(entry["at"], desk.settings.timezone))),
            ("改派说明", entry.get("instruction")),
        )
        for entry in row.returns
    ]  # fmt: skip


def _supply(desk: Desk, department: str, title: str) -> list[dict[str, Any]]:
    for row in preparation.supplies(desk.session, desk.campaign):
        if row.department == department and (row.equipment or row.vehicles):
            equipment = "、".join(preparation.equipment_words(row))
            return [rows(title, ("装备", equipment), ("车辆", row.vehicles or ""))]
    return []


def _redirect(desk: Desk) -> dict[str, Any]:
    found = _receipt(desk)
    row = dispatch_lists.dispatch_list(desk.session, desk.district_id, _number(desk))
    known = units.units_of(desk.session, desk.district_id, row.department)
    return {
        **found,
        "units": [
            {"value": dispatch_lists.OFFICE, "label": f"{desk.organ(row.department)}（本级）"},
            *({"value": unit.code, "label": f"{unit.name}（{unit.kind}）"} for unit in known),
        ],
        "suggested_unit": row.unit or dispatch_lists.OFFICE,
    }


def countersign_facts(desk: Desk) -> dict[str, Any]:
    """The department's own lines of the merged checklists, and what the lead brings."""
    department = str(desk.task.context.get("item") or desk.task.department)
    facts = []
    for each in checklists.of_campaign(desk.session, desk.campaign):
        body = [
            [line.number, line.content, need.legal_basis, need.method,
             "、".join(desk.organ(code) for code in line.departments if code != department) or "—"]
            for line in each.lines for need in line.needs if need.department == department
        ]  # fmt: skip
        facts.append(table(f"本部门检查要点（{each.title}）", ["序号", "检查要点", "依据", "方式", "共用部门"], body))
    return {"facts": [*facts, *_supply(desk, desk.campaign.lead, "牵头部门装备")]}


def substitution_facts(desk: Desk) -> dict[str, Any]:
    """Who is to be replaced, why, and how many visits it means."""
    row = substitutions.substitution(desk.session, desk.district_id, desk.task.business_key)
    inspection = records.inspection(desk.session, desk.district_id, desk.part.inspection)
    pair = [substitutions.person(desk.session, desk.district_id, code) for code in desk.part.inspectors]
    scope = "本任务中该人员尚未结束的全部检查" if row.whole_campaign else "只更换这一户（同组的一并更换）"
    return {
        "facts": [
            rows(
                "更换检查人员", ("检查对象", inspection.object["name"]), ("部门检查", row.department_inspection),
                ("检查机关", desk.organ(row.department)), ("现有检查人员", "、".join(pair)),
                ("申请更换", substitutions.person(desk.session, desk.district_id, row.inspector)),
                ("原因", tables.label(desk.settings, "substitution-cause", row.cause, desk.today)),
                ("情况和依据", row.reason), ("范围", scope), ("提出人", row.requested_by_name),
                ("提出时间", local(desk, row.at)),
            )
        ]
    }  # fmt: skip


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "dispatch-receipt": _receipt,
    "dispatch-redirect": _redirect,
    "countersign": countersign_facts,
}
