"""The gate's lists in full: every firm kept out with its reason, to read, filter and download."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain, islice

import sqlalchemy as sa
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import records
from engine.inspection.gate import KINDS
from engine.inspection.models import Campaign, InspectedObject
from engine.inspection.pool_outlook import Excluded, Outlook, outlook
from engine.models import TaskDraft
from engine.web.context import actor, database, now, settings
from engine.web.csv_export import csv_response
from engine.web.guards import signed_in
from engine.web.listing import paged
from engine.web.task_lookup import find_task

blueprint = Blueprint("gate", __name__)
PAGE = 100
#: Reasons that the frequency and one-visit rules give; the others lie in the plan's scope.
RULES = tuple(KINDS.values())
CHUNK = 500


@blueprint.get("/tasks/<task_id>/gate")
@signed_in
def show(task_id: str) -> ResponseReturnValue:
    """Firms kept out, by reason; ``reason`` and ``page`` are in the address, ``format=csv`` downloads them all."""
    with database().read() as session:
        task = find_task(session, task_id)
        if task.process_key != "joint-inspection" or task.element_id != "gate_check":
            raise NotFound("这一步没有抽取前核对名单。")
        campaign = records.campaign(session, task.district_id, task.business_key)
        draft = session.get(TaskDraft, (task.id, actor().user_id))
        joining = {"merge_with": (draft.values if draft else {}).get("merge_with") or []}
        look = outlook(session, settings(), campaign, campaign.plan, now(), joining)
        chosen = request.args.get("reason", "")
        if request.args.get("format") == "csv":
            return _csv(session, campaign, list(_wanted(look, chosen)))
        total = look.excluded[chosen] if chosen else look.excluded_by_rule
        page = paged(total, PAGE)
        shown = list(islice(_wanted(look, chosen), page.offset, page.offset + PAGE))
        names = _names(session, task.district_id, [firm.uscc for firm in shown])
        return render_template(
            "gate.html", task=task, campaign=campaign, look=look, kinds=look.excluded.most_common(), chosen=chosen,
            rules=RULES, rows=[(uscc, *names.get(uscc, ("", "")), why, bar) for uscc, why, bar in shown],
            page=page,
            link=lambda n: url_for(".show", task_id=task_id, reason=chosen or None, page=n),
        )  # fmt: skip


def _wanted(look: Outlook, chosen: str) -> Iterable[Excluded]:
    """Without a choice, what the rules keep out: what lies outside the scope is most of the registry."""
    return chain.from_iterable(look.excluded_firms(kind) for kind in ((chosen,) if chosen else RULES))


def _csv(session: Session, campaign: Campaign, firms: list[Excluded]) -> ResponseReturnValue:
    names = _names(session, campaign.district_id, [firm.uscc for firm in firms])
    lines = []
    for uscc, reason, bar in firms:
        name, address = names.get(uscc, ("", ""))
        lines.append((uscc, name, address, reason, "、".join(bar.may_keep) if bar else ""))
    head = ("统一社会信用代码", "名称", "地址", "排除原因", "可以保留的理由")
    return csv_response(f"抽取前核对-{campaign.number}.csv", head, lines)


def _names(session: Session, district_id: str, usccs: list[str]) -> dict[str, tuple[str, str]]:
    o, found = InspectedObject, {}
    for start in range(0, len(usccs), CHUNK):
        chunk = usccs[start : start + CHUNK]
        for uscc, name, address in session.execute(
            sa.select(o.uscc, o.name, o.address).where(o.district_id == district_id, o.uscc.in_(chunk))
        ):
            found[uscc] = (name, address)
    return found
