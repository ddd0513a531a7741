"""Walking over the tokens of one text, with the limits on what a text may build."""

from __future__ import annotations

from collections.abc import Callable

from engine.expressions import nodes as n
from engine.expressions.tokens import Token, failure, tokenize

MAX_NODES = 500
MAX_DEPTH = 60
MAX_TREE_DEPTH = 150


class Cursor:
    """The tokens of one text and how far they are read; ``standard`` is FEEL to the letter."""

    def __init__(self, text: str, names: frozenset[str], standard: bool, hidden: str | None = None) -> None:
        self.text = text
        self.standard = standard
        # Blanking what is skipped keeps every position true to what the author sees.
        self.tokens = tokenize(hidden if hidden is not None else text, names, standard)
        self.names = names
        self.at = 0
        self.depth = 0
        self.count = 0
        self.bracket_closes = False
        self.problems: list[str] = []

    @property
    def token(self) -> Token:
        return self.tokens[self.at]

    def fail(self, message: str, token: Token | None = None) -> Exception:
        return failure(message, self.text, (token or self.token).position)

    def take(self) -> Token:
        token = self.tokens[self.at]
        self.at += token.kind != "end"
        return token

    def sees(self, *values: str) -> bool:
        token = self.tokens[self.at]
        return token.kind in ("sign", "keyword", "name") and token.value in values

    def accept(self, value: str) -> bool:
        if self.sees(value):
            self.at += 1
            return True
        return False

    def expect(self, value: str, purpose: str) -> None:
        if not self.accept(value):
            found = f"“{self.token.value}”" if self.token.kind != "end" else "结尾"
            raise self.fail(f"{purpose}，应为“{value}”，而这里是{found}")

    def node(self, made: n.Node) -> n.Node:
        self.count += 1
        if self.count > MAX_NODES:
            raise self.fail(f"表达式过于复杂（超过 {MAX_NODES} 个成分），请拆成几步")
        return made

    def inside(self, parse: Callable[[], n.Node]) -> n.Node:
        """Parse within brackets, where ``[`` filters again."""
        saved, self.bracket_closes = self.bracket_closes, False
        try:
            return parse()
        finally:
            self.bracket_closes = saved

    def finish(self, tree: n.Node) -> n.Node:
        """The tree, when nothing is left over and it is not too deep."""
        if self.token.kind != "end":
            raise self.fail(f"多余的“{self.token.value}”，请检查是否缺少运算符、逗号或引号")
        level, depth = [tree], 0
        while level:
            depth += 1
            if depth > MAX_TREE_DEPTH:
                raise failure("运算嵌套过深，请用列表或拆成几步", self.text, 0)
            level = [child for node in level for child in node.children()]
        return tree

    def expression(self, power: int = 0) -> n.Node:
        """One expression; see :class:`engine.expressions.parser.Parser`."""
        raise NotImplementedError
