"""Quantities of tokens are positive (spec table 10.3) and small enough to be meant."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about

MAX_QUANTITY = 100


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
