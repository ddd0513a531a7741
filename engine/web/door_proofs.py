"""A firm checks its own proof on its own phone: the inspector shows a code, the firm scans it.

The address carries a signed token that only people who may see the inspection can make, so
that nobody learns from it of any other firm.  Nothing is stored and nobody is counted.
"""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, make_response, render_template, url_for
from flask.typing import ResponseReturnValue
from itsdangerous import BadSignature, URLSafeSerializer
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import draw_log, records
from engine.inspection.disclosure import door_proof
from engine.inspection.draw_verify import verify
from engine.inspection.models import InspectedObject
from engine.web.context import database, now, settings
from engine.web.downloads import name_file
from engine.web.guards import public
from engine.web.security import secret_key

blueprint = Blueprint("door_proofs", __name__, url_prefix="/public/door")


def address_of(draw_id: str, uscc: str) -> str:
    """The address behind the code an inspector shows at the door of this firm."""
    return url_for("door_proofs.show", token=_tokens().dumps([draw_id, uscc]), _external=True)


def _tokens() -> URLSafeSerializer:
    return URLSafeSerializer(secret_key(settings()), salt="door-proof")


@blueprint.get("/<token>")
@public
def show(token: str) -> ResponseReturnValue:
    """What the proof says, computed by the server at once and by the firm's own browser when asked."""
    with database().read() as session:
        draw_id, uscc, text = _proof(session, token)
        name = session.scalar(
            sa.select(InspectedObject.name).where(
                InspectedObject.district_id == settings().district_id, InspectedObject.uscc == uscc
            )
        )
    key = draw_log.public_key_hex(draw_log.log_key(settings().data_dir))
    report = verify({"door-proof.json": text}, log_key=key)
    page = render_template(
        "public/door.html", draw_id=draw_id, uscc=uscc, name=name, report=report, token=token, log_key=key
    )
    return _private(make_response(page))


@blueprint.get("/<token>/door-proof.json")
@public
def proof(token: str) -> ResponseReturnValue:
    """The proof as a file, to be kept and checked anywhere."""
    with database().read() as session:
        draw_id, uscc, text = _proof(session, token)
    response = make_response(text)
    response.headers["Content-Type"] = "application/json; charset=utf-8"
    name_file(response, f"{draw_id}-{uscc}.json")
    return _private(response)


def _private(response: Response) -> Response:
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Robots-Tag"] = "noindex"
    return response


def _proof(session: Session, token: str) -> tuple[str, str, str]:
    """Draw, firm and proof of a token.  Raises :class:`NotFound` for one we did not make."""
    try:
        draw_id, uscc = _tokens().loads(token)
    except (BadSignature, ValueError):
        raise NotFound("这个核验码无效。请让检查人员重新出示，或改用核验文件。") from None
    draw = records.draw(session, settings().district_id, draw_id)
    return draw_id, uscc, door_proof(session, settings(), draw, uscc, now())
