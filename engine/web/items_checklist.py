"""检查要点: the checklist of one item, kept by its department."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import Blueprint, flash, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.errors import InvalidInput, NotFound
from engine.inspection.checklists import points_of
from engine.inspection.checkpoints import OFFICER, SaveCheckpoints, checklist_form, form_context
from engine.inspection.models import Item
from engine.web.context import actor, database, engine, now, settings
from engine.web.form_view import form_view, row_action
from engine.web.guards import requires_role, signed_in

blueprint = Blueprint("items_checklist", __name__)


@blueprint.get("/items/<code>/checklist")
@signed_in
def show(code: str) -> ResponseReturnValue:
    """The item's lines; its department's officers may change them."""
    return _page(code)


@blueprint.post("/items/<code>/checklist")
@requires_role(OFFICER)
def save(code: str) -> ResponseReturnValue:
    """Replace the lines; whatever is wrong, everything typed comes back."""
    form = checklist_form(settings())
    if (acted := row_action(request.form)) is not None:
        post, extra = acted
        return _page(code, form.from_multidict(post), extra_rows=extra or {"": 0})
    values = form.from_multidict(request.form)
    try:
        count = engine().execute(SaveCheckpoints(code, values), actor=actor())
    except InvalidInput as error:
        return _page(code, values, error.fields or {"": [error.message]}, status=422)
    flash(f"已保存 {count} 条检查要点。" if count else "已清空，按事项的检查内容逐句列出。", "success")
    return redirect(url_for(".show", code=code), 303)


def _page(
    code: str, typed: Mapping[str, Any] | None = None, errors: Mapping[str, list[str]] | None = None, *,
    extra_rows: Mapping[str, int] | None = None, status: int = 200,
) -> ResponseReturnValue:  # fmt: skip
    with database().read() as session:
        item = session.scalar(sa.select(Item).where(Item.district_id == settings().district_id, Item.code == code))
        if item is None:
            raise NotFound("抽查事项清单中没有这个事项，可能链接有误。")
        points = points_of(session, [item])[item.code]
    may = actor().has_role(OFFICER, item.department)
    fields = ("content", "legal_basis", "subject", "kinds")
    values = typed if typed is not None else {"points": [{f: getattr(p, f) for f in fields} for p in points]}
    form = checklist_form(settings())
    view = form_view(form, values, errors, form_context(), now(), extra_rows=extra_rows) if may else None
    return make_response(render_template("items/checklist.html", item=item, points=points, form=view), status)
