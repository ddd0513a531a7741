"""Any case: which page shows it, whom it waits for, its picture and its history."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import InvalidInput, LianjianError, NotFound
from engine.inspection.duty_reviews import MAY_ASK
from engine.inspection.follow_ups import find_follow_up, kinds
from engine.inspection.models import DepartmentInspection, FollowUp, Inspection, Inspector
from engine.inspection.records import department_inspection
from engine.inspection.recusal_request import RequestRecusal
from engine.models import ProcessDefinition, ProcessInstance
from engine.queries import deadlines
from engine.scope import scope, visible_instance
from engine.web.case_view import STATUS, diagram_text, history, open_tasks, picture, waiting
from engine.web.context import actor, database, department_name, engine, now, settings
from engine.web.guards import signed_in
from engine.web.submissions import attachment_links
from engine.web.task_lookup import is_id

blueprint = Blueprint("cases", __name__)

#: What a process other than a follow-up is called; those are rows of the table ``follow-up-kind``.
_WORDS = {
    "annual-plan": "年度抽查计划", "plan-adjustment": "计划调整",
    "joint-inspection": "抽查任务", "late-addition": "补充名单", "inspection": "检查",
    "department-inspection": "部门检查", "inspector-substitution": "更换检查人员",
    "publication-correction": "公示更正撤回", "withholding-review": "不予公开复查",
    "item-adjustment": "事项调整",
    "registry-change": "名录变更",
    "permit-handover": "审管移交",
    "deadline-extension": "期限延长",
    "special-inspection": "专项检查", "conference-matter": "联席会议事项", "duty-review": "尽职免责认定",
    "case-lead": "线索", "credit-measure-notice": "失信惩戒措施通知",
}  # fmt: skip

_DEPLOYED = sa.select(ProcessDefinition.key, sa.func.max(ProcessDefinition.name)).group_by(ProcessDefinition.key)


def process_words(session: Session | None = None) -> dict[str, str]:
    """What each process is called on every page, in the order of the work.

    With a session also those an office deployed itself, by the names of their diagrams.
    """
    words = _WORDS | {key: kind.label for key, kind in kinds(settings(), now().date()).items()}
    deployed = session.execute(_DEPLOYED).tuples() if session else ()
    return words | {key: name for key, name in deployed if key not in words}


def find_instance(session: Session, instance_id: str) -> ProcessInstance:
    """The instance; raises :class:`NotFound` when the reader may not know of it."""
    if not is_id(instance_id):
        raise NotFound("没有找到这项工作，请核对链接。")
    return visible_instance(session, actor(), instance_id)


@blueprint.get("/cases/<instance_id>")
@signed_in
def by_instance(instance_id: str) -> ResponseReturnValue:
    """Send the reader to the page made for this kind of case."""
    with database().read() as session:
        instance = find_instance(session, instance_id)
    return redirect(page_of(instance))


def page_of(instance: ProcessInstance) -> str:
    """The address of the page an instance is read on."""
    key = instance.business_key
    if instance.process_key == "joint-inspection":
        return url_for("campaigns.show", number=key)
    if instance.process_key == "inspection":
        return url_for("inspections.show", number=key)
    if instance.process_key == "department-inspection":
        inspection, _, department = key.rpartition("/")
        return url_for("inspections.show", number=inspection, _anchor=f"lane-{department}")
    if instance.process_key == "registry-change":
        return url_for("registry_changes.show", number=key)
    if instance.process_key == "permit-handover":
        return url_for("handovers.show", number=key)
    if instance.process_key == "special-inspection":
        return url_for("specials.show", number=key)
    if instance.process_key == "conference-matter":
        return url_for("conference.show", number=key)
    if instance.process_key == "duty-review":
        return url_for("duty.show", number=key)
    if instance.process_key == "case-lead":
        return url_for("leads.show", number=key)
    return url_for("cases.show", instance_id=instance.id)


@blueprint.get("/cases/<instance_id>/progress")
@signed_in
def show(instance_id: str) -> ResponseReturnValue:
    """The generic page: state, whom it waits for, deadlines, live picture, timeline, related cases."""
    with database().read() as session:
        instance = find_instance(session, instance_id)
        own = page_of(instance)
        if instance.restricted and own != request.path:  # its own page tells each reader what is theirs to know
            return redirect(own)
        tasks = open_tasks(session, [instance.id])
        return make_response(
            render_template(
                "case.html",
                instance=instance,
                process_word=process_words(session).get(instance.process_key, "流程"),
                status_words=STATUS,
                waiting=waiting(session, tasks),
                deadlines=deadlines(session, settings().district_id, [instance.business_key]),
                picture=picture(session, instance, tasks),
                version=engine().kernel.definition(session, instance.definition_id).version,
                events=history(session, [instance]),
                attachments=attachment_links(session, instance.id),
                related=related(session, instance),
                page=page_of(instance),
                duty_readers=MAY_ASK,
            )
        )


@blueprint.get("/cases/<instance_id>/diagram.bpmn")
@signed_in
def diagram(instance_id: str) -> ResponseReturnValue:
    """The diagram of the version this instance runs on."""
    with database().read() as session:
        text = diagram_text(session, find_instance(session, instance_id))
    response = make_response(text)
    response.headers["Content-Type"] = "application/xml; charset=utf-8"
    return response


@dataclass(frozen=True)
class Related:
    """Another case that belongs to this one."""

    word: str
    title: str
    key: str
    state: str
    url: str


def related(session: Session, instance: ProcessInstance) -> list[Related]:
    """Campaign ↔ inspection ↔ department inspections ↔ follow-ups, as far as the reader may see them."""
    district, key = instance.district_id, instance.business_key
    wanted: set[tuple[str, str]] = set()
    inspection: Inspection | None = None
    parts: list[str] = []
    follow_up = find_follow_up(session, district, key)
    roots = [follow_up.root] if follow_up else [key]
    origin = key if instance.process_key == "department-inspection" else ""
    if follow_up is not None:
        wanted.add((follow_up.root_kind, follow_up.root))
        origin = follow_up.root if follow_up.root_kind == "department-inspection" else ""
    inspection_key = key if instance.process_key == "inspection" else origin.rpartition("/")[0]
    if inspection_key:
        inspection = session.scalar(
            sa.select(Inspection).where(Inspection.district_id == district, Inspection.number == inspection_key)
        )
    if inspection is not None:
        wanted |= {("joint-inspection", inspection.campaign), ("inspection", inspection.number)}
        found = sa.select(DepartmentInspection.number).where(
            DepartmentInspection.district_id == district, DepartmentInspection.inspection == inspection.number
        )
        parts = list(session.scalars(found))
        wanted |= {("department-inspection", number) for number in parts}
    rows = session.execute(
        sa.select(FollowUp.kind, FollowUp.number).where(
            FollowUp.district_id == district, FollowUp.root.in_([*roots, *parts])
        )
    )
    wanted |= {(kind, number) for kind, number in rows}
    wanted.discard((instance.process_key, key))
    return _visible(session, wanted)


def _visible(session: Session, wanted: set[tuple[str, str]]) -> list[Related]:
    if not wanted:
        return []
    rows = session.scalars(
        scope(
            sa.select(ProcessInstance).where(
                ProcessInstance.district_id == settings().district_id,
                sa.tuple_(ProcessInstance.process_key, ProcessInstance.business_key).in_(sorted(wanted)),
            ),
            actor(),
        )
    )
    words = process_words()
    order = list(words)
    found = sorted(rows, key=lambda i: (order.index(i.process_key) if i.process_key in order else 99, i.business_key))
    return [
        Related(
            words.get(i.process_key, i.process_key),
            f"{department_name(i.department)} · {i.title}" if i.process_key == "department-inspection" else i.title,
            i.business_key,
            STATUS.get(i.status, i.status),
            page_of(i),
        )
        for i in found
    ]


@blueprint.post("/cases/<instance_id>/recusal")
@signed_in
def request_recusal(instance_id: str) -> ResponseReturnValue:
    """Enter a party's application for recusal on its behalf."""
    with database().read() as session:
        instance = find_instance(session, instance_id)
        page = page_of(instance)
    typed = {name: request.form.get(name, "").strip() for name in ("applicant", "reason", "inspector")}
    try:
        engine().execute(RequestRecusal(instance_id, **typed), actor=actor())
    except LianjianError as error:
        fields = error.fields if isinstance(error, InvalidInput) else {}
        with database().read() as session:
            team = team_of(session, instance.district_id, instance.business_key)
        refused = render_template(
            "recusal.html", instance=instance, page=page, typed=typed, errors=fields, message=error.message, team=team
        )
        return make_response(refused, error.status)
    flash("回避申请已登记，等待机关负责人决定；决定作出之前检查照常进行。", "success")
    return redirect(page, 303)


def team_of(session: Session, district_id: str, number: str) -> list[tuple[str, str]]:
    """The pair a party may ask to be recused, as (code, name)."""
    part = department_inspection(session, district_id, number)
    rows = session.execute(
        sa.select(Inspector.code, Inspector.name).where(
            Inspector.district_id == district_id, Inspector.code.in_(part.inspectors)
        )
    )
    return [(code, name) for code, name in rows]
