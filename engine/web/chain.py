"""来龙去脉: plan, task, inspection and everything that came of it on one page, and who was told what, when."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from flask import Blueprint, make_response, render_template, url_for
from flask.typing import ResponseReturnValue

from engine.documents import pdf
from engine.inspection.chains.chain import WORDS, Chain, Node, chain_of
from engine.inspection.chains.links import CORRECTION, PLAN
from engine.inspection.chains.paper import TOLD_HEAD, chain_paper, told_rows
from engine.inspection.follow_ups import kinds
from engine.models import ProcessInstance
from engine.web.case_view import waiting
from engine.web.cases import page_of
from engine.web.context import actor, database, departments, now, settings
from engine.web.downloads import name_file
from engine.web.filters import day, minute
from engine.web.guards import signed_in
from engine.web.table_export import table_response

blueprint = Blueprint("chain", __name__)

PUBLIC_STATES = {
    "prepared": ("待公示", "chip-amber"), "withholding": ("拟不予公开", "chip-amber"),
    "published": ("已公示", "chip-green"), "withdrawn": ("已撤回", ""), "withheld": ("不予公开", ""),
    "expired": ("公示期满", ""),
}  # fmt: skip
TOLD_CHIPS = {"超期未告知": "chip-red", "尚未告知": "chip-amber", "逾期告知": "chip-red", "已告知": "chip-green"}


@blueprint.app_context_processor
def _globals() -> dict[str, Any]:
    return {"address_of": address_of, "chain_address": chain_address}


def chain_address(instance: ProcessInstance) -> str:
    """Where the chain of a case is shown; empty for cases that belong to none."""
    known = {*WORDS, *kinds(settings(), now().date())} - {CORRECTION}
    if instance.process_key in known:
        return url_for("chain.show", number=instance.business_key)
    return ""


def address_of(node: Node) -> str:
    """The page of a case of the chain; empty when the reader may not open it."""
    key = node.link.key
    if node.link.kind == PLAN:
        _, year, what = key.split("/", 2)
        return url_for("plan.show", year=int(year), what=what)
    if not node.open or node.instance is None:
        return ""
    return page_of(node.instance)


def _read(number: str) -> tuple[Chain, dict[str, list[Any]]]:
    """The chain and whom each of its open cases waits for, by the instance's id."""
    with database().read() as session:
        chain = chain_of(session, settings(), actor(), number, now())
        tasks = [task for node in chain.walk() for task in node.tasks]
        waits: dict[str, list[Any]] = {}
        for found in waiting(session, tasks, members=False):
            waits.setdefault(found.task.instance_id, []).append(found)
    return chain, waits


@blueprint.get("/chain/<path:number>")
@signed_in
def show(number: str) -> ResponseReturnValue:
    """The chain a case belongs to, the case itself marked."""
    chain, waits = _read(number)
    nodes = list(chain.walk())
    return render_template(
        "chain.html",
        chain=chain,
        asked=next(node for node in nodes if node.link.key == number),
        waits=waits,
        total=len(nodes),
        running=sum(node.open and node.instance is not None and node.instance.status == "running" for node in nodes),
        late=sum(d.colour(now()) == "red" for node in nodes for d in node.deadlines),
        untold=sum(told.missing for told in chain.told),
        public_states=PUBLIC_STATES,
        told_chips=TOLD_CHIPS,
        when=when,
    )


@blueprint.get("/chain.pdf/<path:number>")
@signed_in
def as_pdf(number: str) -> ResponseReturnValue:
    """The same on paper."""
    chain, waits = _read(number)
    names = {key: "；".join(f"{w.who}：{w.task.name}" for w in found) for key, found in waits.items()}
    document = chain_paper(chain, settings(), names, departments(), now())
    response = make_response(pdf.render(document))
    response.content_type = "application/pdf"
    name_file(response, f"来龙去脉 {number.replace('/', '-')}.pdf", inline=True)
    return response


@blueprint.get("/chain.xlsx/<path:number>")
@signed_in
def as_table(number: str) -> ResponseReturnValue:
    """Who was told what, when, as a workbook."""
    with database().read() as session:
        chain = chain_of(session, settings(), actor(), number, now())
    name = f"告知情况 {number.replace('/', '-')}"
    return table_response("xlsx", name, TOLD_HEAD, told_rows(chain.told, settings()))


def when(value: date | datetime | None) -> str:
    """A day, or a moment to the minute in the district's time."""
    return minute(value) if isinstance(value, datetime) else day(value) if value else ""
