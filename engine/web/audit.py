"""Audit (审计监督): full draw records against a stated purpose, and the soundness of the whole history."""

from __future__ import annotations

import io

import orjson
import sqlalchemy as sa
from flask import Blueprint, make_response, render_template, request, send_file
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.export_root import ExportRoot
from engine.errors import Conflict, InvalidInput
from engine.history import Verification, verify
from engine.inspection import disclosure, escrow, records
from engine.inspection.hand_over import AUDITOR, HandRecordToAuditor, not_yet
from engine.inspection.models import DrawLogEntry
from engine.models import HistoryEvent
from engine.web import draw_view
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import requires_role
from engine.web.navigation import NavItem

KEEPERS = (AUDITOR, "系统管理员")
blueprint = Blueprint("audit", __name__, url_prefix="/audit")
NAV = (
    NavItem("抽取审计", "audit.draws", "search", 30, "/audit/draws", roles=frozenset({AUDITOR}), group="审计"),
    NavItem("记录核验", "audit.history", "lock", 31, "/audit/history", roles=frozenset(KEEPERS), group="审计"),
)
MAX_ROOT = 2_000_000


@blueprint.get("/draws")
@requires_role(AUDITOR)
def draws() -> ResponseReturnValue:
    """Every draw, whether its full record can be had yet, and who had it before."""
    with database().read() as session:
        rows = draw_view.list_draws(session, settings().district_id)
        handed = _handed(session)
    return render_template("audit/draws.html", rows=rows, handed=handed, states=draw_view.STATES, tones=draw_view.TONES)


def _handed(session: Session) -> dict[str, int]:
    counts = session.execute(
        sa.select(DrawLogEntry.draw_id, sa.func.count())
        .where(DrawLogEntry.district_id == settings().district_id, DrawLogEntry.kind == "audit")
        .group_by(DrawLogEntry.draw_id)
    )
    return {draw_id: count for draw_id, count in counts}


@blueprint.get("/draws/<draw_id>")
@requires_role(AUDITOR)
def draw(draw_id: str) -> ResponseReturnValue:
    """One draw: ask for its full record, see who had it."""
    return _draw_page(draw_id)


def _draw_page(
    draw_id: str, errors: dict[str, list[str]] | None = None, purpose: str = "", status: int = 200
) -> ResponseReturnValue:
    with database().read() as session:
        row = records.draw(session, settings().district_id, draw_id)
        view = draw_view.view(session, row)
        refused = not_yet(disclosure.task_ended(session, row), row)
        shares = escrow.holders(session, row)
    page = render_template(
        "audit/draw.html", row=row, view=view, refused=refused, errors=errors or {}, purpose=purpose, shares=shares
    )
    return make_response(page, status)


@blueprint.post("/draws/<draw_id>")
@requires_role(AUDITOR)
def hand_over(draw_id: str) -> ResponseReturnValue:
    """The full record as a ZIP; the handing over is public from now on."""
    purpose = request.form.get("purpose", "")
    try:
        content = engine().execute(HandRecordToAuditor(draw_id, purpose), actor=actor())
    except InvalidInput as error:
        return _draw_page(draw_id, error.fields, purpose, 422)
    except Conflict as error:
        return _draw_page(draw_id, {"purpose": [error.message]}, purpose, 409)
    return send_file(
        io.BytesIO(content), mimetype="application/zip", as_attachment=True, download_name=f"{draw_id}-完整记录.zip"
    )


@blueprint.get("/history")
@requires_role(*KEEPERS)
def history() -> ResponseReturnValue:
    """How much is recorded and sealed; verify it, export its root."""
    return _history_page()


def _history_page(result: Verification | None = None, error: str = "", compared: str = "") -> ResponseReturnValue:
    with database().read() as session:
        district = HistoryEvent.district_id == settings().district_id
        events = session.scalar(sa.select(sa.func.count()).select_from(HistoryEvent).where(district)) or 0
        last = session.scalar(sa.select(sa.func.max(HistoryEvent.position)).where(district))
        exports = session.execute(
            sa.select(HistoryEvent.at, HistoryEvent.actor_name, HistoryEvent.body)
            .where(district, HistoryEvent.kind == "history-root-exported")
            .order_by(HistoryEvent.seq.desc())
            .limit(10)
        ).all()
    page = render_template(
        "audit/history.html", events=events, sealed=0 if last is None else last + 1, result=result, error=error,
        compared=compared, exports=[(e.at, e.actor_name, orjson.loads(e.body)) for e in exports],
    )  # fmt: skip
    return make_response(page, 422 if error else 200)


@blueprint.post("/history/verify")
@requires_role(*KEEPERS)
def verify_history() -> ResponseReturnValue:
    """Recompute every link and compare with a root kept elsewhere, when one is given."""
    upload = request.files.get("root")
    root, compared = None, ""
    try:
        if upload is not None and upload.filename:
            root = _root(upload.read(MAX_ROOT + 1))
            compared = upload.filename
        with database().read() as session:
            result = verify(session, settings().district_id, root)
    except InvalidInput as error:
        return _history_page(error=error.message)
    return _history_page(result, compared=compared)


def _root(data: bytes) -> dict[str, object]:
    try:
        root = orjson.loads(data) if len(data) <= MAX_ROOT else None
    except orjson.JSONDecodeError:
        root = None
    if not isinstance(root, dict):
        raise InvalidInput("这不是导出的历史根文件（JSON），请选择以前在本页导出的文件。")
    return root


@blueprint.post("/history/root")
@requires_role(*KEEPERS)
def export() -> ResponseReturnValue:
    """The present root, to be kept by somebody who does not keep the database."""
    root = engine().execute(ExportRoot(), actor=actor())
    name = f"history-root-{now().date().isoformat()}-{root['size']}.json"
    return send_file(
        io.BytesIO(orjson.dumps(root, option=orjson.OPT_INDENT_2) + b"\n"), mimetype="application/json",
        as_attachment=True, download_name=name,
    )  # fmt: skip
