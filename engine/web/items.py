"""抽查事项清单: the district's present items, one item with its history and versions, and the export."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import item_adjustments, item_fields, item_lists
from engine.inspection.asked import clean, several
from engine.inspection.item_models import ItemAdjustment, ItemList, ItemListEntry
from engine.inspection.item_validity import STATES, state_of
from engine.inspection.models import Item
from engine.inspection.opening import OFFICE, OFFICER
from engine.inspection.registry_history import history_of
from engine.web.context import actor, database, departments, settings
from engine.web.exports import record_export
from engine.web.guards import signed_in
from engine.web.listing import paged, today
from engine.web.navigation import NavItem
from engine.web.table_export import table_response

blueprint = Blueprint("items", __name__)
NAV = (NavItem("抽查事项清单", "items.index", "book", 32, "/items", group="名录"),)

PAGE = 50
CHIPS = {"有效": "chip-green", "尚未施行": "chip-amber", "已失效": "", "未公布": "chip-amber"}
NATURES = {"key": "重点", "general": "一般"}
#: Panels of an item's page: title and fields.
PANELS = (
    ("事项", ("category", "is_key", "object_kind", "industries", "legal_basis")),
    ("怎样检查", ("content", "method", "procedure", "staff", "ratio_ppm", "frequency")),
    ("审批、公示和归档", ("approval_authority", "publication_procedure", "archiving")),
    (
        "清单",
        ("department", "section", "valid_from", "valid_until", "list_version", "filing_number", "provincial_code"),
    ),
)  # fmt: skip


def own_departments() -> list[str]:
    """Departments whose items the reader may propose to adjust."""
    return [code for code in departments() if actor().has_role(OFFICER, code)]


def tabs(current: str) -> list[tuple[str, str, bool, None]]:
    """The pages about the list, for the ``tabs`` macro."""
    pages = (
        ("现行清单", "items.index"), ("与省级清单对照", "items_lists.province"), ("清单版本", "items_lists.index"),
        ("事项调整", "items_adjustments.index"), ("重点领域", "items_areas.index"),
    )  # fmt: skip
    return [(label, url_for(endpoint), endpoint == current, None) for label, endpoint in pages]


@blueprint.app_context_processor
def template_globals() -> dict[str, Any]:
    """``item_words(field, value)`` and the tabs for the pages about the list."""
    return {
        "item_words": lambda field, value: item_fields.words(field, value, departments()),
        "item_labels": item_fields.LABELS,
        "item_tabs": tabs,
    }


def _filters() -> dict[str, Any]:
    return {
        "q": clean(request.args.get("q", ""))[:80],
        "department": several(request.args, "department"),
        "category": several(request.args, "category"),
        "nature": several(request.args, "nature", NATURES),
        "state": several(request.args, "state", STATES),
    }


def _filtered(wanted: dict[str, Any]) -> sa.Select[tuple[Item]]:
    statement = sa.select(Item).where(Item.district_id == settings().district_id)
    if text := wanted["q"]:
        columns = (Item.code, Item.name, Item.legal_basis, Item.object_kind, Item.provincial_code)
        statement = statement.where(sa.or_(*(column.contains(text, autoescape=True) for column in columns)))
    for name, column in (("department", Item.department), ("category", Item.category)):
        if wanted[name]:
            statement = statement.where(column.in_(wanted[name]))
    if wanted["nature"]:
        statement = statement.where(Item.key.in_([nature == "key" for nature in wanted["nature"]]))
    if wanted["state"]:
        statement = statement.where(sa.or_(*(_in_state(state, today()) for state in wanted["state"])))
    return statement.order_by(Item.department, Item.code)


def _in_state(state: str, day: date) -> sa.ColumnElement[bool]:
    """The same rule as :func:`engine.inspection.item_validity.state_of`, as a condition."""
    ended = sa.and_(Item.valid_until.is_not(None), Item.valid_until < day)
    early = sa.and_(Item.valid_from.is_not(None), Item.valid_from > day)
    if state == "未公布":
        return ~Item.published
    if state == "已失效":
        return sa.and_(Item.published, ended)
    if state == "尚未施行":
        return sa.and_(Item.published, ~ended, early)
    return sa.and_(Item.published, ~ended, ~early)


@blueprint.get("/items")
@signed_in
def index() -> ResponseReturnValue:
    """The list by department and code; the address holds the filters."""
    wanted = _filters()
    statement = _filtered(wanted)
    with database().read() as session:
        page = paged(session.scalar(sa.select(sa.func.count()).select_from(statement.subquery())) or 0, PAGE)
        rows = session.scalars(statement.limit(PAGE).offset(page.offset)).all()
        categories = session.scalars(
            sa.select(Item.category)
            .where(Item.district_id == settings().district_id)
            .distinct()
            .order_by(Item.category)
        ).all()
        present = item_lists.newest(session, settings().district_id, item_lists.DISTRICT)
    kept: dict[str, Any] = {key: value for key, value in wanted.items() if value}
    return render_template(
        "items/index.html", rows=rows, wanted=wanted, kept=kept, categories={c: c for c in categories},
        states={s: s for s in STATES}, chips=CHIPS, natures=NATURES, departments=departments(), present=present,
        state_of=state_of, today=today(), own=[(code, departments()[code]) for code in own_departments()], page=page,
        link=lambda n: url_for(".index", **kept, page=n),
    )  # fmt: skip


@blueprint.get("/items/export.<form>")
@signed_in
def export(form: str) -> ResponseReturnValue:
    """The filtered items with every field, as the import reads them; the history says who took them."""
    wanted = _filters()
    with database().read() as session:
        items = session.scalars(_filtered(wanted)).all()
    name = f"随机抽查事项清单-{today().isoformat()}"
    answer = table_response(form, name, list(item_fields.LABELS.values()), _lines(list(items), departments()))
    asked = {key: value for key, value in wanted.items() if value}
    record_export("items", form, len(items), asked)
    return answer


def _lines(items: list[Item], names: dict[str, str]) -> Iterator[list[str]]:
    for item in items:
        values = item_fields.values_of(item)
        yield [item_fields.words(field, values[field], names) for field in item_fields.LABELS]


@blueprint.get("/items/<code>")
@signed_in
def show(code: str) -> ResponseReturnValue:
    """One item: all its fields, the versions it stood in, its history, and what is being adjusted."""
    district = settings().district_id
    with database().read() as session:
        item = session.scalar(sa.select(Item).where(Item.district_id == district, Item.code == code))
        if item is None:
            raise NotFound("抽查事项清单中没有这个事项，可能链接有误。")
        values = item_fields.values_of(item)
        return render_template(
            "items/show.html", item=item, values=values, panels=PANELS, state=state_of(item, today()), chips=CHIPS,
            missing=item_fields.missing_labels(values), versions=_versions(session, district, code),
            province=_province_entry(session, item), history=history_of(session, district, "items", code),
            busy=item_adjustments.under_way(session, district, [code]).get(code),
            adjustments=_adjustments(session, district, code),
            may=actor().has_role(OFFICER, item.department), today=today(),
        )  # fmt: skip


def _versions(session: Session, district: str, code: str) -> list[tuple[ItemList, list[tuple[str, Any, Any]]]]:
    """The district versions with the item, the newest first, each with what had changed since the one before."""
    rows = session.execute(
        sa.select(ItemList, ItemListEntry.fields)
        .join(ItemListEntry, ItemListEntry.list_id == ItemList.id)
        .where(ItemList.district_id == district, ItemList.scope == item_lists.DISTRICT, ItemListEntry.code == code)
        .order_by(ItemList.issued_on, ItemList.id)
    ).all()
    found: list[tuple[ItemList, list[tuple[str, Any, Any]]]] = []
    before: dict[str, Any] | None = None
    for version, fields in rows:
        found.append((version, item_fields.differences(before, fields) if before is not None else []))
        before = fields
    return found[::-1]


def _province_entry(session: Session, item: Item) -> ItemListEntry | None:
    newest = item_lists.newest(session, item.district_id, item_lists.PROVINCE)
    if newest is None:
        return None
    return session.scalar(
        sa.select(ItemListEntry).where(
            ItemListEntry.list_id == newest.id, ItemListEntry.code == (item.provincial_code or item.code)
        )
    )


def _adjustments(session: Session, district: str, code: str) -> list[ItemAdjustment]:
    """The adjustments that concerned this item, the newest first."""
    rows = session.scalars(
        sa.select(ItemAdjustment)
        .where(ItemAdjustment.district_id == district, sa.cast(ItemAdjustment.codes, sa.Text).contains(f'"{code}"'))
        .order_by(ItemAdjustment.created_at.desc())
        .limit(50)
    )
    return [row for row in rows if code in row.codes]


def is_office() -> bool:
    """Whether the reader compiles lists."""
    return actor().has_role(OFFICE)
