"""What the pages of the object registry share: the day, who sees grades, names of places and industries."""

from __future__ import annotations

from flask import request

from engine.inspection import tables
from engine.inspection.industries import SECTIONS
from engine.inspection.object_filter import ObjectFilter
from engine.web.context import actor, settings
from engine.web.listing import today


def may_see_grades() -> bool:
    """Risk grades are for officials of a department; nothing public shows them."""
    return bool(actor().department)


def asked_filter() -> ObjectFilter:
    """The filter the address bar holds."""
    return ObjectFilter.read(request.args, grades=may_see_grades())


def regions() -> dict[str, str]:
    """Names of the district's sub-districts by code."""
    return {row["value"]: row["label"] for row in tables.options(settings(), "region", today())}


def industry_name(code: str) -> str:
    """``F5212`` as ``F5212 批发和零售业``; an em dash for nothing."""
    section = SECTIONS.get(code[:1])
    return f"{code} {section[0]}" if section else code or "—"
