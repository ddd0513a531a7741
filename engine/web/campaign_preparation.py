"""组织准备: a campaign's merged checklist, people and equipment, help from outside, and who signed for what."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.documents import pdf
from engine.errors import InvalidInput
from engine.inspection import checklists, commissions, dispatch_lists, preparation, tables
from engine.inspection.commissions import OFFICER, EndCommission, RecordCommission
from engine.inspection.joint_papers import checklist_paper
from engine.inspection.models import InspectedObject
from engine.web.campaigns import find_campaign
from engine.web.context import actor, database, departments, engine, now, settings
from engine.web.downloads import name_file
from engine.web.guards import requires_role, signed_in

blueprint = Blueprint("preparation", __name__)

TEXTS = ("department", "kind", "name", "members", "mandate", "document_number", "declaration", "conflicts")
STATES = {"待签收": "chip-amber", "已签收": "chip-green", "已退回": "chip-red"}


@blueprint.get("/campaigns/<number>/preparation")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """Everything that is agreed and prepared before anybody leaves for a visit."""
    return _page(number)


@blueprint.post("/campaigns/<number>/commissions")
@requires_role(OFFICER)
def commission(number: str) -> ResponseReturnValue:
    """Record a commissioned firm or expert; whatever is wrong, everything typed comes back."""
    typed = {name: request.form.get(name, "") for name in TEXTS}
    with database().read() as session:
        find_campaign(session, number)
    try:
        engine().execute(RecordCommission(campaign=number, **typed), actor=actor())
    except InvalidInput as error:
        return _page(number, typed, error.fields, status=422)
    flash(f"已登记委托协助：{typed['name'].strip()}。", "success")
    return redirect(url_for(".show", number=number, _anchor="commissions"), 303)


@blueprint.post("/campaigns/<number>/commissions/<commission_id>/end")
@requires_role(OFFICER)
def end(number: str, commission_id: str) -> ResponseReturnValue:
    """End a commission with a reason."""
    with database().read() as session:
        find_campaign(session, number)
    try:
        engine().execute(EndCommission(number, commission_id, request.form.get("reason", "")), actor=actor())
    except InvalidInput as error:
        flash(error.message, "error")
    else:
        flash("已解除委托。", "success")
    return redirect(url_for(".show", number=number, _anchor="commissions"), 303)


@blueprint.get("/campaigns/<number>/checklist.pdf")
@signed_in
def checklist_pdf(number: str) -> ResponseReturnValue:
    """The merged checklist on paper, with blanks."""
    with database().read() as session:
        campaign, _ = find_campaign(session, number)
        document = checklist_paper(campaign, checklists.of_campaign(session, campaign), departments())
    response = make_response(pdf.render(document))
    response.content_type = "application/pdf"
    name_file(response, f"联合检查表 {number}.pdf")
    return response


def _page(
    number: str, typed: dict[str, str] | None = None, errors: dict[str, list[str]] | None = None, *, status: int = 200
) -> ResponseReturnValue:
    with database().read() as session:
        campaign, instance = find_campaign(session, number)
        helpers = commissions.of_campaign(session, campaign)
        avoided = {code for row in helpers for code in row.conflicts}
        o = InspectedObject
        firms: dict[str, str] = dict(
            session.execute(sa.select(o.uscc, o.name).where(o.district_id == campaign.district_id, o.uscc.in_(avoided)))
            .tuples()
            .all()
        )
        organs = [campaign.lead, *campaign.participants]
        own = [code for code in organs if actor().has_role(OFFICER, code)]
        lists: list[Any] = dispatch_lists.of_campaign(session, campaign)
        page = render_template(
            "campaign_preparation.html", campaign=campaign, instance=instance,
            checklists=checklists.of_campaign(session, campaign) if campaign.plan else [],
            supplies={row.department: row for row in preparation.supplies(session, campaign)},
            equipment_words=preparation.equipment_words, organs=organs, commissions=helpers, firms=firms,
            kinds=tables.options(settings(), "commission-kind", now().date()),
            own=own if campaign.state not in ("已归档", "已作废") else [], lists=lists, states=STATES,
            typed=typed or {}, errors=errors or {},
        )  # fmt: skip
    return make_response(page, status)
