"""Tokens that part and meet in any pattern, beside an oracle that remembers every write."""

from __future__ import annotations

from dataclasses import dataclass

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.errors import ServiceTaskFailed
from tests.support.bpmn_runs import Run, chain, definition_of, node, script
from tests.support.diagrams import diagram, end, start


@dataclass(frozen=True)
class Net:
    """Steps 0 … n-1 with flows from earlier to later ones; some write a name.  Every step runs once."""

    leads: tuple[tuple[int, int], ...]
    writes: tuple[tuple[str, int] | None, ...]

    def before(self, step: int) -> list[int]:
        return [a for a, b in self.leads if b == step]

    def known(self, step: int) -> set[int]:
        """The steps that came before one."""
        direct = self.before(step)
        return set(direct).union(*(self.known(each) for each in direct))


@st.composite
def nets(draw: st.DrawFn) -> Net:
    count = draw(st.integers(3, 8))
    leads: set[tuple[int, int]] = set()
    for step in range(1, count):
        leads |= {(a, step) for a in draw(st.sets(st.integers(0, step - 1), min_size=1, max_size=3))}
    # What leads nowhere leads to the last step, where all tokens meet.
    leads |= {(a, count - 1) for a in range(count - 1) if all(x != a for x, _ in leads)}
    value = st.tuples(st.sampled_from("xy"), st.integers(0, 2))
    writes = draw(st.lists(st.one_of(st.none(), value), min_size=count, max_size=count))
    return Net(tuple(sorted(leads)), tuple(writes))


def overtakes(net: Net, newer: tuple[int, frozenset[int]], older: tuple[int, frozenset[int]]) -> bool:
    """Did whoever wrote one value know everybody who wrote the other?"""
    known = newer[1].union(*(net.known(step) for step in newer[1]))
    return newer[1] != older[1] and older[1] <= known


def remembered(net: Net) -> dict[str, int] | None:
    """What every name is at the end; ``None`` when two writers of different values did not know of each other."""
    held: list[dict[str, tuple[int, frozenset[int]]]] = []
    for step, write in enumerate(net.writes):
        now: dict[str, tuple[int, frozenset[int]]] = {}
        for name in "xy":
            values = [held[a][name] for a in net.before(step)] or [(0, frozenset())]
            if len({value for value, _ in values}) == 1:
                now[name] = (values[0][0], frozenset().union(*(writers for _, writers in values)))
            else:
                changed = [each for each in values if each[1]]
                current = [each for each in changed if not any(overtakes(net, other, each) for other in changed)]
                if len({value for value, _ in current}) != 1:
                    return None
                now[name] = (current[0][0], frozenset().union(*(writers for _, writers in current)))
        if write is not None and now[write[0]][0] != write[1]:
            now[write[0]] = (write[1], frozenset({step}))
        held.append(now)
    return {name: value for name, (value, _) in held[-1].items()}


def drawn(net: Net) -> str:
    """Every step is a parallel gateway, then a script; flows out of a script split without a gateway."""
    text = start() + end() + chain(f"begin j0; s{len(net.writes) - 1} finish")
    for step, write in enumerate(net.writes):
        text += node("parallelGateway", f"j{step}") + script(
            f"s{step}", f"{write[0]} = {write[1]}" if write else "z = 1"
        )
        text += chain(f"j{step} s{step}")
    return text + "".join(chain(f"s{a} j{b}") for a, b in net.leads)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(nets())
def test_what_was_written_last_on_the_way_counts(net: Net) -> None:
    wanted = remembered(net)
    try:
        run = Run(definition_of(diagram(drawn(net))), {"x": 0, "y": 0}, {}, restoring=True)
    except ServiceTaskFailed as failure:
        assert wanted is None, failure.message
    else:
        assert run.ended
        assert wanted == {name: run.data[name] for name in "xy"}
