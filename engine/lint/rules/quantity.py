"""Quantities of tokens are positive (spec table 10.3) and small enough to be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator
from math import prod

from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about

MAX_QUANTITY = 100
MAX_TOKENS = 5_000  # of all activities of a level together, one after the other


def check(model: Model) -> Iterator[Problem]:
    for node in model.run_nodes:
        for name in ("startQuantity", "completionQuantity"):
            text = node.get(name, "1")
            if not re.fullmatch(r"\+?\d{1,9}", text) or not 1 <= int(text) <= MAX_QUANTITY:
                yield about(
                    node,
                    f"的 {name} 是 {text}，应当是 1 至 {MAX_QUANTITY} 的整数。",
                    "请改正或删除该属性；需要多次办理时用多实例。",
                )
    for scope in model.scopes:
        tokens = prod(_given(node) for node in scope.nodes)
        if scope.executable and tokens > MAX_TOKENS:
            yield about(
                scope,
                f"各活动的 completionQuantity 连乘起来会产生 {min(tokens, 10**9):,} 个令牌，超过上限 {MAX_TOKENS:,}。",
                "请减小这些数；需要多次办理时用多实例。",
            )


def _given(node: Node) -> int:
    """How many tokens leave a node on every flow."""
    text = node.get("completionQuantity", "1")
    return int(text) if re.fullmatch(r"\d{1,9}", text) and int(text) else 1
