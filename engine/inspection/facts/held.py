"""What stands beside the forms of measures: what is held, what may become of it, and what was put on record."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from engine.inspection import held_items, missed_limits
from engine.inspection.facts.desk import Desk, Provider, local, rows, table
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.facts.options import inspectors
from engine.inspection.held_models import HeldItem

_FIELDS = ("name", "mark", "quantity", "unit", "condition", "place", "keeper")


def measure_facts(desk: Desk) -> dict[str, Any]:
    """The party and the case, the measure as applied for, the things under it and the limits that passed."""
    found = follow_up_facts(desk)
    row = desk.follow_up
    items = held_items.of_measure(desk.session, desk.district_id, row.number)
    asked = row.facts.get("application") or {}
    found["facts"] += [
        rows(
            "措施", ("种类", asked.get("kind")), ("授权条款", asked.get("authority")), ("理由", asked.get("reason")),
            ("是否紧急", asked.get("urgent")), ("紧急的情况", asked.get("urgent_reason")), ("目前", row.state),
        )
    ]  # fmt: skip
    if items:
        found["facts"].append(_listed("在管物品", items))
    elif asked.get("things"):
        head = ["名称", "标记", "数量", "保存地点", "保管人"]
        body = [[t["name"], t["mark"], f"{t['quantity']}{t['unit']}", t["place"], t["keeper"]] for t in asked["things"]]
        found["facts"].append(table("申请的物品", head, body))
    found["facts"] += _proposed(desk, items) + missed(desk)
    return {**found, **_offered(desk, items), "inspectors": inspectors(desk, row.department)}


def _listed(title: str, items: list[HeldItem]) -> dict[str, Any]:
    body = [
        [i.number.rpartition("/")[2], i.name, i.mark, f"{i.quantity}{i.unit}", i.place, i.keeper, i.state]
        for i in items
    ]
    return table(title, ["编号", "名称", "标记", "数量", "保存地点", "保管人", "状态"], body)


def _proposed(desk: Desk, items: list[HeldItem]) -> list[dict[str, Any]]:
    """What the officers propose, for whoever approves it."""
    given = desk.data.get("propose") or {}
    steps = ("approve_disposal", "approve_extension", "approve_testing", "tell_testing")
    if desk.task.element_id not in steps or not given:
        return []
    names = {item.number: held_items.described(item) for item in items}
    ways = held_items.outcomes(desk.settings, desk.task.process_key, desk.today)
    body = [
        [names.get(line["item"], line["item"]), ways.get(line["outcome"], {}).get("name", ""), line.get("note") or ""]
        for line in given.get("things") or []
    ]
    found = [
        rows(
            "处理意见", ("办什么", given.get("action")), ("理由", given.get("reason")),
            ("检测机构", given.get("institute")), ("预计完成", given.get("expected_on")),
        )
    ]  # fmt: skip
    return found + ([table("逐件意见", ["物品", "处理", "说明"], body)] if body else [])


def _offered(desk: Desk, items: list[HeldItem]) -> dict[str, Any]:
    """What the forms take over: lists of things, and the choices the tables allow."""
    under = [item for item in items if item.state in held_items.UNDER_MEASURE]
    waiting = [item for item in items if item.state not in held_items.ENDED]
    ways = held_items.outcomes(desk.settings, desk.task.process_key, desk.today)
    states = {item.state for item in waiting}
    endings = held_items.endings(desk.settings, desk.today).values()
    return {
        "things": _to_list(desk),
        "held_things": [{"item": item.number, "name": held_items.described(item)} for item in under],
        "held_outcomes": [{"value": code, "label": row["name"]} for code, row in ways.items()],
        "open_things": [
            {"item": item.number, "name": held_items.described(item), "state": item.state} for item in waiting
        ],
        "held_endings": [
            {"value": row["code"], "label": row["name"]} for row in endings if states & set(row["from"]) or not states
        ],
    }


def _to_list(desk: Desk) -> list[dict[str, str]]:
    """Things to begin the list with: as applied for, or taken over from a preservation."""
    if applied := (desk.data.get("apply") or {}).get("things"):
        return list(applied)
    wanted = set(desk.data.get("taken_over") or ())
    known = held_items.held_of_root(desk.session, desk.district_id, desk.follow_up.root) if wanted else []
    return [
        {"item": item.number, **{field: getattr(item, field) for field in _FIELDS}}
        for item in known
        if item.number in wanted
    ]


def missed(desk: Desk) -> list[dict[str, Any]]:
    """The limits of the case that passed: nobody who opens it can overlook them."""
    over = missed_limits.missed(desk.session, desk.follow_up, desk.now)
    if not over:
        return []
    body = [[entry["label"], moment_of(desk, entry["due_at"])] for entry in over]
    return [table("已超过的期限", ["期限", "届满"], body)]


def moment_of(desk: Desk, text: str | None) -> str:
    """A moment kept on record, in local time."""
    return local(desk, datetime.fromisoformat(text)) if text else ""


PROCESSES: dict[str, Provider] = {"evidence-preservation": measure_facts, "coercive-measure": measure_facts}
