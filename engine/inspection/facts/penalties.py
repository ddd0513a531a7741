"""What the forms of a penalty case offer and begin with: everything said before is carried on, nothing typed again."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection import handlers, penalties, records, tables
from engine.inspection.facts import penalty_ends
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.exemptions import exemption_facts
from engine.inspection.facts.follow_ups import follow_up_facts
from engine.inspection.facts.options import users
from engine.inspection.models import Inspector
from engine.inspection.penalties import Measure
from engine.models import User, UserRole

ROLE = "执法检查人员"


def penalty_facts(desk: Desk) -> dict[str, Any]:
    """What every step of the case sees: the course so far, and the words it can take over."""
    row = desk.follow_up
    found = follow_up_facts(desk)
    report, notice = row.facts.get("report") or {}, row.facts.get("notice") or {}
    carried = desk.data.get("carried") or {}
    typed = {name: desk.data.get(name) for name in ("cause", "facts", "basis")}
    found["facts"] += [*_people(desk), *_opinions(desk), *_said(desk)]
    return {
        **found,
        "conclusion_text": typed["facts"] or carried.get("facts") or desk.data.get("case_facts")
        or found["conclusion_text"],
        "clauses": report.get("basis") or typed["basis"] or carried.get("basis") or desk.data.get("clauses")
        or found["clauses"],
        "case_cause": typed["cause"] or (row.facts.get("filing") or {}).get("cause") or found["case_cause"],
        "case_facts": report.get("facts") or found["case_facts"] or typed["facts"] or found["conclusion_text"],
        "penalty_basis": notice.get("basis") or report.get("basis") or found["penalty_basis"],
        "today": desk.today.isoformat(),
    }  # fmt: skip


def _people(desk: Desk) -> list[dict[str, Any]]:
    people = handlers.of_case(desk.follow_up)
    return [rows("办案人员", ("姓名", "、".join(names(desk, people))))] if people else []


def names(desk: Desk, people: list[str]) -> list[str]:
    """The people's names, in their order."""
    return [records.user_name(desk.session, each) or each for each in people]


def _opinions(desk: Desk) -> list[dict[str, Any]]:
    facts = desk.follow_up.facts
    found = []
    if reviews := facts.get("reviews"):
        body = [
            [r["reviewed_on"], r["kind"], r["decision"], r.get("return_reason") or r.get("opinion") or ""]
            for r in reviews
        ]  # fmt: skip
        found.append(table("审核", ["日期", "方式", "结论", "意见"], body))
    if held := facts.get("discussion"):
        found.append(
            rows("集体讨论", ("时间", held["held_at"][:10]), ("决定", held["decision"]), ("内容", held["result"]))
        )
    return found


def _said(desk: Desk) -> list[dict[str, Any]]:
    facts = desk.follow_up.facts
    found = []
    if said := facts.get("statements"):
        body = [
            [one.get("received_on") or "", one["kind"], one.get("way") or "", one.get("made_by") or "",
             one.get("content") or "", one.get("admission_reason") or ""]
            for one in said
        ]  # fmt: skip
        found.append(table("当事人意见", ["收到日期", "意见", "方式", "提出人", "内容", "逾期的处理"], body))
    if heard := facts.get("hearing"):
        found.append(rows("听证", ("结果", heard.get("outcome")), ("听证报告的意见", heard.get("opinion"))))
    if review := facts.get("statement_review"):
        found.append(rows("复核", ("结论", review["change"]), ("意见", review["opinion"])))
    return found


def _kinds(desk: Desk) -> list[dict[str, str]]:
    return tables.options(desk.settings, "penalty-kind", desk.today)


def _offer(measure: Measure) -> dict[str, Any]:
    """A proposal as what the next form begins with."""
    fields = measure.fields()
    return {f"told_{name}": value or None for name, value in fields.items()}


def team(desk: Desk) -> list[str]:
    """The accounts of those who inspected, where the chain begins with an inspection."""
    if desk.follow_up.root_kind != "department-inspection":
        return []
    accounts = desk.session.scalars(
        sa.select(Inspector.user_id)
        .where(Inspector.district_id == desk.district_id, Inspector.code.in_(desk.part.inspectors or []))
        .order_by(Inspector.code)
    )
    return [account for account in accounts if account]


def fit(desk: Desk) -> list[str]:
    """Who is proposed to handle the case: those named where it came from, without who must stand back."""
    uscc = desk.follow_up.uscc
    return [
        each for each in desk.data.get("handlers") or team(desk)
        if not handlers.why_not(desk.session, desk.district_id, each, uscc, desk.today)
    ]  # fmt: skip


def _case_filing(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    returned = desk.data.get("approve_filing") or {}
    facts = [rows("退回补充", ("理由", returned.get("return_reason")))] if returned.get("return_reason") else []
    return {
        "facts": facts,
        "users": users(desk, ROLE, row.department),
        "filing_criteria": tables.options(desk.settings, "filing-criterion", desk.today),
        "no_filing_grounds": tables.options(desk.settings, "no-filing-ground", desk.today),
        "proposed_handlers": fit(desk) or None,
        "previous": desk.data.get("file_case"),
    }


def _filing_approval(desk: Desk) -> dict[str, Any]:
    asked = desk.data.get("file_case") or {}
    proposal = [
        ("拟办意见", asked.get("proposal")), ("案由", asked.get("cause")), ("初步事实", asked.get("facts")),
        ("依据", asked.get("basis")), ("办案人员", "、".join(names(desk, asked.get("handlers") or []))),
    ]  # fmt: skip
    return {
        "facts": [rows("立案申请", *proposal)],
        "no_filing_grounds": tables.options(desk.settings, "no-filing-ground", desk.today),
        "proposed_no_filing_ground": asked.get("no_filing_ground"),
        "proposed_no_filing_reason": asked.get("no_filing_reason"),
    }


def _investigation(desk: Desk) -> dict[str, Any]:
    review, held = desk.follow_up.facts.get("review") or {}, desk.follow_up.facts.get("discussion") or {}
    facts = [rows("审核退回", ("理由", review.get("return_reason")))] if review.get("decision") == "退回" else []
    if held.get("decision") == "补充调查":
        facts.append(rows("集体讨论要求补充调查", ("要求", held.get("result"))))
    if returned := (desk.data.get("decide") or {}).get("return_reason"):
        facts.append(rows("处理决定退回补充调查", ("理由和要求", returned)))
    return {
        "facts": facts,
        "evidence_kinds": tables.options(desk.settings, "evidence-kind", desk.today),
        "termination_grounds": tables.options(desk.settings, "termination-ground", desk.today),
        "previous": desk.data.get("investigate"),
    }


def _report(desk: Desk) -> dict[str, Any]:
    found = (desk.follow_up.facts.get("investigation") or {}).get("evidence_list") or []
    held = desk.follow_up.facts.get("discussion") or {}
    changed = held.get("decision") == "变更处理意见"
    return {
        **_measuring(desk),
        "facts": [rows("集体讨论变更处理意见", ("讨论的决定", held.get("result")))] if changed else [],
        "evidence_words": "\n".join(f"{n}．{e['name']}（{e['kind']}）：{e['proves']}" for n, e in enumerate(found, 1)),
        "no_penalty_grounds": tables.options(desk.settings, "no-penalty-ground", desk.today),
        "previous": desk.data.get("write_report"),
    }


def _measuring(desk: Desk) -> dict[str, Any]:
    organ = desk.follow_up.department
    return {
        "penalty_kinds": _kinds(desk),
        "discretion_rows": [
            {"value": r["code"], "label": f"{r['name']}：{r['min']}至{r['max']}元"}
            for r in penalties.discretion(desk.settings, desk.today, organ)
        ],
    }


def _discussion(desk: Desk) -> dict[str, Any]:
    """Who took part last time, else the organ's heads as they hold accounts; each opinion is asked for anew."""
    last = desk.follow_up.facts.get("discussion") or {}
    members = [{"name": m["name"], "post": m["post"]} for m in last.get("members") or []] or [
        {"name": name, "post": role} for name, role in _heads(desk)
    ]  # fmt: skip
    kept = {key: last.get(key) for key in ("place", "chair", "recorder", "entitled")}
    return {"previous": {**kept, "members": members} if members else None}


def _heads(desk: Desk) -> list[tuple[str, str]]:
    statement = (
        sa.select(User.name, UserRole.role)
        .join(UserRole, UserRole.user_id == User.id)
        .where(
            User.district_id == desk.district_id, User.active, UserRole.department == desk.follow_up.department,
            UserRole.role.in_(["机关负责人", "分管负责人"]),
        )
        .order_by(UserRole.role.desc(), User.name)
    )  # fmt: skip
    return [(name, role) for name, role in desk.session.execute(statement)]


def _notice(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    _, measure = penalties.current(row)
    subject_kind = str((row.subject or {}).get("subject_kind") or "")
    grounds = penalties.hearing_grounds(desk.settings, desk.today, row.department, subject_kind, measure)
    template = "hearing-right-notice" if grounds else "penalty-notice"
    block = rows(
        "审核的处理建议", ("处罚", measure.words),
        ("听证", "；".join(grounds) + "，应当告知听证权利" if grounds else "没有达到听证标准"),
    )  # fmt: skip
    return {
        "facts": [block],
        **_measuring(desk),
        **_offer(measure),
        "hearing_right": "是" if grounds else "否",
        "notice_number": penalties.issued_number(desk.session, desk.task.instance_id, template) or None,
    }


def _statement_review(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    told = penalties.told(row) or Measure()
    notice = (row.facts.get("notice") or {}).get("document_number")
    said = [one for one in row.facts.get("statements", []) if one.get("notice") == notice and one.get("content")]
    reviewed = penalties.statements(row) or (row.facts.get("hearing") or {}).get("outcome") == "已举行"
    return {
        "previous": {"items": [{"claim": one["content"]} for one in said]} if reviewed and said else None,
        "facts": [rows("告知书", ("拟处罚", told.words), ("不得加重", "处罚不得重于告知书（行政处罚法第四十五条）"))],
        **_measuring(desk),
        **_offer(told),
    }


def _decision(desk: Desk) -> dict[str, Any]:
    row = desk.follow_up
    report = row.facts.get("report") or {}
    _, proposed = penalties.current(row)
    told = penalties.told(row)
    found = exemption_facts(desk)
    blocks = [rows("拟处罚", ("告知书", told.words if told else "没有告知处罚"), ("现在的建议", proposed.words))]
    return {
        **_measuring(desk),
        **_offer(proposed),
        **found,
        "facts": [*blocks, *found["facts"]],
        "told_discretion": report.get("discretion"),
        "told_no_penalty_ground": report.get("no_penalty_ground"),
        "no_penalty_grounds": tables.options(desk.settings, "no-penalty-ground", desk.today),
    }


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "case-filing": _case_filing,
    "filing-approval": _filing_approval,
    "investigation": _investigation,
    "investigation-report": _report,
    "collective-discussion": _discussion,
    "penalty-notice": _notice,
    "statement-review": _statement_review,
    "penalty-decision": _decision,
    **penalty_ends.FORMS,
}
PROCESSES: dict[str, Provider] = {"administrative-penalty": penalty_facts}
