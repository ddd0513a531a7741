"""A gateway merges or splits: it has several incoming or several outgoing flows (spec §10.6)."""

from __future__ import annotations

from collections.abc import Iterator

from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.words import GATEWAYS


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        if node.type in GATEWAYS and len(node.incoming) < 2 and len(node.outgoing) < 2:
            yield about(node, "既不分支也不汇合。", "请删除该网关，或补上缺少的分支。")
