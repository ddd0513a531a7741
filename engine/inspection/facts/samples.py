"""What stands beside the forms of sampling, and what every page of the inspection tells of its samples."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import sqlalchemy as sa

from engine.inspection import samples, tables
from engine.inspection.facts.desk import Desk, Provider, local, rows, table
from engine.inspection.facts.field import problem_categories, problem_handlings
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.models import Finding, Item
from engine.periods import rule_words


def sample_facts(desk: Desk) -> dict[str, Any]:
    """One sample: how it was taken, every test of it, what the party was told and asked for."""
    found = follow_up_facts(desk)
    row = samples.of_number(desk.session, desk.district_id, desk.task.business_key)
    kind = next((k for k in tables.rows(desk.settings, "sample-kind", desk.today) if k["code"] == row.kind), {})
    term = kind.get("retest_rule")
    found["facts"] += [
        rows(
            "样品", ("名称", row.name), ("种类", kind.get("name")), ("规格、批号", row.specification),
            ("数量", row.quantity), ("备样", row.reserve), ("封样编号", row.seal), ("事项", row.item),
            ("抽样人", "、".join(row.taken_by)), ("抽样时间", local(desk, row.taken_at)), ("地点", row.place),
            ("抽样单签名", f"{row.signed} {row.signer}".strip()), ("目前", row.state),
            ("复检期限", rule_words(term) if term else "不能申请复检"), ("复检依据", kind.get("legal_basis")),
            ("复检申请", row.retest), ("申请或者放弃的日期", row.retest_on), ("理由", row.retest_reason),
        )
    ]  # fmt: skip
    if tests := samples.tests_of(desk.session, desk.district_id, [row.number]):
        head = ["次数", "检验机构", "送检", "预计报告", "报告编号", "结果", "结论", "告知"]
        body = [
            ["检验" if t.round == 1 else "复检", t.laboratory, t.sent_on, t.expected_on, t.report_number, t.result,
             t.conclusion, t.told_on or ""]
            for t in tests
        ]  # fmt: skip
        found["facts"].append(table("检验记录", head, body))
    return found


def _dispatch(desk: Desk) -> dict[str, Any]:
    """The laboratory thought of when the sample was taken, and the day the table of deadlines would give."""
    row = samples.of_number(desk.session, desk.district_id, desk.task.business_key)
    first = not samples.tests_of(desk.session, desk.district_id, [row.number])
    usual = tables.limit(desk.settings, samples.RESULT, desk.today).rule
    days = int(usual.removesuffix("wd")) * 7 // 5 if usual.endswith("wd") else int(usual.rstrip("d"))
    return {
        "laboratory": (row.intended_for or None) if first else None,
        "expected_on": (desk.today + timedelta(days=days)).isoformat(),
    }


def _notice(desk: Desk) -> dict[str, Any]:
    arrival = desk.part.record.get("arrival") or {}
    met = "，".join(str(arrival[k]) for k in ("present_person", "present_post") if arrival.get(k))
    return {"present_person": met or desk.inspection.object.get("legal_representative") or None}


def _findings(desk: Desk) -> dict[str, Any]:
    """The items that waited, as the record left them."""
    waited = sorted({row.item for row in samples.of_part(desk.session, desk.part)})
    found = desk.session.execute(
        sa.select(Finding, Item.name)
        .join(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(
            Finding.district_id == desk.district_id, Finding.department_inspection == desk.part.number,
            Finding.item.in_(waited),
        )
        .order_by(Finding.item)
    ).all()  # fmt: skip
    return {
        "findings": [
            {
                "item": row.item, "name": name, **({"problem": "是"} if row.problem else {}),
                **({"category": row.category} if row.problem else {}), "clause": row.clause, "note": row.note,
            }
            for row, name in found
        ],
        "problem_categories": problem_categories(desk),
        "handling_codes": problem_handlings(desk),
    }  # fmt: skip


#: Providers by process and by form key.
PROCESSES: dict[str, Provider] = {samples.PROCESS: sample_facts}
FORMS: dict[str, Provider] = {
    "sample-dispatch": _dispatch, "sample-notice": _notice, "sample-findings": _findings,
}  # fmt: skip
