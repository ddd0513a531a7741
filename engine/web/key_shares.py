"""密钥份额: what a holder keeps of the keys of protected draws; each share is downloaded once, after the draw."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, Response, render_template, request
from flask.typing import ResponseReturnValue

from engine.inspection import escrow
from engine.inspection.draw_commands import AUDITOR, HEAD, WITNESS, CollectKeyShare, share_holder
from engine.inspection.models import Draw, DrawKeyShare
from engine.web.context import actor, database, departments, engine, settings
from engine.web.downloads import name_file
from engine.web.guards import requires_role
from engine.web.navigation import NavItem

HOLDERS = (WITNESS, AUDITOR, HEAD)
blueprint = Blueprint("key_shares", __name__)
NAV = (NavItem("密钥份额", "key_shares.index", "lock", 33, "/key-shares", roles=frozenset(HOLDERS[:2]), group="监管"),)
LIMIT = 200


@blueprint.get("/key-shares")
@requires_role(*HOLDERS)
def index() -> ResponseReturnValue:
    """The shares the reader may keep, those not yet collected first."""
    mine = [code for code in (*departments(), escrow.AUDIT) if share_holder(actor(), code)]
    with database().read() as session:
        rows = session.execute(
            sa.select(DrawKeyShare, Draw)
            .join(Draw, sa.and_(Draw.district_id == DrawKeyShare.district_id, Draw.draw_id == DrawKeyShare.draw_id))
            .where(DrawKeyShare.district_id == settings().district_id, DrawKeyShare.holder.in_(mine))
            .order_by(DrawKeyShare.collected_at.is_not(None), Draw.committed_at.desc())
            .limit(LIMIT)
        ).all()
    return render_template("key_shares.html", rows=rows, holder=holder_name, may_collect=escrow.may_collect)


@blueprint.post("/key-shares/<draw_id>")
@requires_role(*HOLDERS)
def collect(draw_id: str) -> ResponseReturnValue:
    """Hand a holder its share as a file; it is not kept here any longer."""
    holder = request.form.get("holder", "")
    text = engine().execute(CollectKeyShare(draw_id, holder), actor=actor())
    reply = Response(text, mimetype="application/json")
    name_file(reply, f"key-share-{draw_id}-{holder}.json")
    reply.headers["Cache-Control"] = "no-store"
    return reply


def holder_name(code: str) -> str:
    """A holder as people call it."""
    return "审计监督" if code == escrow.AUDIT else departments().get(code, code)
