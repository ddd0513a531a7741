"""What the forms of an order to correct offer and begin with."""

from __future__ import annotations

from typing import Any

from engine.inspection import rectifications, tables
from engine.inspection.facts.desk import Desk, Provider, local, rows, table
from engine.inspection.facts.exemptions import exemption_facts
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.facts.options import inspectors
from engine.inspection.follow_ups import find_follow_up, root_of


def rectification_facts(desk: Desk) -> dict[str, Any]:
    """The finding, every earlier round of the order, and the moment: whatever the case began with."""
    row = desk.follow_up
    found = follow_up_facts(desk)
    found["facts"] += [
        rows(
            "送达和改正期限", ("送达日期", term.get("served_on")), ("改正期限", term.get("due_on")),
            ("提醒", (row.facts.get("reminder") or {}).get("content")),
            ("整改报告", (row.facts.get("report") or {}).get("content")),
            ("收到报告", (row.facts.get("report") or {}).get("reported_on")),
        )
        for term in [row.facts.get("term") or {}] if term
    ]  # fmt: skip
    seen = rectifications.reinspections(desk.session, desk.district_id, row.number)
    if seen:
        lines = [[n.round, local(desk, n.began_at), n.way, n.result, n.situation] for n in seen]
        found["facts"].append(table("历次复查", ["次", "时间", "方式", "结果", "情况"], lines))
    now = desk.now.astimezone(desk.settings.timezone).replace(second=0, microsecond=0)
    return {**found, "today": desk.today.isoformat(), "now": now.isoformat()}


def _order(desk: Desk) -> dict[str, Any]:
    terms = tables.rows(desk.settings, "rectification-term", desk.today)
    return {
        "order_content": _order_content(desk) or None,
        "present_person": _met(desk),
        "rectification_terms": [{"value": one["code"], "label": one["name"]} for one in terms],
        "default_term": next(one["code"] for one in terms if one["default"]),
    }


def _order_content(desk: Desk) -> str:
    """What was not corrected the last time, what the case it came from says, or the conclusion of the visit.

    Never the words of a lead: they may tell who reported.
    """
    row = desk.follow_up
    again = (row.facts.get("reinspection") or {}).get("next_reason")
    if again:
        return f"{(row.facts.get('order') or {}).get('content') or ''}\n上次复查没有改正：{again}"
    given = [str(desk.data.get(key) or "") for key in ("facts", "case_facts")]
    given.append(str((desk.data.get("carried") or {}).get("facts") or ""))
    origin = find_follow_up(desk.session, desk.district_id, row.origin)
    told = origin.facts if origin is not None else {}
    steps = [told.get(key) for key in ("investigation", "filing", "identification")]
    given += [str(step.get("facts") or "") for step in steps if isinstance(step, dict)]
    conclusion = desk.part.conclusion if row.root_kind == "department-inspection" else {}
    return next((one for one in (*given, str(conclusion.get("facts") or "")) if one), "")


def _met(desk: Desk) -> str | None:
    """Who was there for the party at the visit, else who represents it."""
    if desk.follow_up.root_kind == "department-inspection":
        arrival = desk.part.record.get("arrival") or {}
        if met := "，".join(str(arrival[key]) for key in ("present_person", "present_post") if arrival.get(key)):
            return met[:64]
    subject = root_of(desk.session, desk.district_id, desk.follow_up.number).subject
    return str(subject.get("legal_representative") or "") or None


def _reinspection(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    subject = root_of(desk.session, desk.district_id, row.number).subject
    return {
        **exemption_facts(desk),
        "inspectors": inspectors(desk, row.department),
        "address": subject.get("address") or None,
        "present_person": _met(desk),
        "ordered_items": rectifications.ordered_items(desk.session, row),
    }


def _outcome(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    now = rectifications.situation(row)
    allowed = rectifications.decisions(desk.settings, row, desk.today)
    order, again = row.facts.get("order") or {}, row.facts.get("reinspection") or {}
    closed = desk.data.get("service_closed") or {}
    shown, case = exemption_facts(desk), rectifications.penalty_above(desk.session, row)
    return {
        **shown,
        "facts": [
            rows(
                "需要决定的情况", ("情况", now), ("当场改正", order.get("spot_facts")),
                ("送达", closed.get("outcome") if now == rectifications.NOT_SERVED else ""),
                ("复查情况", again.get("facts")), ("没有改正的", again.get("next_reason")),
                ("怎样联系", again.get("contact_tried")), ("当事人陈述", again.get("statement")),
                ("所在的处罚案件", f"{case.number}：转行政处罚的，查明的情况交给该案，不另行立案" if case else ""),
            ),
            *shown["facts"],
        ],
        "outcome_choices": [{"value": one["code"], "label": one["name"]} for one in allowed],
        "suggested_outcome": next((one["code"] for one in allowed if now in one["suggested_when"]), None),
    }  # fmt: skip


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "rectification-order": _order,
    "reinspection": _reinspection,
    "rectification-outcome": _outcome,
}
