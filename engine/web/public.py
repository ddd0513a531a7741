"""What anybody may see without signing in: plans, results, penalties, draws and how to verify them (R27, R40, R58)."""

from __future__ import annotations

import io
import json
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import disclosure, draw_register, records
from engine.inspection.draw_record import zip_record
from engine.inspection.models import Draw, DrawLogEntry, DrawWitness, Publication
from engine.web.context import database, engine, settings
from engine.web.guards import public

blueprint = Blueprint("public", __name__, url_prefix="/public")

PAGE = 30
KINDS = {"result": "抽查结果", "plan": "抽查计划", "penalty": "行政处罚"}
DRAW_STATES = {
    "committed": "名单已封存", "drawn": "已抽取", "aborted": "已中止", "annulled": "已作废", "imported": "省工作平台抽取",
}  # fmt: skip


@blueprint.get("")
@public
def index() -> ResponseReturnValue:
    """The newest of everything, and what can be checked here."""
    with database().read() as session:
        latest = {kind: _publications(session, kind, "", None, 5)[0] for kind in KINDS}
        draws = _draws(session, 5)
    return render_template("public/index.html", latest=latest, kinds=KINDS, draws=draws, draw_states=DRAW_STATES)


@blueprint.get("/<any(results, plans, penalties):section>")
@public
def listing(section: str) -> ResponseReturnValue:
    """One kind of publication, newest first; the search finds firms and organs in what was published."""
    kind = {"results": "result", "plans": "plan", "penalties": "penalty"}[section]
    search = request.args.get("q", "").strip()[:80]
    before = request.args.get("before") or None
    with database().read() as session:
        found, following = _publications(session, kind, search, before, PAGE)
    return render_template(
        "public/listing.html", section=section, kind=kind, title=KINDS[kind], found=found, search=search,
        following=url_for(".listing", section=section, q=search or None, before=following) if following else None,
    )  # fmt: skip


def _publications(
    session: Session, kind: str, search: str, before: str | None, limit: int
) -> tuple[list[Publication], str | None]:
    statement = sa.select(Publication).where(
        Publication.district_id == settings().district_id, Publication.kind == kind, Publication.state == "published"
    )
    if search:
        words = sa.cast(Publication.content, sa.Text)
        # JSON text may hold Chinese as such (ours does) – the escaped form is searched too.
        escaped = json.dumps(search)[1:-1]
        statement = statement.where(
            sa.or_(words.contains(search, autoescape=True), words.contains(escaped, autoescape=True))
        )
    if before:
        statement = statement.where(Publication.id < before)
    rows = list(session.scalars(statement.order_by(Publication.id.desc()).limit(limit + 1)))
    return rows[:limit], rows[limit - 1].id if len(rows) > limit else None


@blueprint.get("/publications/<publication_id>")
@public
def publication(publication_id: str) -> ResponseReturnValue:
    """One publication, exactly the content that was released."""
    with database().read() as session:
        try:
            row = session.get(Publication, publication_id)
        except sa.exc.StatementError:
            row = None
        if row is None or row.state not in {"published", "withdrawn"}:
            raise NotFound("没有找到该公示信息，可能链接有误。")
    return render_template("public/publication.html", row=row, title=KINDS[row.kind])


@blueprint.get("/draws")
@public
def draws() -> ResponseReturnValue:
    """Every draw ever committed, aborted and annulled ones included: numbers have no gaps."""
    with database().read() as session:
        found = _draws(session, 200)
    return render_template("public/draws.html", draws=found, draw_states=DRAW_STATES)


def _draws(session: Session, limit: int) -> list[Draw]:
    return list(
        session.scalars(
            sa.select(Draw)
            .where(Draw.district_id == settings().district_id)
            .order_by(Draw.year.desc(), Draw.id.desc())
            .limit(limit)
            .options(sa.orm.defer(Draw.files))
        )
    )


@blueprint.get("/draws/<draw_id>")
@public
def draw(draw_id: str) -> ResponseReturnValue:
    """One draw: its commitment, witnesses, log entries, and what anybody can verify now and later."""
    with database().read() as session:
        row = records.draw(session, settings().district_id, draw_id)
        shown = disclosure.commitment(session, row)
        witnesses = list(
            session.scalars(
                sa.select(DrawWitness).where(DrawWitness.draw_id == draw_id).order_by(DrawWitness.position)
            )
        )
        entries = list(
            session.scalars(
                sa.select(DrawLogEntry)
                .where(DrawLogEntry.district_id == row.district_id, DrawLogEntry.draw_id == draw_id)
                .order_by(DrawLogEntry.index)
            )
        )
        files = sorted(disclosure.public_record(session, settings(), row, engine().clock()))
        ended = disclosure.task_ended(session, row)
    return render_template(
        "public/draw.html", row=row, shown=shown, witnesses=witnesses, entries=entries, files=files, ended=ended,
        state=DRAW_STATES.get(row.state, row.state),
    )  # fmt: skip


@blueprint.get("/draws/<draw_id>/record.zip")
@public
def record(draw_id: str) -> ResponseReturnValue:
    """The public level of the record, as the disclosure class allows today."""
    with database().read() as session:
        row = records.draw(session, settings().district_id, draw_id)
        files = disclosure.public_record(session, settings(), row, engine().clock())
    return send_file(
        io.BytesIO(zip_record(files)), mimetype="application/zip", as_attachment=True,
        download_name=f"{draw_id}.zip",
    )  # fmt: skip


@blueprint.get("/draws/log.json")
@public
def log() -> ResponseReturnValue:
    """The signed head of the append-only draw log, for whoever keeps copies of it."""
    with database().read() as session:
        head: dict[str, Any] = dict(draw_register.signed_head(session, settings(), engine().clock()))
        head["leaves"] = draw_register.leaves(session, settings().district_id)
    return head


@blueprint.get("/verify")
@public
def verify() -> ResponseReturnValue:
    """The verifier: runs in the browser, also saved to disk, and says what it can and cannot check."""
    return render_template("public/verify.html", draw_id=request.args.get("draw", ""))
