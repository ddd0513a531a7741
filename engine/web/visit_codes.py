"""扫码入企: the code of one visit, its public page for the firm, and the firm's confirmation.

The address carries a signed token of the department inspection, so nobody learns of another firm by trying
addresses.  Opening the page stores nothing; only the button does.
"""

from __future__ import annotations

from flask import Blueprint, Response, flash, make_response, redirect, render_template, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer

from engine.errors import Conflict, NotFound
from engine.inspection.visit_code import FIRM, ConfirmVisit, visit_facts
from engine.web import door_proofs, draw_view
from engine.web.context import database, engine, now, settings
from engine.web.guards import public, signed_in
from engine.web.security import secret_key
from engine.web.task_lookup import find_task

blueprint = Blueprint("visit_codes", __name__)


def address_of(number: str) -> str:
    """The address behind the code of a department's visit."""
    return url_for("visit_codes.show", token=_tokens().dumps(number), _external=True)


def _tokens() -> URLSafeSerializer:
    return URLSafeSerializer(secret_key(settings()), salt="visit-code")


def _number(token: str) -> str:
    try:
        return str(_tokens().loads(token))
    except (BadSignature, ValueError):
        raise NotFound("这个入企码无效。请让检查人员重新出示，并核对执法证件和检查通知书。") from None


@blueprint.get("/tasks/<task_id>/visit-code")
@signed_in
def code(task_id: str) -> ResponseReturnValue:
    """The code as a picture, for the step at which the inspectors stand at the door."""
    with database().read() as session:
        task = find_task(session, task_id)
    if task.process_key != "department-inspection":
        raise NotFound("这个步骤没有入企码。")
    picture = str(draw_view.qr_code(address_of(task.business_key)))
    if "xmlns" not in picture.partition(">")[0]:  # inside a page it needs none, as a file of its own it does
        picture = picture.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1)
    response = make_response(picture)
    response.headers["Content-Type"] = "image/svg+xml"
    return _private(response)


@blueprint.get("/public/visit/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """Who comes, from which organ, for what, with which certificates, and how to check that the firm was drawn."""
    with database().read() as session:
        facts = visit_facts(session, settings().district_id, _number(token))
    proof = None
    if facts.draw.state == "drawn":
        proof = door_proofs.address_of(facts.draw.draw_id, facts.inspection.uscc)
    page = render_template(
        "public/visit.html", facts=facts, token=token, proof=proof,
        lapsed=facts.lapsed(now(), settings().timezone),
    )  # fmt: skip
    return _private(make_response(page))


@blueprint.post("/public/visit/<token>/confirm")
@public
def confirm(token: str) -> ResponseReturnValue:
    """The firm says that the inspectors are there."""
    try:
        engine().execute(ConfirmVisit(_number(token)), actor=FIRM)
    except Conflict as error:
        flash(error.message, "error")
    return redirect(url_for(".show", token=token), 303)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response
