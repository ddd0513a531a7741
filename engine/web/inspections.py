"""检查: one inspected object, its departments as lanes of one page, and what came of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import conference, records, samples, tables
from engine.inspection.disclosure import door_proof
from engine.inspection.follow_ups import kinds
from engine.inspection.models import Campaign, DrawnObject, Finding, FollowUp, Inspection, Inspector, Item, Publication
from engine.inspection.progress import Part, ordered, parts_of
from engine.models import ProcessInstance
from engine.queries import deadlines
from engine.scope import scope
from engine.web import door_proofs, draw_view
from engine.web.case_view import Waiting, history, open_tasks, picture, waiting
from engine.web.cases import process_words
from engine.web.context import actor, database, now, settings
from engine.web.downloads import name_file
from engine.web.guards import signed_in
from engine.web.inspection_list import CHIPS, STATES, inspection_page
from engine.web.navigation import NavItem
from engine.web.submissions import attachment_links
from engine.web.visit_record import VisitRecord, visit_record

blueprint = Blueprint("inspections", __name__)
NAV = (NavItem("检查", "inspections.index", "clipboard", 21, "/inspections", group="监管"),)

PUSH = {
    "pending": ("待推送省工作平台", "chip-amber"), "received": ("省工作平台已接收", "chip-green"),
    "failed": ("推送未成功，系统将重试", "chip-red"),
}  # fmt: skip


@blueprint.get("/inspections")
@signed_in
def index() -> ResponseReturnValue:
    """Inspections of all campaigns the reader may see."""
    state, search = request.args.get("state", ""), request.args.get("q", "").strip()[:100]
    with database().read() as session:
        page = inspection_page(session, state=state, search=search, after=request.args.get("after", ""))
    filters: dict[str, Any] = {k: v for k, v in (("state", state), ("q", search)) if v}
    following = url_for(".index", after=page.next, **filters) if page.next else None
    return render_template(
        "inspections.html", page=page, state=state, search=search, states=STATES, chips=CHIPS, following=following
    )  # fmt: skip


@dataclass(frozen=True)
class Lane:
    """One department's part as its lane shows it; ``open`` when the reader may see its details."""

    part: Part
    open: bool
    waiting: Sequence[Waiting]
    team: Sequence[Inspector]
    findings: Sequence[dict[str, Any]]
    conclusion: Sequence[tuple[str, str]]
    publication: Publication | None
    instance_url: str
    record: VisitRecord | None = None

    @property
    def level(self) -> str:
        """The colour of the lane's edge: done, overdue, near or none."""
        if self.part.done:
            return "is-done"
        deadline = self.part.deadline
        if deadline is None or deadline.met_at is not None:
            return ""
        return {"red": "is-overdue", "orange": "is-near"}.get(deadline.colour(now()), "")


def find_inspection(session: Session, number: str) -> tuple[Inspection, ProcessInstance]:
    """The inspection and its instance; :class:`NotFound` when the reader may not know of it."""
    statement = sa.select(Inspection, ProcessInstance).join(
        ProcessInstance,
        sa.and_(
            ProcessInstance.district_id == Inspection.district_id,
            ProcessInstance.process_key == "inspection",
            ProcessInstance.business_key == Inspection.number,
        ),
    )
    row = session.execute(
        scope(statement, actor()).where(Inspection.district_id == settings().district_id, Inspection.number == number)
    ).first()
    if row is None:
        raise NotFound("没有找到这项检查，可能链接有误，或不属于您所在的部门。")
    return row[0], row[1]


@blueprint.get("/inspections/<path:number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """The object, a lane for each department, the lead's summary, follow-ups, files and the whole history."""
    with database().read() as session:
        inspection, instance = find_inspection(session, number)
        district = inspection.district_id
        parts = ordered(parts_of(session, district, [number])[number], inspection)
        visible = _visible_instances(session, [part.instance.id for part in parts if part.instance])
        chain = _follow_ups(session, district, [p.row.number for p in parts if _id(p) in visible])
        follow_up_cases = _follow_up_instances(session, district, [row.number for row in chain])
        seen = [instance, *(p.instance for p in parts if p.instance and p.instance.id in visible), *follow_up_cases]
        seen += _replacing(session, district, number)
        found = waiting(session, open_tasks(session, [i.id for i in seen]))
        lanes = [_lane(session, inspection, part, _id(part) in visible, found) for part in parts]
        draw = records.draw(session, district, inspection.draw_id)
        return make_response(
            render_template(
                "inspection.html",
                inspection=inspection,
                instance=instance,
                campaign=session.scalar(
                    sa.select(Campaign).where(Campaign.district_id == district, Campaign.number == inspection.campaign)
                ),
                chips=CHIPS,
                object=_object_rows(inspection.object),
                lanes=lanes,
                own=[w for w in found if w.task.instance_id == instance.id],
                follow_ups=_listed(session, chain, follow_up_cases),
                waiting=found,
                deadlines=deadlines(session, district, [case.business_key for case in follow_up_cases]),
                picture=picture(session, instance, [w.task for w in found]),
                push=PUSH,
                events=history(session, seen),
                attachments=attachment_links(session, [i.id for i in seen]),
                provable=draw.state == "drawn",
                publication_due=records.publication_deadline(session, district, number),
                matters=conference.matters_about(session, district, number),
                visit=session.scalar(
                    sa.select(DrawnObject).where(
                        DrawnObject.district_id == district, DrawnObject.draw_id == inspection.draw_id,
                        DrawnObject.uscc == inspection.uscc,
                    )
                ),
            )
        )  # fmt: skip


def _replacing(session: Session, district_id: str, number: str) -> list[ProcessInstance]:
    """Requests to replace an inspector of this inspection, as far as the reader may know of them."""
    statement = sa.select(ProcessInstance).where(
        ProcessInstance.district_id == district_id, ProcessInstance.process_key == "inspector-substitution",
        ProcessInstance.business_key.startswith(f"{number}/", autoescape=True),
    )  # fmt: skip
    return list(session.scalars(scope(statement, actor())))


def _id(part: Part) -> str:
    return part.instance.id if part.instance else ""


def _visible_instances(session: Session, ids: Sequence[str]) -> set[str]:
    return set(session.scalars(scope(sa.select(ProcessInstance.id).where(ProcessInstance.id.in_(ids)), actor())))


def _follow_ups(session: Session, district_id: str, roots: Sequence[str]) -> list[FollowUp]:
    statement = sa.select(FollowUp).where(FollowUp.district_id == district_id, FollowUp.root.in_(roots))
    return list(session.scalars(statement.order_by(FollowUp.opened_at, FollowUp.number)))


def _follow_up_instances(session: Session, district_id: str, numbers: Sequence[str]) -> list[ProcessInstance]:
    statement = sa.select(ProcessInstance).where(
        ProcessInstance.district_id == district_id,
        ProcessInstance.process_key.in_(list(kinds(settings(), now().date()))),
        ProcessInstance.business_key.in_(numbers),
    )
    return list(session.scalars(scope(statement, actor()).order_by(ProcessInstance.started_at)))


def _listed(
    session: Session, chain: Sequence[FollowUp], cases: Sequence[ProcessInstance]
) -> list[tuple[FollowUp, str, ProcessInstance | None]]:
    """Follow-ups with what they are called and the cases the reader may open.

    Of another department's a reader of the inspection learns that a follow-up of a result exists and how far
    it is, no more; a restricted one is known to those alone who work on it.
    """
    words, known = process_words(), {(i.process_key, i.business_key): i for i in cases}
    others = [row for row in chain if (row.kind, row.number) not in known and row.origin == row.root]
    restricted = set(
        session.scalars(
            sa.select(ProcessInstance.business_key).where(
                ProcessInstance.district_id == settings().district_id, ProcessInstance.restricted,
                ProcessInstance.business_key.in_([row.number for row in others]),
            )
        )
    )  # fmt: skip
    told = {row.number for row in others} - restricted
    return [
        (row, words.get(row.kind, row.kind), known.get((row.kind, row.number)))
        for row in chain if (row.kind, row.number) in known or row.number in told
    ]  # fmt: skip


def _lane(
    session: Session, inspection: Inspection, part: Part, may_see: bool, found: Sequence[Waiting]
) -> Lane:  # fmt: skip
    if not may_see or part.instance is None:
        return Lane(part, False, (), (), (), (), None, "")
    row = part.row
    people = {
        i.code: i
        for i in session.scalars(
            sa.select(Inspector).where(Inspector.district_id == row.district_id, Inspector.code.in_(row.inspectors))
        )
    }
    today = now().date()
    conclusion = [
        ("认定的事实", row.conclusion.get("facts")),
        ("依据", row.conclusion.get("basis")),
        ("结果类别", _category(str(row.conclusion.get("category") or ""), today)),
        ("处置意见", row.conclusion.get("handling")),
    ]
    return Lane(
        part=part,
        open=True,
        waiting=[w for w in found if w.task.instance_id == part.instance.id],
        team=[people[code] for code in row.inspectors if code in people],
        findings=_findings(session, part, today),
        conclusion=[(label, str(value)) for label, value in conclusion if value],
        publication=records.publication(session, inspection.district_id, "result", row.number),
        instance_url=url_for("cases.show", instance_id=part.instance.id),
        record=visit_record(session, row),
    )


def _category(code: str, today: Any) -> str:
    return tables.label(settings(), "result-category", code, today) if code else ""


def _findings(session: Session, part: Part, today: Any) -> list[dict[str, Any]]:
    rows = session.execute(
        sa.select(Finding, Item.name)
        .outerjoin(Item, sa.and_(Item.code == Finding.item, Item.district_id == Finding.district_id))
        .where(Finding.district_id == part.row.district_id, Finding.department_inspection == part.row.number)
        .order_by(Finding.item)
    )
    pending = samples.pending_items(session, part.row)
    return [
        {
            "item": name or finding.item,
            "result": "待检验结果"
            if finding.item in pending
            else "未检查"
            if not finding.checked
            else "发现问题"
            if finding.problem
            else "未发现问题",
            "problem": finding.problem,
            "category": _category(finding.category, today),
            "clause": finding.clause,
            "handling": finding.handling,
            "note": finding.note,
        }
        for finding, name in rows
    ]


def _object_rows(snapshot: dict[str, Any]) -> list[tuple[str, str]]:
    permits = "；".join(f"{p.get('name')}（至 {p.get('expires') or '长期'}）" for p in snapshot.get("permits") or [])
    pairs = (
        ("统一社会信用代码", _registry_link(str(snapshot.get("uscc") or ""))),
        ("类型", snapshot.get("kind")),
        ("地址", snapshot.get("address")),
        ("法定代表人（经营者）", snapshot.get("legal_representative")),
        ("联系人", f"{snapshot.get('contact') or ''} {snapshot.get('phone') or ''}".strip()),
        ("登记状态", snapshot.get("status")),
        ("许可", permits),
        ("经营范围", snapshot.get("business_scope")),
        ("待核事项", snapshot.get("to_verify")),
    )
    return [(label, value if isinstance(value, Markup) else str(value)) for label, value in pairs if value]


def _registry_link(uscc: str) -> Markup:
    """The code, leading to the object's page in the registry."""
    return Markup('<a class="number" href="{}">{}</a>').format(url_for("objects.show", uscc=uscc), uscc)


@blueprint.get("/inspections/<path:number>/door-proof")
@signed_in
def door(number: str) -> ResponseReturnValue:
    """What the firm is shown at its door: that it was drawn, by whose numbers, and how to check it."""
    with database().read() as session:
        inspection, _ = find_inspection(session, number)
        draw = records.draw(session, inspection.district_id, inspection.draw_id)
        text = door_proof(session, settings(), draw, inspection.uscc, now())
    if request.args.get("download"):
        response = make_response(text)
        response.headers["Content-Type"] = "application/json; charset=utf-8"
        name_file(response, f"{inspection.number.replace('/', '-')}.json")
        return response
    qr = draw_view.qr_code(door_proofs.address_of(draw.draw_id, inspection.uscc))
    return make_response(render_template("door_proof.html", inspection=inspection, draw=draw, text=text, qr=qr))
