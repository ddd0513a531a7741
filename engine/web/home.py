"""The address without a path and the health check."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, redirect, url_for
from flask.typing import ResponseReturnValue

from engine.web import navigation
from engine.web.context import database
from engine.web.guards import public, signed_in

blueprint = Blueprint("home", __name__)


@blueprint.get("/")
@signed_in
def index() -> ResponseReturnValue:
    """A person lands on the first page of the navigation, the inbox."""
    entries = navigation.visible()
    return redirect(url_for(entries[0].endpoint if entries else "auth.password"))


@blueprint.get("/health")
@public
def health() -> ResponseReturnValue:
    """200 when the server answers and its database can be read; for load balancers and start scripts."""
    with database().read() as session:
        session.execute(sa.text("SELECT 1"))
    return {"status": "ok"}
