"""What documents of special inspections, conference matters and duty reviews may say."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from engine.inspection import conference, conference_posts, duty_reviews, special_inspections
from engine.inspection.conference_models import ConferenceMatter
from engine.inspection.document_case import DocumentCase
from engine.inspection.document_facts import fact
from engine.inspection.oversight_models import DutyReview, SpecialInspection
from engine.models import User, UserTask


def _special(case: DocumentCase) -> SpecialInspection | None:
    if case.instance.process_key != special_inspections.PROCESS:
        return None
    return special_inspections.special_inspection(case.session, case.district_id, case.instance.business_key)


def _matter(case: DocumentCase) -> ConferenceMatter | None:
    if case.instance.process_key != conference.PROCESS:
        return None
    return conference.matter(case.session, case.district_id, case.instance.business_key)


def _review(case: DocumentCase) -> DutyReview | None:
    if case.instance.process_key != duty_reviews.PROCESS:
        return None
    return duty_reviews.duty_review(case.session, case.district_id, case.instance.business_key)


def _last(case: DocumentCase, element: str) -> dict[str, Any]:
    """The last submission of a step, whichever department it belonged to, with who and when."""
    found = case.session.execute(
        sa.select(UserTask.values, UserTask.closed_at, User.name)
        .join(User, User.id == UserTask.closed_by)
        .where(UserTask.instance_id == case.instance.id, UserTask.element_id == element, UserTask.state == "completed")
        .order_by(UserTask.closed_at.desc())
        .limit(1)
    ).first()
    if found is None:
        return {}
    return {**(found.values or {}), "by": found.name, "on": case.local_day(found.closed_at)}


def _approval(case: DocumentCase) -> str:
    given = _last(case, "district_approval")
    return "。".join(filter(None, ("批准", given.get("opinion")))) if given.get("decision") == "批准" else ""


@fact("special", "number name opinion approver approval_number approved_on filing_number requirements")
def special(case: DocumentCase) -> dict[str, Any] | None:
    row = _special(case)
    if row is None:
        return None
    return {
        "number": row.number, "name": row.name, "opinion": _approval(case),
        "approver": row.approver, "approval_number": row.approval_number, "approved_on": row.approved_on,
        "filing_number": row.filing_number, "requirements": row.content.get("requirements"),
    }  # fmt: skip


@fact("special_rows", "label value", many=True)
def special_in_words(case: DocumentCase) -> list[dict[str, str]]:
    row = _special(case)
    if row is None:
        return []
    pairs = special_inspections.described(case.session, case.settings, row, case.department_names, case.today)
    return [{"label": label, "value": value} for label, value in pairs]


@fact(
    "matter",
    "number kind title proposer question advice resolution_number way held_on place chair minutes result signed_by "
    "signed_on",
)
def matter(case: DocumentCase) -> dict[str, Any] | None:
    row = _matter(case)
    if row is None:
        return None
    meeting, signed = row.meeting, _last(case, "sign_resolution")
    posts = {post.code: post.name for post in conference_posts.posts(case.settings, case.today)}
    agreed = signed.get("decision") == "同意"
    return {
        "number": row.number, "kind": row.kind, "title": row.title, "proposer": case.organ(row.proposer),
        "question": row.content.get("question"), "advice": row.advice, "resolution_number": row.resolution_number,
        "way": meeting.get("way"), "held_on": _day(meeting.get("held_on")), "place": meeting.get("place"),
        "chair": posts.get(str(meeting.get("chair"))), "minutes": meeting.get("minutes"),
        "result": meeting.get("result"), "signed_by": signed.get("by") if agreed else None,
        "signed_on": signed.get("on") if agreed else None,
    }  # fmt: skip


@fact("attendance", "post holder presence deputy", many=True)
def attendance(case: DocumentCase) -> list[dict[str, Any]]:
    row = _matter(case)
    return [
        {"post": one["name"], "holder": one["holder"], "presence": one["presence"], "deputy": one.get("deputy") or ""}
        for one in (row.meeting.get("attendance") or [] if row else [])
    ]


@fact("matter_opinions", "unit position opinion signed_by", many=True)
def opinions(case: DocumentCase) -> list[dict[str, Any]]:
    """Every unit that was asked; one that did not answer is named as such."""
    row = _matter(case)
    if row is None:
        return []
    said = {one["unit"]: one for one in row.opinions}
    silent = {"position": "期满没有反馈", "opinion": "", "signed_by": ""}
    return [
        {
            "unit": case.organ(unit),
            **{key: said.get(unit, silent).get(key) for key in ("position", "opinion", "signed_by")},
        }
        for unit in row.units
    ]


@fact("matter_tasks", "serial unit task due_on", many=True)
def tasks(case: DocumentCase) -> list[dict[str, Any]]:
    row = _matter(case)
    return [
        {"serial": n, "unit": case.organ(one["unit"]), "task": one["task"], "due_on": _day(one["due_on"])}
        for n, one in enumerate((row.meeting.get("assignments") or []) if row else [], start=1)
    ]


@fact(
    "review",
    "number person post organ case cause facts statement objection outcome grounds commendation reply "
    "determination members generated_on",
)
def review(case: DocumentCase) -> dict[str, Any] | None:
    row = _review(case)
    if row is None:
        return None
    names = case.session.scalars(sa.select(User.name).where(User.id.in_(row.members)).order_by(User.name))
    return {
        "number": row.number, "person": row.person_name, "post": row.person_post, "organ": case.organ(row.department),
        "case": row.case, "cause": row.cause, "facts": row.facts, "statement": row.statement,
        "objection": row.objection, "determination": row.document_number, "members": list(names),
        "generated_on": _local(case, row.record.get("at")),
        **{key: row.finding.get(key) for key in ("outcome", "grounds", "commendation", "reply")},
    }  # fmt: skip


@fact("duties", "serial duty step due done shown found reason source", many=True)
def duties(case: DocumentCase) -> list[dict[str, Any]]:
    """The generated record, duty by duty, with what the group found."""
    row = _review(case)
    if row is None:
        return []
    judged = {line["duty"]: line for line in row.finding.get("duties") or []}
    return [
        {
            "serial": n, "duty": line["duty"], "step": line["step"], "due": _local(case, line["due"]) or "没有期限",
            "done": _local(case, line["done"]), "shown": line["state"], "source": line["source"],
            "found": judged.get(str(n), {}).get("result"), "reason": judged.get(str(n), {}).get("reason"),
        }
        for n, line in enumerate(row.record.get("duties") or [], start=1)
    ]  # fmt: skip


def _day(text: Any) -> date | None:
    return date.fromisoformat(str(text)) if text else None


def _local(case: DocumentCase, text: Any) -> str:
    if not text:
        return ""
    return datetime.fromisoformat(str(text)).astimezone(case.settings.timezone).strftime("%Y-%m-%d %H:%M")
