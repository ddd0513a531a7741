"""常用筛选: save, rename and delete the filters of list pages; they are the person's own."""

from __future__ import annotations

from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands.context import Command
from engine.errors import NotFound
from engine.inspection.saved_filters import DeleteFilter, RenameFilter, SaveFilter
from engine.web.guards import signed_in
from engine.web.listing import do

blueprint = Blueprint("saved_filters", __name__, url_prefix="/saved-filters")
#: List pages that have saved filters → their endpoints.
PAGES = {"objects": "objects.index", "inspectors": "inspectors.index"}


@blueprint.post("")
@signed_in
def save() -> ResponseReturnValue:
    """Keep the filter that the page shows."""
    name = request.form.get("name", "")
    return _do(SaveFilter(_page(), name, _query()), f"已保存常用筛选“{name.strip()}”。")


@blueprint.post("/<uuid:filter_id>/rename")
@signed_in
def rename(filter_id: object) -> ResponseReturnValue:
    """Another name for it."""
    return _do(RenameFilter(str(filter_id), request.form.get("name", "")), "已改名。")


@blueprint.post("/<uuid:filter_id>/delete")
@signed_in
def delete(filter_id: object) -> ResponseReturnValue:
    """Forget it."""
    return _do(DeleteFilter(str(filter_id)), "已删除常用筛选。")


def _page() -> str:
    page = request.form.get("page", "")
    if page not in PAGES:
        raise NotFound("没有这个列表。")
    return page


def _query() -> str:
    """What the list's address asks, written anew: a form may hold what no address can."""
    return urlencode(parse_qsl(request.form.get("query", "").lstrip("?")))


def _do(command: Command[None], done: str) -> ResponseReturnValue:
    """Back to the list as it was, whatever became of the command."""
    return do(command, done, url_for(PAGES[_page()]) + (f"?{_query()}" if _query() else ""))
