"""重点领域: the register of special key areas (R1, R12, R53)."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from engine.inspection import item_adjustments, special_area_changes
from engine.inspection.item_models import SpecialArea
from engine.inspection.item_validity import state_of
from engine.inspection.opening import OFFICER
from engine.web.context import actor, database, departments, settings
from engine.web.guards import signed_in
from engine.web.items import CHIPS, own_departments, today

blueprint = Blueprint("items_areas", __name__)


class _Dated:
    """An area with the words of :mod:`engine.inspection.item_validity`."""

    def __init__(self, area: SpecialArea) -> None:
        self.published = area.published_at is not None
        self.valid_from, self.valid_until = area.valid_from, area.valid_until


@blueprint.get("/items/areas")
@signed_in
def index() -> ResponseReturnValue:
    """Every area with its scope, frequency, approval and term."""
    with database().read() as session:
        areas = session.scalars(
            sa.select(SpecialArea)
            .where(SpecialArea.district_id == settings().district_id)
            .order_by(SpecialArea.department, SpecialArea.code)
        ).all()
        busy = item_adjustments.under_way(session, settings().district_id, [area.code for area in areas])
    names = departments()
    return render_template(
        "items/areas.html", areas=areas, chips=CHIPS, busy=busy,
        states={area.code: state_of(_Dated(area), today()) for area in areas},
        words=lambda field, value: special_area_changes.area_words(field, value, names),
        own=[(code, names[code]) for code in own_departments()],
        may=lambda area: actor().has_role(OFFICER, area.department),
    )  # fmt: skip
