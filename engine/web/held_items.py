"""在管物品: what is preserved, sealed or seized, where it is, until when, and what became of every thing.

Departments are listed in their official order and not ranked (国办发〔2024〕54号).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import NotFound
from engine.inspection import held_items, held_list
from engine.inspection.asked import clean, several
from engine.models import ProcessInstance
from engine.scope import instance_in_scope, sees_district
from engine.web.context import actor, database, departments, now, settings
from engine.web.exports import record_export
from engine.web.filters import minute
from engine.web.guards import requires_role
from engine.web.listing import paged, today
from engine.web.navigation import NavItem
from engine.web.table_export import table_response
from engine.web.task_lookup import is_id

#: Roles that read what their own department holds; supervision and audit read the whole district's.
OWN = ("承办人", "执法检查人员", "科室负责人", "分管负责人", "机关负责人")
READERS = (*OWN, "监管督查", "审计监督")
blueprint = Blueprint("held_items", __name__)
NAV = (
    NavItem("在管物品", "held_items.index", "lock", 26, "/held-items", roles=frozenset(READERS), group="监管"),
)  # fmt: skip

PAGE = 50
EXPORT_CAP = 20_000
HEAD = (
    "编号", "名称", "规格型号等标记", "数量", "单位", "成色状态", "当事人", "统一社会信用代码", "部门", "保存地点",
    "保管人", "状态", "起始", "期限届满", "是否超期", "了结时间",
)  # fmt: skip


def _filter() -> held_list.HeldFilter:
    """What the address asks for; people of a department see its own things only."""
    person = actor()
    own = frozenset(d for d in person.departments if any(person.has_role(role, d) for role in OWN))
    view = request.args.get("view", "")
    return held_list.HeldFilter(
        district_id=settings().district_id, now=now(), departments=None if sees_district(person) else own,
        department=request.args.get("department", ""), states=several(request.args, "state", held_items.STATES),
        view=view if view in held_list.VIEWS else "", search=clean(request.args.get("q", ""))[:80],
    )  # fmt: skip


def _kept(wanted: held_list.HeldFilter) -> dict[str, Any]:
    asked = {"q": wanted.search, "department": wanted.department, "state": list(wanted.states), "view": wanted.view}
    return {name: value for name, value in asked.items() if value}


@blueprint.get("/held-items")
@requires_role(*READERS)
def index() -> ResponseReturnValue:
    """Things held, the most urgent first, with how many there are of each kind."""
    wanted = _filter()
    kept = _kept(wanted)
    with database().read() as session:
        numbers = held_list.counts(session, wanted)
        page = paged(numbers[wanted.view], PAGE)
        found = session.execute(held_list.listed(wanted).limit(PAGE).offset(page.offset)).all()
        rows = held_list.shown(found, wanted.now)
    offered = {c: n for c, n in departments().items() if wanted.departments is None or c in wanted.departments}
    return render_template(
        "held_items/index.html", rows=rows, wanted=wanted, numbers=numbers, views=held_list.VIEWS, kept=kept,
        page=page, departments=offered, states={state: state for state in held_items.STATES},
        view_link=lambda view: url_for(".index", **{**kept, "view": view or None}),
        link=lambda number: url_for(".index", **kept, page=number),
    )  # fmt: skip


@blueprint.get("/held-items/export.<form>")
@requires_role(*READERS)
def export(form: str) -> ResponseReturnValue:
    """The filtered things as a table; the history says who took them."""
    wanted = _filter()
    with database().read() as session:
        rows = held_list.shown(session.execute(held_list.listed(wanted).limit(EXPORT_CAP)).all(), wanted.now)
    answer = table_response(form, f"在管物品-{today().isoformat()}", HEAD, list(_lines(rows)))
    record_export("held-items", form, len(rows), _kept(wanted))
    return answer


def _lines(rows: Iterable[held_list.Held]) -> Iterator[list[Any]]:
    names = departments()
    for one in rows:
        i = one.item
        yield [
            i.number, i.name, i.mark, i.quantity, i.unit, i.condition, i.subject_name, i.uscc,
            names.get(i.department, i.department), i.place, i.keeper, i.state, minute(i.held_from),
            minute(one.term.due_at) if one.term else "", "是" if one.overdue else "", minute(i.ended_at),
        ]  # fmt: skip


@blueprint.get("/held-items/<item_id>")
@requires_role(*READERS)
def show(item_id: str) -> ResponseReturnValue:
    """One thing and all that became of it."""
    if not is_id(item_id):
        raise NotFound("没有找到这件物品，请核对链接。")
    with database().read() as session:
        item, limit = held_list.visible_item(session, actor(), item_id)
        trail = held_items.changes(session, item.id)
        case = session.scalar(
            sa.select(ProcessInstance.id).where(
                ProcessInstance.business_key == item.measure,
                ProcessInstance.district_id == item.district_id,
                instance_in_scope(actor(), ProcessInstance.id),
            )
        )
    one = held_list.shown([(item, limit)], now())[0]
    return render_template("held_items/show.html", one=one, trail=trail, case=case, ended=held_items.ENDED)
