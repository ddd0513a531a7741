"""The ceremony of a draw on a wall screen and on phones: commitment, witnesses live, then the result.

For everybody in the scope of the campaign and its witnesses.  A protected draw shows no
object here: the screen hangs in a room.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import records
from engine.inspection.models import Draw, DrawnObject, DrawWitness, InspectedObject
from engine.models import ProcessInstance
from engine.scope import instance_in_scope
from engine.web import draw_view
from engine.web.context import actor, database, settings
from engine.web.guards import signed_in

blueprint = Blueprint("ceremony", __name__)

POLL_SECONDS = 3
LISTED = 200


@blueprint.get("/draws/<draw_id>/ceremony")
@signed_in
def show(draw_id: str) -> ResponseReturnValue:
    """The whole page; its state is refreshed by itself while the draw is open."""
    with database().read() as session:
        row = _visible_draw(session, draw_id)
        fragment, tag = _state(session, row)
    return render_template(
        "ceremony.html", row=row, fragment=Markup(fragment), tag=tag, poll_seconds=POLL_SECONDS,
        state=draw_view.STATES.get(row.state, row.state), tone=draw_view.TONES.get(row.state, ""),
        qr=draw_view.qr_code(url_for("public.draw", draw_id=draw_id, _external=True)),
    )  # fmt: skip


@blueprint.get("/draws/<draw_id>/ceremony/state")
@signed_in
def state(draw_id: str) -> ResponseReturnValue:
    """The changing part; 304 or 204 when nothing changed since the reader's copy."""
    with database().read() as session:
        fragment, tag = _state(session, _visible_draw(session, draw_id))
    if request.args.get("seen") == tag:
        return _cached(make_response("", 204), tag)
    return _cached(make_response(fragment), tag).make_conditional(request)


def _cached(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def _visible_draw(session: Session, draw_id: str) -> Draw:
    """The draw for people in scope of its campaign and for its witnesses; :class:`NotFound` for all others."""
    row = records.draw(session, settings().district_id, draw_id)
    seen = session.scalar(
        sa.select(ProcessInstance.id).where(
            ProcessInstance.district_id == row.district_id,
            ProcessInstance.process_key == "joint-inspection",
            ProcessInstance.business_key == row.campaign,
            instance_in_scope(actor(), ProcessInstance.id),
        )
    )
    witness = session.scalar(
        sa.select(DrawWitness.id).where(
            DrawWitness.district_id == row.district_id,
            DrawWitness.draw_id == draw_id,
            DrawWitness.user_id == actor().user_id,
        )
    )
    if seen is None and witness is None:
        raise NotFound(f"抽取 {draw_id} 不存在。")
    return row


def _state(session: Session, row: Draw) -> tuple[str, str]:
    """The fragment and a tag that changes exactly when it does."""
    view = draw_view.view(session, row)
    objects = _objects(session, row) if row.state == "drawn" and row.disclosure == "open" else []
    bare = render_template(
        "ceremony_state.html", row=row, view=view, objects=objects, seed=_seed(view), tag="", poll_seconds=POLL_SECONDS
    )
    tag = hashlib.sha256(bare.encode()).hexdigest()[:16]
    return render_template(
        "ceremony_state.html", row=row, view=view, objects=objects, seed=_seed(view), tag=tag,
        poll_seconds=POLL_SECONDS,
    ), tag  # fmt: skip


def _seed(view: draw_view.DrawView) -> str:
    """The seed as the public log states it, empty before the draw."""
    for entry in view.entries:
        fields = entry.leaf.split("\t")
        if fields[0] == "result":
            return fields[3]
    return ""


def _objects(session: Session, row: Draw) -> list[tuple[int, str, str]]:
    """Rank, name and address of the objects drawn openly, in the order of their tickets; no pairs."""
    rows = session.execute(
        sa.select(DrawnObject.rank, InspectedObject.name, InspectedObject.address)
        .join(
            InspectedObject,
            sa.and_(InspectedObject.district_id == DrawnObject.district_id, InspectedObject.uscc == DrawnObject.uscc),
        )
        .where(
            DrawnObject.district_id == row.district_id, DrawnObject.draw_id == row.draw_id,
            DrawnObject.failed_reason == "",
        )
        .order_by(DrawnObject.rank)
        .limit(LISTED)
    )  # fmt: skip
    return [(r.rank, r.name, r.address) for r in rows]
