"""One chain as somebody may see it: a tree of cases with their deadlines, open steps, documents and publications.

A case outside the reader's scope is left out with all that would tell of it, and what came of it hangs on the
next case upwards that may be seen.  Only the parts other departments have in the same inspection are named with
their state, as on the inspection's own page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.errors import NotFound
from engine.inspection import official_documents
from engine.inspection.chains.duties import duties
from engine.inspection.chains.links import CORRECTION, INSPECTION, LEAD, PART, PLAN, UNKNOWN, Link, links_of
from engine.inspection.chains.told import Told, told_in
from engine.inspection.document_models import OfficialDocument
from engine.inspection.follow_ups import kinds
from engine.inspection.models import Plan, Publication
from engine.models import Deadline, ProcessInstance, UserTask
from engine.queries import deadlines
from engine.scope import scope
from engine.settings import Settings

WORDS = {
    PLAN: "年度抽查计划", "joint-inspection": "抽查任务", INSPECTION: "检查", PART: "部门检查", LEAD: "线索",
    CORRECTION: "公示更正",
}  # fmt: skip
T = TypeVar("T")


@dataclass
class Node:
    """One case; ``open`` says whether the reader may see more than its name and state."""

    link: Link
    word: str
    open: bool
    instance: ProcessInstance | None = None
    tasks: Sequence[UserTask] = ()
    deadlines: Sequence[Deadline] = ()
    documents: Sequence[OfficialDocument] = ()
    publications: Sequence[Publication] = ()
    children: list[Node] = field(default_factory=list)

    def walk(self) -> Iterable[Node]:
        """This case and everything below, from top to bottom."""
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Chain:
    """``asked`` is the business key the reader came with; ``told`` what they may know of who was told what."""

    asked: str
    heads: Sequence[Node]
    roots: Sequence[Node]
    told: Sequence[Told]
    more: int = 0

    def walk(self) -> Iterable[Node]:
        """Every case from top to bottom, what it all came of first."""
        yield from self.heads
        for root in self.roots:
            yield from root.walk()


def chain_of(session: Session, settings: Settings, actor: Actor, number: str, now: datetime) -> Chain:
    """The chain of a business key.  Raises :class:`NotFound` when the reader may not know of that case.

    The number of statements does not depend on how many cases there are.
    """
    district_id, today = settings.district_id, now.astimezone(settings.timezone).date()
    found = links_of(session, district_id, number)
    everything = [*found.heads, *found.links]
    seen = _visible(session, actor, district_id, everything)
    words = WORDS | {key: kind.label for key, kind in kinds(settings, today).items()}
    nodes = {
        link.key: Node(link, words.get(link.kind, link.kind), True, seen[link.kind, link.key])
        for link in everything
        if (link.kind, link.key) in seen
    }
    for link in everything:  # a joint inspection is everybody's who takes part: the parts of the others by name
        if link.kind == PART and link.key not in nodes and link.parent in nodes:
            nodes[link.key] = Node(link, words[PART], False)
    _published_plan(session, district_id, everything, nodes)
    if number not in nodes or not nodes[number].open:
        raise NotFound(UNKNOWN)
    open_nodes = {key: node for key, node in nodes.items() if node.open}
    _enrich(session, district_id, open_nodes)
    heads = [nodes[link.key] for link in found.heads if link.key in nodes]
    roots = _tree(found.links, nodes)
    instances = [node.instance for node in open_nodes.values() if node.instance]
    told = told_in(session, settings, instances, duties(settings, today), now)
    return Chain(number, heads, roots, told, found.more)


def _visible(
    session: Session, actor: Actor, district_id: str, links: Sequence[Link]
) -> dict[tuple[str, str], ProcessInstance]:  # fmt: skip
    rows = session.scalars(
        scope(
            sa.select(ProcessInstance).where(
                ProcessInstance.district_id == district_id,
                ProcessInstance.process_key.in_(sorted({link.kind for link in links})),
                ProcessInstance.business_key.in_([link.key for link in links]),
            ),
            actor,
        )
    )
    return {(row.process_key, row.business_key): row for row in rows}


def _published_plan(session: Session, district_id: str, links: Sequence[Link], nodes: dict[str, Node]) -> None:
    """A plan that was published is for everybody, whoever made it."""
    for link in links:
        if link.kind == PLAN and link.key not in nodes:
            published = session.scalar(
                sa.select(Plan.published_at).where(Plan.district_id == district_id, Plan.business_key == link.key)
            )
            if published:
                nodes[link.key] = Node(link, WORDS[PLAN], True)


def _enrich(session: Session, district_id: str, nodes: Mapping[str, Node]) -> None:
    by_id = {node.instance.id: node for node in nodes.values() if node.instance}
    tasks = session.scalars(
        sa.select(UserTask)
        .where(UserTask.instance_id.in_(list(by_id)), UserTask.state == "open")
        .order_by(UserTask.due_at.is_(None), UserTask.due_at, UserTask.created_at, UserTask.id)
    )
    for instance_id, rows in _grouped((task.instance_id, task) for task in tasks).items():
        by_id[instance_id].tasks = rows
    documents = official_documents.of_instances(session, list(by_id))
    for instance_id, papers in _grouped((row.instance_id, row) for row in documents).items():
        by_id[instance_id].documents = papers
    limits = deadlines(session, district_id, list(nodes))
    for key, own in _grouped((row.business_key, row) for row in limits).items():
        nodes[key].deadlines = own
    publications = session.scalars(
        sa.select(Publication)
        .where(Publication.district_id == district_id, Publication.subject.in_(list(nodes)))
        .order_by(Publication.id)
    )
    for key, public in _grouped((row.subject, row) for row in publications).items():
        nodes[key].publications = public


def _grouped(pairs: Iterable[tuple[str, T]]) -> dict[str, list[T]]:
    found: dict[str, list[T]] = {}
    for key, row in pairs:
        found.setdefault(key, []).append(row)
    return found


def _tree(links: Sequence[Link], nodes: Mapping[str, Node]) -> list[Node]:
    """Hang every case that may be seen on the next one upwards that may; those without one are the roots."""
    parents = {link.key: link.parent for link in links}
    roots = []
    for link in links:
        node = nodes.get(link.key)
        if node is None:
            continue
        above = link.parent
        while above in parents and above not in nodes:
            above = parents[above]
        if above in parents and above in nodes:
            nodes[above].children.append(node)
        else:
            roots.append(node)
    return roots
