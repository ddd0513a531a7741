"""Opening what follows a finding by hand, from the page of the case it comes of (另行启动)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, redirect, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import InvalidInput, LianjianError
from engine.inspection.follow_ups import Kind
from engine.inspection.open_follow_up import OpenFollowUp, openable
from engine.models import ProcessInstance
from engine.scope import scope
from engine.web.cases import find_instance, page_of, process_words
from engine.web.context import actor, database, engine, now, settings
from engine.web.guards import signed_in

blueprint = Blueprint("follow_ups", __name__)


@blueprint.app_context_processor
def _helpers() -> dict[str, Any]:
    """``openable_of(instance)`` for the pages of cases."""
    return {"openable_of": openable_of}


def openable_of(instance: ProcessInstance | None) -> list[Kind]:
    """What the reader may open from this case; nothing once it has been ended by somebody."""
    if instance is None or instance.status == "terminated":
        return []
    with database().read() as session:
        return openable(session, settings(), actor(), instance, now())


@blueprint.post("/cases/<instance_id>/follow-ups")
@signed_in
def open_by_hand(instance_id: str) -> ResponseReturnValue:
    """Open one and go to its page, where its first task waits."""
    kind = request.form.get("kind", "").strip()
    try:
        if not kind:
            raise InvalidInput("请先选择要启动的程序。", fields={"kind": ["请选择。"]})
        opened = engine().execute(OpenFollowUp(instance_id, kind), actor=actor())
    except LianjianError as error:
        with database().read() as session:
            page = page_of(find_instance(session, instance_id))
        flash(error.message, "error")
        return redirect(page, 303)
    with database().read() as session:
        origin = page_of(find_instance(session, instance_id))
        known = session.scalar(scope(sa.select(ProcessInstance.id).where(ProcessInstance.id == opened), actor()))
    if known is None:  # a crime transfer: from now on only those who work on it know it (ADR 0034)
        flash(f"已启动“{process_words()[kind]}”，由机关负责人办理；知悉范围限于办理人员，您看不到办理页面。", "success")
        return redirect(origin, 303)
    flash(f"已启动“{process_words()[kind]}”，请办理下面的第一项任务。", "success")
    return redirect(url_for("cases.by_instance", instance_id=opened), 303)
