"""The canonical FEEL text of a tree: what a Python-style condition means, shown to its designer."""

from __future__ import annotations

from typing import Any

from engine.expressions import nodes as n
from engine.expressions.output import text_of
from engine.expressions.tokens import KEYWORDS
from engine.expressions.values import number


def feel_text(tree: n.Node) -> str:
    """FEEL text that parses into an equal tree; operands are bracketed wherever precedence could matter."""
    if isinstance(tree, n.Literal):
        return _literal(tree.value)
    if isinstance(tree, n.Name):
        return tree.name
    if isinstance(tree, n.Path):
        named = tree.key.isidentifier() and tree.key not in KEYWORDS
        return f"{_operand(tree.base)}.{tree.key}" if named else f"{_operand(tree.base)}[{_quote(tree.key)}]"
    if isinstance(tree, (n.And, n.Or)):
        return (" and " if isinstance(tree, n.And) else " or ").join(map(_operand, tree.parts))
    if isinstance(tree, n.Not):
        return f"not({feel_text(tree.part)})"
    if isinstance(tree, (n.Compare, n.Arithmetic)):
        return f"{_operand(tree.left)} {tree.sign} {_operand(tree.right)}"
    if isinstance(tree, n.Negate):
        return f"-({feel_text(tree.part)})"
    if isinstance(tree, n.If):
        return " ".join(
            f"{word} {feel_text(part)}"
            for word, part in (("if", tree.condition), ("then", tree.then), ("else", tree.otherwise))
        )
    if isinstance(tree, n.ListOf):
        return "[" + ", ".join(map(feel_text, tree.parts)) + "]"
    if isinstance(tree, n.ContextOf):
        return "{" + ", ".join(f"{_quote(key)}: {feel_text(node)}" for key, node in tree.entries) + "}"
    if isinstance(tree, n.RangeOf):
        left, right = "[" if tree.start_included else "(", "]" if tree.end_included else ")"
        # "[1..xs[1]]" would close at the filter's bracket.
        end = f"({feel_text(tree.end)})" if isinstance(tree.end, (n.Filter, n.Path)) else _operand(tree.end)
        return f"{left}{_operand(tree.start)}..{end}{right}"
    if isinstance(tree, n.OneSided):
        return f"{tree.sign} {_operand(tree.bound)}"
    return _longer(tree)


def _longer(tree: n.Node) -> str:
    if isinstance(tree, n.In):
        tests = ", ".join(map(feel_text, tree.tests))
        if tree.searches:
            return f"{_operand(tree.value)} in {tests}"
        single = len(tree.tests) == 1 and isinstance(tree.tests[0], (n.RangeOf, n.ListOf))
        return f"{_operand(tree.value)} in {tests if single else f'({tests})'}"
    if isinstance(tree, n.Between):
        return f"{_operand(tree.value)} between {_operand(tree.low)} and {_operand(tree.high)}"
    if isinstance(tree, n.Filter):
        return f"{_operand(tree.base)}[{feel_text(tree.condition)}]"
    if isinstance(tree, n.Loop):
        sources = (
            f"{name} in {_operand(source)}" + (f"..{_operand(end)}" if end is not None else "")
            for name, source, end in zip(tree.names, tree.sources, tree.ends, strict=True)
        )
        closing = "return" if tree.kind == "for" else "satisfies"
        return f"{tree.kind} {', '.join(sources)} {closing} {feel_text(tree.body)}"
    if isinstance(tree, n.IsDefined):
        return f"is defined({feel_text(tree.part)})"
    if isinstance(tree, n.InstanceOf):
        return f"{_operand(tree.value)} instance of {tree.type_text}"
    if isinstance(tree, n.Call):
        named = [f"{key}: {feel_text(node)}" for key, node in tree.keywords]
        return f"{tree.name}({', '.join([*map(feel_text, tree.arguments), *named])})"
    return _function(tree)


def _function(tree: n.Node) -> str:
    if isinstance(tree, n.Apply):
        named = [f"{key}: {feel_text(node)}" for key, node in tree.keywords]
        return f"{_operand(tree.callee)}({', '.join([*map(feel_text, tree.arguments), *named])})"
    if isinstance(tree, n.Dotted):
        return tree.name
    if isinstance(tree, n.FunctionOf):
        return f"function({', '.join(tree.parameters)}) {feel_text(tree.body)}"
    if isinstance(tree, n.One):
        return feel_text(tree.part)
    if isinstance(tree, n.Undefined):
        return "null"
    raise TypeError(type(tree).__name__)


def _operand(tree: n.Node) -> str:
    text = feel_text(tree)
    plain = isinstance(tree, (n.Name, n.Path, n.Filter, n.ListOf, n.ContextOf, n.IsDefined, n.Call))
    if isinstance(tree, n.Literal):
        exact = number(tree.value)
        plain = exact is None or exact >= 0
    return text if plain else f"({text})"


def _literal(value: Any) -> str:
    if isinstance(value, str):
        return _quote(value)
    if value is None or isinstance(value, bool) or number(value) is not None:
        return text_of(value)
    return f'@"{text_of(value)}"'


def _quote(text: str) -> str:
    escapes = {"\\": "\\\\", '"': '\\"', "\n": "\\n", "\t": "\\t", "\r": "\\r"}
    return '"' + "".join(escapes.get(sign, sign) for sign in text) + '"'
