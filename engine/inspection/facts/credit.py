"""Facts of listings, their measures, and applications to repair."""

from __future__ import annotations

from typing import Any

from engine.errors import ServiceTaskFailed
from engine.inspection import credit_letters, credit_listings, credit_measures, credit_repairs, tables
from engine.inspection.credit_letters import FIRST
from engine.inspection.credit_models import CreditListing
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.follow_ups import follow_up_facts

_LIST_WORDS = {credit_listings.ABNORMAL: "经营异常", credit_listings.SERIOUS: "严重违法失信"}


def credit_facts(desk: Desk) -> dict[str, Any]:
    """Who it is about, what was proposed and done so far, and the grounds that hold for this kind of subject."""
    found = follow_up_facts(desk)
    row = desk.follow_up
    kind = str(row.subject.get("subject_kind") or "")
    proposal, letters = row.facts.get("proposal") or {}, row.facts.get("letters") or {}
    grounds = credit_listings.grounds(desk.settings, kind, desk.today)
    if proposal.get("ground"):
        name = next((g.name for g in grounds if g.code == proposal["ground"]), proposal["ground"])
        found["facts"].append(
            rows(
                "列入意见", ("情形", name), ("查实日期", row.facts.get("established_on") or proposal.get("found_on")),
                ("事实", proposal.get("facts")), ("处罚决定书", proposal.get("penalty_document")),
            )
        )  # fmt: skip
    sent = [*(row.facts.get("letters_before") or []), *letters.values()]
    if sent:
        body = [[v["sent_on"], v["mail_number"], v["result"], v["result_on"]] for v in sent]
        found["facts"].append(table("专用信函", ["寄出", "邮件号码", "结果", "结果日期"], body))
    if FIRST in letters and desk.task.element_id == credit_letters.SECOND:
        allowed = credit_letters.second_letter(desk.settings, credit_letters.day(letters[FIRST]["sent_on"]))
        found["facts"].insert(0, rows("第二次邮寄", ("应在", allowed.words), ("依据", allowed.legal_basis)))
    for key, title, labels in (
        ("notice", "列入前告知", {"document_number": "文号", "served_on": "送达日期", "method": "送达方式"}),
        (
            "statement",
            "陈述申辩",
            {"raised": "当事人", "content": "内容", "adopted": "复核结果", "opinion": "复核意见"},
        ),
        ("removal", "移出核实", {"cause": "情形", "verified_on": "核实日期", "facts": "情况"}),
    ):
        if said := row.facts.get(key):
            found["facts"].append(rows(title, *((label, said.get(name)) for name, label in labels.items())))
    category = str(desk.data.get("category") or "")
    return {
        **found,
        "credit_grounds": [
            {"value": g.code, "label": f"{_LIST_WORDS.get(g.list_code, g.list_code)}：{g.name}"} for g in grounds
        ],
        "credit_ground": next((g.code for g in grounds if category and g.category == category), None),
        "removal_cause": (desk.data.get("removal_wanted") or {}).get("cause"),
        "removal_facts": (desk.data.get("removal_wanted") or {}).get("reason"),
        "found_on": desk.today.isoformat(),
        "contact_address": str(row.subject.get("address") or ""),
    }


def measure_facts(desk: Desk) -> dict[str, Any]:
    """The measures a unit was told of, about whom, and why."""
    notice = credit_measures.by_number(desk.session, desk.district_id, desk.task.business_key)
    if notice is None:
        return {}
    listing = credit_listings.found(desk.session, desk.district_id, notice.listing)
    measures = [[m["name"], m["legal_basis"]] for m in notice.measures]
    facts = [_listing(desk, listing), table("清单列出的措施", ["措施", "依据"], measures)]
    if notice.ended_at:
        facts.insert(0, rows("解除措施", ("原因", notice.end_reason), ("移出日期", listing.removed_on)))
    if notice.report:
        facts.append(rows("已经反馈", ("落实情况", notice.report)))
    return {"facts": facts}


def _listing(desk: Desk, listing: CreditListing) -> dict[str, Any]:
    name = credit_listings.register_name(desk.settings, listing.list_code, listing.subject_kind, listing.listed_on)
    return rows(
        "列入决定", ("名单", name), ("当事人", listing.subject_name), ("统一社会信用代码", listing.uscc),
        ("情形", listing.ground_name), ("列入日期", listing.listed_on), ("决定书文号", listing.document_number),
        ("作出决定机关", desk.organ(listing.department)), ("列入至", listing.until),
    )  # fmt: skip


def repair_facts(desk: Desk) -> dict[str, Any]:
    """What is asked to be repaired, from when it may be, and the conditions."""
    found = follow_up_facts(desk)
    row = desk.follow_up
    try:
        target = credit_repairs.target_of(desk.session, desk.settings, row)
    except ServiceTaskFailed as error:  # ended meanwhile: the officer reads why and refuses the application
        found["facts"].insert(0, rows("申请修复的信息", ("情况", error.message)))
        return {**found, "repair_conditions": []}
    conditions = credit_repairs.conditions(desk.settings, target, desk.today)
    found["facts"].insert(
        0,
        rows(
            "申请修复的信息", ("信息", target.name), ("轻重", target.severity),
            ("公示至", target.publication.public_until), ("最短期限届满", target.repairable_on or "随时可以申请"),
            ("食品、药品、特种设备领域", target.special_on if target.special_on != target.repairable_on else ""),
        ),
    )  # fmt: skip
    application = row.facts.get("application") or {}
    if application:
        names = {c["code"]: c["name"] for c in tables.rows(desk.settings, "credit-repair-condition", desk.today)}
        found["facts"].append(
            rows(
                "申请", ("申请日期", application.get("applied_on")), ("申请人", application.get("applicant")),
                ("符合的条件", "；".join(names.get(code, code) for code in application.get("met") or ())),
            )
        )  # fmt: skip
    if check := row.facts.get("check"):
        found["facts"].append(rows("核实", ("情况", check.get("facts")), ("意见", check.get("opinion"))))
    return {**found, "repair_conditions": [{"value": c.code, "label": c.name} for c in conditions]}


PROCESSES: dict[str, Provider] = {
    "credit-measures": credit_facts,
    "credit-measure-notice": measure_facts,
    "credit-repair": repair_facts,
}
