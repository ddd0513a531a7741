"""Paths and tokens: what can be reached, what can run at the same time, what can never finish.

Tokens are played over one level of flow (a sub-process is one step of the level around it).
Conditions are not evaluated: every branch a gateway might take is taken, so what is found
impossible here is impossible for all data.  Exploration is bounded; a level too large to
explore is reported as unknown and no rule concludes anything from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from engine.lint.model import Flow, Node, Scope, q

MAX_MARKINGS = 4_000
MAX_TOKENS = 3  # per flow; more means the level can be flooded with tokens

#: End events that take all other tokens of their level with them.
ENDING_ALL = ("terminateEventDefinition", "errorEventDefinition", "cancelEventDefinition")

Marking = tuple[tuple[int, int], ...]  # (place, tokens), sorted


def starts(scope: Scope) -> list[Node]:
    """Where tokens of a level come from: its start events, or, without any, nodes nothing leads to."""
    events = [n for n in scope.nodes if _is_entrance(n)]
    return events or [n for n in scope.nodes if not n.ways_in and _starts_by_itself(n)]


def _is_entrance(node: Node) -> bool:
    return node.type == "startEvent" or node.flag("instantiate")


def _starts_by_itself(node: Node) -> bool:
    if node.type == "boundaryEvent" or node.is_event_sub_process or node.is_compensation:
        return False
    return not (node.type == "intermediateCatchEvent" and node.has("linkEventDefinition"))


def successors(node: Node) -> Iterator[Node]:
    """Where a token at ``node`` can go next, through its boundary events too."""
    for flow in node.ways_out:
        if flow.target is not None:
            yield flow.target
    yield from node.boundary


def reachable(origins: Iterable[Node]) -> set[Node]:
    """Every node some path from ``origins`` leads to, these included."""
    seen: set[Node] = set()
    todo = list(origins)
    while todo:
        node = todo.pop()
        if node not in seen:
            seen.add(node)
            todo += successors(node)
    return seen


def reaching(targets: Iterable[Node]) -> set[Node]:
    """Every node from which some path leads to ``targets``, these included."""
    seen: set[Node] = set()
    todo = list(targets)
    while todo:
        node = todo.pop()
        if node in seen:
            continue
        seen.add(node)
        todo += [flow.source for flow in node.ways_in if flow.source is not None]
        if node.type == "boundaryEvent" and node.host is not None:
            todo.append(node.host)
    return seen


@dataclass
class Play:
    """What playing all tokens of a level showed."""

    complete: bool = True  # False: too large to explore, conclude nothing
    flooded: Node | None = None  # tokens pile up here without bound
    can_finish: bool = False  # some run leaves no token behind
    active: set[Node] = field(default_factory=set)  # nodes that ever run
    stuck_joins: set[Node] = field(default_factory=set)  # joins some run waits at for ever
    together: set[frozenset[Node]] = field(default_factory=set)  # pairs that can run at the same time


class _Level:
    """One level as a net: places are flows (a token on its way) and busy nodes (a token inside)."""

    def __init__(self, scope: Scope, optional_or: bool) -> None:
        self.scope = scope
        self.optional_or = optional_or  # False: inclusive gateways take one branch only
        flows = [*scope.flows, *scope.links]
        self.flows = [f for f in flows if f.source is not None and f.target is not None]
        self.place: dict[Flow | Node, int] = {}
        self.thing: list[Flow | Node] = [*self.flows, *scope.nodes]
        for number, thing in enumerate(self.thing):
            self.place[thing] = number
        self.owned: dict[Node, set[Flow | Node]] = {}

    def initial(self) -> list[Marking]:
        """One marking per start event, or step in turn: each starts on its own."""
        origins = starts(self.scope)
        in_turn = self.scope.type == "adHocSubProcess" and self.scope.xml.get("ordering") == "Sequential"
        if in_turn or any(_is_entrance(n) for n in origins):
            return [((self.place[n], 1),) for n in origins]
        return [tuple(sorted((self.place[n], 1) for n in origins))] if origins else []

    def moves(self, marking: Marking) -> Iterator[tuple[Node, Marking]]:
        tokens = dict(marking)
        for place in tokens:
            thing = self.thing[place]
            if isinstance(thing, Flow) and (end := thing.target) and _only_consumes(end):
                yield end, _change(tokens, [place], [])  # what else moves does not care, so nothing else is tried first
                return
        for place in tokens:
            thing = self.thing[place]
            if isinstance(thing, Flow):
                node = thing.target
                assert node is not None
                if self._joins(node):
                    after = self._join(node, tokens)
                    if after is not None:
                        yield node, after
                else:
                    yield node, _change(tokens, take=[place], put=[self.place[node]])
            else:
                for after in self._leave(thing, tokens):
                    yield thing, after

    def _own(self, event: Node) -> set[Flow | Node]:
        """Where a token shows that this boundary event has fired: what only it can reach, or all if it fires once."""
        if event not in self.owned:
            mine = reachable([event])
            if not _fires_once(event):
                mine -= _without(starts(self.scope), event)
            own: set[Flow | Node] = {*mine, *(f for n in mine for f in n.ways_out)}
            self.owned[event] = own - {event.host}
        return self.owned[event]

    def _joins(self, node: Node) -> bool:
        return node.type in {"parallelGateway", "inclusiveGateway"} and len(node.ways_in) > 1

    def _join(self, node: Node, tokens: dict[int, int]) -> Marking | None:
        places = [self.place[f] for f in node.ways_in if f in self.place]
        held = [p for p in places if tokens.get(p)]
        if node.type == "parallelGateway":
            return _change(tokens, held, [self.place[node]]) if len(held) == len(places) else None
        waiting = [f for f in node.ways_in if f in self.place and not tokens.get(self.place[f])]
        sources = reaching_without([f for f in waiting], node)
        others = (self.thing[p] for p in tokens if p not in places)
        late = any((t.target if isinstance(t, Flow) else t) in sources for t in others)
        return None if late else _change(tokens, held, [self.place[node]])

    def _choices(self, out: list[int]) -> Iterator[list[int]]:
        """Which branches an inclusive decision may take together."""
        sizes = range(1, len(out) + 1) if len(out) <= 4 else (1, 2, len(out))
        for size in sizes if self.optional_or else (1,):
            yield from map(list, combinations(out, size))

    def _leave(self, node: Node, tokens: dict[int, int]) -> Iterator[Marking]:
        here = [self.place[node]]
        for event in node.boundary:
            if event.has("compensateEventDefinition"):
                continue
            if event.interrupting:
                yield _change(tokens, here, [self.place[event]])
            elif not any(self.thing[p] in self._own(event) for p in tokens):
                # Fires again only once its branch is done: otherwise a reminder would count as a flood.
                yield _change(tokens, [], [self.place[event]])
        if node.type == "endEvent" and node.has(*ENDING_ALL):
            yield ()
            return
        out = [self.place[f] for f in node.ways_out if f in self.place]
        if not out:
            yield _change(tokens, here, [])
        elif node.type in {"exclusiveGateway", "eventBasedGateway"} and node.get("eventGatewayType") != "Parallel":
            for place in out:
                yield _change(tokens, here, [place])
        elif node.type in {"inclusiveGateway", "complexGateway"} and len(out) > 1:
            for chosen in self._choices(out):
                yield _change(tokens, here, chosen)
        elif node.decides:
            flows = {self.place[f]: f for f in node.ways_out if f in self.place}
            sure = [p for p, f in flows.items() if f.condition is None and f.id != node.default_ref]
            open_ = [p for p in out if p not in sure]
            for chosen in [*([[]] if sure else []), *self._choices(open_)]:
                yield _change(tokens, here, [*sure, *chosen])
        else:
            yield _change(tokens, here, out)


def _only_consumes(node: Node) -> bool:
    return node.type == "endEvent" and not node.has(*ENDING_ALL) and not node.outgoing


def _fires_once(event: Node) -> bool:
    """A date or duration passes once while the activity runs; a cycle, a message or a signal may come again."""
    once = ("timeDate", "timeDuration")
    return bool(event.events) and all(any(e.xml.find(q(t)) is not None for t in once) for e in event.events)


def reaching_without(flows: list[Flow], barrier: Node) -> set[Node]:
    """Nodes from which a token can still arrive over one of ``flows`` without passing ``barrier``."""
    seen: set[Node] = set()
    todo = [f.source for f in flows if f.source is not None]
    while todo:
        node = todo.pop()
        if node in seen or node is barrier:
            continue
        seen.add(node)
        todo += [f.source for f in node.ways_in if f.source is not None]
        if node.type == "boundaryEvent" and node.host is not None:
            todo.append(node.host)
    return seen


def _without(origins: list[Node], barrier: Node) -> set[Node]:
    """What can be reached from ``origins`` without passing ``barrier``."""
    seen: set[Node] = set()
    todo = list(origins)
    while todo:
        node = todo.pop()
        if node not in seen and node is not barrier:
            seen.add(node)
            todo += successors(node)
    return seen


def _change(tokens: dict[int, int], take: list[int], put: list[int]) -> Marking:
    after = dict(tokens)
    for place in take:
        after[place] -= 1
        if not after[place]:
            del after[place]
    for place in put:
        after[place] = after.get(place, 0) + 1
    return tuple(sorted(after.items()))


def play(scope: Scope, optional_or: bool = True) -> Play:
    """Explore every way the tokens of one level can move, up to a bound (remembered with the level)."""
    key = f"play {optional_or}"
    if key not in scope.memo:
        scope.memo[key] = _play(scope, optional_or)
    return scope.memo[key]


def _counts_tokens(node: Node) -> bool:
    """Does what happens here depend on how many tokens come?"""
    if node.type == "complexGateway":
        return len(node.incoming) > 1
    return any(node.get(name, "1") != "1" for name in ("startQuantity", "completionQuantity"))


def _play(scope: Scope, optional_or: bool) -> Play:
    if any(_counts_tokens(node) for node in scope.nodes):
        return Play(complete=False)
    level, result = _Level(scope, optional_or), Play()
    todo = level.initial()
    seen: set[Marking] = set(todo)
    while todo:
        marking = todo.pop()
        if not marking:
            result.can_finish = True
            continue
        busy = [t for t in (level.thing[p] for p, _ in marking) if isinstance(t, Node)]
        result.active.update(busy)
        result.together.update(frozenset(pair) for pair in combinations(busy, 2))
        moved = False
        for node, after in level.moves(marking):
            moved = True
            result.active.add(node)
            heavy = next((p for p, count in after if count > MAX_TOKENS), None)
            if heavy is not None:
                thing = level.thing[heavy]
                result.flooded, result.complete = thing if isinstance(thing, Node) else thing.target, False
                return result
            if after not in seen:
                seen.add(after)
                todo.append(after)
        if not moved:
            result.stuck_joins.update(
                t.target for t in (level.thing[p] for p, _ in marking) if isinstance(t, Flow) and t.target is not None
            )
        if len(seen) > MAX_MARKINGS:
            result.complete = False
            return result
    return result
