"""The ceremony of a draw (抽取现场) on a wall screen: commitment, witnesses live, then the result.

For everybody in the scope of the campaign and its witnesses.
"""

from __future__ import annotations

import hashlib
import io

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from sqlalchemy.orm import Session

from engine.documents import pdf
from engine.errors import NotFound
from engine.inspection import disclosure, draw_log, draw_minutes, draws, records
from engine.inspection.models import Draw, DrawWitness
from engine.models import ProcessInstance
from engine.scope import instance_in_scope
from engine.web import ceremony_view, draw_view
from engine.web.context import actor, database, now, settings
from engine.web.guards import signed_in

blueprint = Blueprint("ceremony", __name__)

POLL_SECONDS = 2


@blueprint.get("/draws/<draw_id>/ceremony")
@signed_in
def show(draw_id: str) -> ResponseReturnValue:
    """The whole page, ``?screen=1`` for a projector; its state is refreshed by itself while the draw is open."""
    screen = bool(request.args.get("screen"))
    with database().read() as session:
        row = visible_draw(session, draw_id)
        fragment = _state(session, row, screen)
    return render_template("ceremony.html", row=row, fragment=Markup(fragment), screen=screen)


@blueprint.get("/draws/<draw_id>/ceremony/state")
@signed_in
def state(draw_id: str) -> ResponseReturnValue:
    """The changing part; 304 or 204 when nothing changed since the reader's copy."""
    screen = bool(request.args.get("screen"))
    with database().read() as session:
        row = visible_draw(session, draw_id)
        tag = _tag(session, row)
        # A record has megabytes and many screens ask every other second: read nothing when nothing changed.
        if request.args.get("seen") == tag:
            return _cached(make_response("", 204), tag)
        fragment = _state(session, row, screen, fresh=True)
    return _cached(make_response(fragment), tag).make_conditional(request)


@blueprint.get("/draws/<draw_id>/record.pdf")
@signed_in
def minutes(draw_id: str) -> ResponseReturnValue:
    """The minutes to be signed, in the edition for the people of the campaign and its witnesses."""
    with database().read() as session:
        row = visible_draw(session, draw_id)
        document = draw_minutes.minutes(
            session, settings(), row, internal=True, address=url_for("public.draw", draw_id=draw_id, _external=True),
            log_key=draw_log.public_key_hex(draw_log.log_key(settings().data_dir)),
        )  # fmt: skip
    return send_file(
        io.BytesIO(pdf.render(document)), mimetype="application/pdf", download_name=f"抽取记录-{draw_id}.pdf"
    )


def _cached(response: Response, tag: str) -> Response:
    response.set_etag(tag)
    response.headers["Cache-Control"] = "private, no-cache"
    return response


def visible_draw(session: Session, draw_id: str) -> Draw:
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


def _tag(session: Session, row: Draw) -> str:
    """What the fragment depends on; it changes exactly when the fragment does, but for the time that is left."""
    acts = [(w.position, w.logged_at, w.revealed_at) for w in draws.witnesses_of(session, row)]
    known = (row.state, row.reason, acts, disclosure.task_ended(session, row))
    return hashlib.sha256(repr(known).encode()).hexdigest()[:16]


def _state(session: Session, row: Draw, screen: bool, *, fresh: bool = False) -> str:
    """The fragment; ``fresh`` when it replaces what somebody looks at."""
    view = draw_view.view(session, row)
    limit = ceremony_view.reveal_limit(session, row)
    return render_template(
        "ceremony_state.html", row=row, view=view, screen=screen, fresh=fresh, limit=limit, tag=_tag(session, row),
        left=ceremony_view.time_left(limit, now()) if limit else "", now_is=ceremony_view.now_in_words(view),
        outcome=ceremony_view.outcome(session, view), poll_seconds=POLL_SECONDS, listed=ceremony_view.LISTED,
        mine=any(w.user_id == actor().user_id for w in view.witnesses),
        qr=draw_view.qr_code(url_for("public.draw", draw_id=row.draw_id, _external=True)),
        witness_qr=draw_view.qr_code(url_for("witness.show", draw_id=row.draw_id, _external=True)),
    )  # fmt: skip
