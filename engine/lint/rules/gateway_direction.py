"""A gateway's stated direction agrees with its flows (spec §10.6.1)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import GATEWAYS


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        direction = node.get("gatewayDirection")
        if node.type not in GATEWAYS or direction in {"", "Unspecified"}:
            continue
        many_in, many_out = len(node.incoming) > 1, len(node.outgoing) > 1
        fits = {
            "Converging": not many_out,
            "Diverging": not many_in,
            "Mixed": many_in and many_out,
        }
        if not fits.get(direction, True):
            yield about(
                node,
                f"声明的方向是 {direction}，实际有 {len(node.incoming)} 条进入、{len(node.outgoing)} 条离开的顺序流。",
                "请改正 gatewayDirection 或连线。",
            )
