"""检查对象名录: the list of inspected objects, searched, filtered and sorted; the address bar holds everything."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.inspection.industries import SECTIONS
from engine.inspection.models import InspectedObject
from engine.inspection.object_filter import EXPIRES, INSPECTED, LABELS, PLACES, ObjectFilter, known_values
from engine.inspection.object_list import objects_of
from engine.inspection.object_search import Found, Search
from engine.inspection.object_terms import ORDERS, order_key
from engine.inspection.saved_filters import saved_filters
from engine.web import objects_detail
from engine.web.context import actor, database, department_name, departments, settings
from engine.web.guards import signed_in
from engine.web.navigation import NavItem
from engine.web.objects_common import asked_filter, industry_name, may_see_grades, regions, today

blueprint = Blueprint("objects", __name__, url_prefix="/objects")
NAV = (NavItem("检查对象名录", "objects.index", "building", 30, "/objects", group="名录"),)

PAGE = 50
_O = InspectedObject


@dataclass(frozen=True)
class ObjectPage:
    """One page of the list with where to go from it; ``before`` and ``after`` are empty at the ends."""

    rows: Sequence[InspectedObject]
    found: Found
    before: str
    after: str


def object_page(session: Session, asked: ObjectFilter, *, after: str = "", before: str = "") -> ObjectPage:
    """The objects behind the one whose code is ``after``, or in front of ``before``."""
    district = settings().district_id
    search = Search(session, district, asked.question(today()))
    mark = "".join(filter(str.isalnum, before or after))
    columns = [_O.uscc, getattr(_O, ORDERS[asked.sort][0])]
    stood = session.execute(sa.select(*columns).where(_O.district_id == district, _O.uscc == mark)).mappings().first()
    key = order_key(asked.sort, stood) if mark and stood else None
    back = bool(before and key)
    found = search.page(asked.sort, descending=asked.descending != back, size=PAGE, after=key)
    usccs = found.usccs[::-1] if back else found.usccs
    rows = objects_of(session, district, usccs)
    earlier, later = (found.more, True) if back else (key is not None, found.more)
    return ObjectPage(rows, found, usccs[0] if earlier and usccs else "", usccs[-1] if later and usccs else "")


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """Every official sees every object of the district (docs/reference/roles.md)."""
    asked = asked_filter()
    given: dict[str, Any] = asked.given()
    after, before = (request.args.get(name, "").strip()[:18] for name in ("after", "before"))
    with database().read() as session:
        page = object_page(session, asked, after=after, before=before)
        values = known_values(session, settings().district_id)
        saved = saved_filters(session, settings().district_id, actor().user_id, "objects")
        return render_template(
            "objects/index.html", page=page, asked=asked, given=given, saved=saved, query=urlencode(given, doseq=True),
            choices=choices(values), narrowed=in_words(asked), orders=ORDERS, places=PLACES, sections=SECTIONS,
            divisions=_divisions(), inspected=INSPECTED, expires=EXPIRES, regions=regions(),
            grades=may_see_grades(), departments=departments(),
            earlier=url_for(".index", before=page.before, **given) if page.before else "",
            later=url_for(".index", after=page.after, **given) if page.after else "",
        )  # fmt: skip


@blueprint.get("/<uscc>")
@signed_in
def show(uscc: str) -> ResponseReturnValue:
    """One object with its permits, duties, visits and history."""
    return objects_detail.page(uscc)


def choices(values: dict[str, list[str]]) -> dict[str, dict[str, str]]:
    """What the selections offer: value → label."""
    found = {name: {text: text for text in texts} for name, texts in values.items()}
    known = departments()
    found["supervisor"] = {code: known.get(code, code) for code in values["supervisor"]}
    return {**found, "region": regions() | {c: c for c in values["region"] if c not in regions()}}


def _divisions() -> dict[str, list[str]]:
    return {
        letter: [f"{letter}{n:02d}" for n in range(first, last + 1)] for letter, (_, first, last) in SECTIONS.items()
    }


def in_words(asked: ObjectFilter) -> list[tuple[str, str, str]]:
    """The conditions as (label, value in words, address without it), a value each."""
    words: list[tuple[str, str, str]] = []
    for name, held in asked.asks().items():
        for text in (held,) if isinstance(held, str) else held:
            rest: dict[str, Any] = {key: value for key, value in asked.given().items() if key != name}
            if not isinstance(held, str):
                rest[name] = [other for other in held if other != text]
            words.append((LABELS[name], _word(name, text), url_for("objects.index", **rest)))
    return words


def _word(name: str, text: str) -> str:
    maps: dict[str, dict[str, Any]] = {"region": regions(), "inspected": INSPECTED, "expires": EXPIRES}
    if name in maps:
        return str(maps[name].get(text, text))
    if name == "industry":
        return industry_name(text)
    if name == "supervisor":
        return department_name(text)
    return "是" if name in {"abnormal", "verify"} else text
