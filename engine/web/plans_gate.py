"""The gate's lists in full: every firm kept out with its reason, to read, filter and download."""

from __future__ import annotations

from collections import Counter

import sqlalchemy as sa
from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from sqlalchemy.orm import Session

from engine.errors import NotFound
from engine.inspection import records
from engine.inspection.gate import KINDS
from engine.inspection.gate_facts import kind_of
from engine.inspection.models import Campaign, InspectedObject
from engine.inspection.pool import Pool, build_pool
from engine.models import TaskDraft
from engine.web.context import actor, database, now, settings
from engine.web.csv_export import csv_response
from engine.web.guards import signed_in
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
        pool = build_pool(session, settings(), campaign, campaign.plan, now(), joining)
        kinds = Counter(kind_of(pool, uscc, reason) for uscc, reason in pool.exclusions)
        chosen = request.args.get("reason", "")
        rows = [(u, why) for u, why in pool.exclusions if _wanted(pool, u, why, chosen)]
        if request.args.get("format") == "csv":
            return _csv(session, campaign, pool, rows)
        number = _page_number(len(rows))
        shown = rows[(number - 1) * PAGE : number * PAGE]
        names = _names(session, task.district_id, [uscc for uscc, _ in shown])
        return render_template(
            "gate.html", task=task, campaign=campaign, pool=pool, kinds=kinds.most_common(), chosen=chosen, rules=RULES,
            rows=[(uscc, *names.get(uscc, ("", "")), why, pool.barred.get(uscc)) for uscc, why in shown],
            page={"number": number, "pages": max(1, -(-len(rows) // PAGE)), "total": len(rows)},
            link=lambda n: url_for(".show", task_id=task_id, reason=chosen or None, page=n),
        )  # fmt: skip


def _wanted(pool: Pool, uscc: str, reason: str, chosen: str) -> bool:
    """Without a choice, what the rules keep out: what lies outside the scope is most of the registry."""
    return kind_of(pool, uscc, reason) == chosen if chosen else uscc in pool.barred


def _page_number(total: int) -> int:
    typed = request.args.get("page", "1")
    return min(max(1, int(typed) if typed.isdecimal() and len(typed) < 7 else 1), max(1, -(-total // PAGE)))


def _csv(session: Session, campaign: Campaign, pool: Pool, rows: list[tuple[str, str]]) -> ResponseReturnValue:
    names = _names(session, campaign.district_id, [uscc for uscc, _ in rows])
    lines = []
    for uscc, reason in rows:
        bar = pool.barred.get(uscc)
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
