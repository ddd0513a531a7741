"""疑似重复: pairs of objects that may be one, with the reasons, and what officials decide about them."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue

from engine.commands.context import Command
from engine.inspection.object_duplicates import (
    DIFFERENT,
    OPEN,
    KeepApart,
    ReopenPair,
    SearchDuplicates,
    duplicate_page,
    last_search,
    open_count,
)
from engine.inspection.object_list import objects_of
from engine.inspection.opening import OFFICER
from engine.web.context import actor, database, settings
from engine.web.guards import requires_role, signed_in
from engine.web.listing import do
from engine.web.objects_common import regions
from engine.web.task_lookup import is_id

blueprint = Blueprint("objects_duplicates", __name__, url_prefix="/objects/duplicates")
PAGE = 25


@blueprint.get("")
@signed_in
def index() -> ResponseReturnValue:
    """The likeliest first; decided ones on a list of their own."""
    state = DIFFERENT if request.args.get("state") == "decided" else OPEN
    score, _, pair_id = request.args.get("after", "").partition("~")
    after = (int(score), pair_id) if score.isdecimal() and len(score) < 5 and is_id(pair_id) else None
    with database().read() as session:
        district = settings().district_id
        found = duplicate_page(session, district, state, size=PAGE + 1, after=after)
        pairs = found[:PAGE]
        codes = sorted({code for pair in pairs for code in (pair.first, pair.second)})
        rows = {row.uscc: row for row in objects_of(session, district, codes)}
        following = ""
        if len(found) > PAGE:
            asked: dict[str, Any] = {"state": "decided"} if state == DIFFERENT else {}
            following = url_for(".index", after=f"{pairs[-1].score}~{pairs[-1].id}", **asked)
        return render_template(
            "objects/duplicates.html", pairs=pairs, rows=rows, state=state, decided=state == DIFFERENT,
            following=following, waiting=open_count(session, district), searched=last_search(session, district),
            may_decide=OFFICER in actor().roles, regions=regions(),
        )  # fmt: skip


@blueprint.post("/search")
@requires_role(OFFICER)
def search() -> ResponseReturnValue:
    """Look again now instead of tonight."""
    return _do(SearchDuplicates(), "已开始查找，几分钟后刷新本页查看结果。")


@blueprint.post("/<uuid:pair_id>/apart")
@requires_role(OFFICER)
def keep_apart(pair_id: object) -> ResponseReturnValue:
    """They are two objects; the reason is kept."""
    return _do(KeepApart(str(pair_id), request.form.get("reason", "")), "已记录：不是重复。")


@blueprint.post("/<uuid:pair_id>/reopen")
@requires_role(OFFICER)
def reopen(pair_id: object) -> ResponseReturnValue:
    """Take a decision back."""
    return _do(ReopenPair(str(pair_id)), "已撤销判断，重新列入待判断。")


def _do(command: Command[None], done: str) -> ResponseReturnValue:
    decided = request.args.get("state") == "decided"
    return do(command, done, url_for(".index", state="decided" if decided else None))
