"""Places of candidates in a walk through the district, for visiting nearby objects together."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.draw_jobs import Site
from engine.inspection.models import InspectedObject


def group_size(plan: Mapping[str, Any]) -> int:
    """How many nearby objects are visited together at most, as the work plan says; 0 when singly."""
    return int(plan.get("max_group") or 0) if plan.get("grouping") == "邻近分组" else 0


def walk(session: Session, district: str, scope: dict[str, Site]) -> dict[str, Site]:
    """Give every candidate its place in a walk through the district.

    Within a region the objects with a position come first, along a Z-order curve (neighbours
    on it are neighbours on the map), the others by address.  Only the resulting number is
    frozen: an open record does not repeat anybody's address.
    """
    o = InspectedObject
    rows = session.execute(
        sa.select(o.uscc, o.longitude, o.latitude, o.address)
        .where(o.district_id == district)
        .execution_options(yield_per=10_000)
    )
    order = sorted(
        (scope[uscc].region, *_nearness(longitude, latitude, address), uscc)
        for uscc, longitude, latitude, address in rows
        if uscc in scope
    )
    return {row[-1]: scope[row[-1]]._replace(place=place) for place, row in enumerate(order, start=1)}


def _nearness(longitude: float | None, latitude: float | None, address: str) -> tuple[int, int, str]:
    if longitude is None or latitude is None:
        return 1, 0, address
    x, y = (int((value % 360) * 1e5) for value in (longitude, latitude))  # about a metre
    curve = 0
    for bit in range(26):
        curve |= (x >> bit & 1) << 2 * bit | (y >> bit & 1) << 2 * bit + 1
    return 0, curve, ""
