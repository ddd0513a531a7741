"""A draw witness on an own phone: log the digest first, reveal the part when all have logged.

The task behind it is the one of the inbox; this page says at every moment what is to be
done, and never asks the person to find it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.commands.complete_task import CompleteTask
from engine.errors import Conflict, Forbidden, InvalidInput
from engine.inspection import draws
from engine.inspection.models import Draw, DrawWitness
from engine.models import TaskCandidate, UserTask
from engine.web import ceremony_view, draw_view
from engine.web.ceremony import visible_draw
from engine.web.context import actor, database, engine, now
from engine.web.guards import signed_in

blueprint = Blueprint("witness", __name__)

POLL_SECONDS = 2
FORMS = {"log": "witness-log", "reveal": "witness-reveal"}


@dataclass(frozen=True)
class Seat:
    """A witness of a draw, with the others."""

    draw: Draw
    mine: DrawWitness
    witnesses: Sequence[DrawWitness]

    @property
    def state(self) -> str:
        return draw_view.STATES.get(self.draw.state, self.draw.state)

    @property
    def all_logged(self) -> bool:
        return all(w.logged_at is not None for w in self.witnesses)

    @property
    def waiting(self) -> list[str]:
        """Who has not done what is to be done now."""
        return [w.name for w in self.witnesses if (w.revealed_at if self.all_logged else w.logged_at) is None]

    @property
    def step(self) -> str:
        """log, wait (for the others to log), reveal, done or ended."""
        if self.draw.state != "committed":
            return "ended"
        if self.mine.logged_at is None:
            return "log"
        if self.mine.revealed_at is None:
            return "reveal" if self.all_logged else "wait"
        return "done"

    @property
    def tag(self) -> str:
        """What this witness's page depends on.  Others' acts count only while waiting: a form must not be loaded anew
        under somebody's hands.
        """
        others = len(self.waiting) if self.step in ("wait", "done") else ""
        return f"{self.draw.state}.{self.step}.{others}"


@blueprint.get("/draws/<draw_id>/witness")
@signed_in
def show(draw_id: str) -> ResponseReturnValue:
    """What the witness has to do now."""
    return _page(draw_id)


@blueprint.get("/draws/<draw_id>/witness/state")
@signed_in
def state(draw_id: str) -> ResponseReturnValue:
    """204 while nothing changed for the witness, else the order to load the page anew."""
    with database().read() as session:
        seat = _seat(session, draw_id)
    response = make_response("", 204 if seat.tag == request.args.get("seen") else 200)
    if response.status_code == 200:
        response.headers["HX-Refresh"] = "true"
    response.headers["Cache-Control"] = "no-store"
    return response


@blueprint.post("/draws/<draw_id>/witness/log")
@signed_in
def log(draw_id: str) -> ResponseReturnValue:
    """Log the digest of this device's part."""
    values = {"logged_sha256": _field("logged_sha256").lower(), "confirmed": request.form.get("confirmed") == "true"}
    return _submit(draw_id, "log", values, "摘要已登记。请不要清除浏览数据，等其他监督人登记后在本机公开。")


@blueprint.post("/draws/<draw_id>/witness/reveal")
@signed_in
def reveal(draw_id: str) -> ResponseReturnValue:
    """Reveal what was logged."""
    values = {"nonce": _field("nonce"), "part": _field("part")}
    return _submit(draw_id, "reveal", values, "随机因子已公开，与登记的摘要一致。")


def _field(name: str) -> str:
    return request.form.get(name, "").strip()[:400]


def _submit(draw_id: str, step: str, values: dict[str, Any], done: str) -> ResponseReturnValue:
    """Complete the witness's open task; too early, too late and twice are told, and nothing typed is lost."""
    with database().read() as session:
        seat = _seat(session, draw_id)
        task = _open_task(session, seat.draw, FORMS[step])
    if task is None:
        flash(_why_not(seat, step), "warning")
        return redirect(url_for(".show", draw_id=draw_id), 303)
    try:
        engine().execute(CompleteTask(task.id, task.version, values), actor=actor())
    except InvalidInput as error:
        return _page(draw_id, error.fields or {"": [error.message]}, values, 422)
    except Conflict as error:
        flash(error.message, "warning")
    else:
        flash(done, "success")
    return redirect(url_for(".show", draw_id=draw_id), 303)


def _why_not(seat: Seat, step: str) -> str:
    """Why this step cannot be done now."""
    if seat.draw.state != "committed":
        return f"本次抽取{seat.state}，不再接受随机因子。"
    if step == "log" and seat.mine.logged_at is not None:
        return "您已经登记过摘要，不能更改。"
    if seat.mine.revealed_at is not None:
        return "您已经公开过随机因子。"
    if not seat.all_logged:
        return f"还不能公开：{'、'.join(seat.waiting)}尚未登记摘要。全部登记后本页会自动转到公开这一步。"
    return "现在没有等您办理的步骤，请看抽取现场。"


def _seat(session: Session, draw_id: str) -> Seat:
    """Where the witness who asks sits; :class:`Forbidden` for everybody else who may see the draw."""
    row = visible_draw(session, draw_id)
    witnesses = draws.witnesses_of(session, row)
    mine = next((w for w in witnesses if w.user_id == actor().user_id), None)
    if mine is None:
        raise Forbidden("您不是本次抽取的监督人。请用监督人本人的账号登录；旁观请打开抽取现场。")
    return Seat(row, mine, witnesses)


def _open_task(session: Session, row: Draw, form: str) -> UserTask | None:
    """The witness's open task of that form that belongs to this draw; a candidate who is alone is its assignee."""
    named = sa.exists().where(TaskCandidate.task_id == UserTask.id, TaskCandidate.user_id == actor().user_id)
    found = session.scalars(
        sa.select(UserTask).where(
            UserTask.district_id == row.district_id, UserTask.state == "open", UserTask.form_key == form,
            sa.or_(UserTask.assignee_id == actor().user_id, named),
        )
    )  # fmt: skip
    return next((t for t in found if engine().task_view(session, t).data.get("draw_id") == row.draw_id), None)


def _page(
    draw_id: str, errors: dict[str, list[str]] | None = None, values: dict[str, Any] | None = None, status: int = 200
) -> ResponseReturnValue:
    with database().read() as session:
        seat = _seat(session, draw_id)
        limit = ceremony_view.reveal_limit(session, seat.draw)
    page = render_template(
        "witness.html", row=seat.draw, seat=seat, mine=seat.mine, step=seat.step, errors=errors or {},
        values=values or {}, poll_seconds=POLL_SECONDS, limit=limit,
        left=ceremony_view.time_left(limit, now()) if limit else "",
    )  # fmt: skip
    return make_response(page, status)
