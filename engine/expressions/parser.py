"""The Pratt parser: tokens to a tree, FEEL and the spellings of other modellers alike.

Where two readings differ (``not(a) = b``, ``-a ** 2``, ``a < b < c``, ``xs[0]``) a diagram's text is
refused with the unambiguous spelling, so nobody's diagram silently means something else.  Decision
files are written in FEEL by definition and read as the standard says.
"""

from __future__ import annotations

import decimal

from engine.expressions import nodes as n
from engine.expressions.cursor import MAX_DEPTH, MAX_NODES
from engine.expressions.operands import COMPARISONS, CONSTANTS, Operands
from engine.expressions.tokens import Token, failure

__all__ = ["MAX_DEPTH", "MAX_NODES", "parse_tests", "parse_tree"]

_ARITHMETIC = {"+": 50, "-": 50, "*": 60, "/": 60, "%": 60, "**": 70}
_CHOICE, _OR, _AND, _NOT, _COMPARISON, _UNARY = 5, 10, 20, 30, 40, 80
#: The comparisons of Java's expression language, where an operator must stand.
_WORDS = {"eq": "=", "ne": "!=", "lt": "<", "le": "<=", "gt": ">", "ge": ">="}
_AFTER_NOT = frozenset({"", ")", "]", "}", ",", "and", "or", "then", "else", "return", "satisfies", ".."})
_SEARCHED = (n.Name, n.Path, n.Filter, n.Call, n.Literal)
_SPACED_PROPERTIES = frozenset({"time offset", "start included", "end included"})


class Parser(Operands):
    """One parse of one text; use :func:`parse_tree` and :func:`parse_tests`."""

    # -------- operators

    def expression(self, power: int = 0) -> n.Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise self.fail(f"括号或条件嵌套超过 {MAX_DEPTH} 层")
        # Python reads -a ** 2 as -(a ** 2) and a ** b ** c from the right, FEEL neither: both are refused.
        unclear = self.token.kind == "sign" and self.token.value == "-"
        left = self.prefix()
        compared = False
        while True:
            token = self.token
            value = token.value if token.kind != "string" else ""
            if token.kind == "keyword" and value in ("and", "or"):
                strength = _AND if value == "and" else _OR
                if strength <= power:
                    break
                left = self.junction(left, value, strength)
                compared = False
            elif token.kind == "sign" and value in _ARITHMETIC:
                if _ARITHMETIC[value] <= power:
                    break
                if value == "**" and unclear and not self.standard:
                    raise self.fail("乘方的次序有歧义，请加括号", token)
                unclear = value == "**"
                left = self.arithmetic(left, value)
            elif self.at_comparison():
                if power >= _COMPARISON:
                    break
                if compared:
                    raise self.fail("比较不能连写，请写成 a < b and b < c 或 b in (a..c)")
                left = self.comparison(left)
                compared = True
            elif power < _CHOICE and not self.standard and self.sees("if", "?"):
                left = self.choice(left)
            else:
                break
        self.depth -= 1
        return left

    def junction(self, left: n.Node, word: str, strength: int) -> n.Node:
        parts = [left]
        while self.accept(word):
            parts.append(self.expression(strength))
        kind = n.And if word == "and" else n.Or
        return self.node(kind(tuple(parts)))

    def arithmetic(self, left: n.Node, sign: str) -> n.Node:
        self.take()
        return self.node(n.Arithmetic(sign, left, self.expression(_ARITHMETIC[sign])))

    def choice(self, left: n.Node) -> n.Node:
        """Python's ``a if c else b`` and Java's ``c ? a : b``."""
        if self.take().value == "?":
            then = self.inside(self.expression)
            self.expect(":", "? 之后应为 :")
            return self.node(n.If(left, then, self.expression(_CHOICE - 1)))
        condition = self.expression(_CHOICE)
        self.expect("else", "a if b 之后应为 else")
        return self.node(n.If(condition, left, self.expression(_CHOICE - 1)))

    def at_comparison(self) -> bool:
        token = self.token
        if token.kind == "sign":
            return token.value in COMPARISONS
        if token.kind == "keyword":
            following = self.tokens[min(self.at + 1, len(self.tokens) - 1)].value
            return token.value in ("in", "between") or (token.value == "not" and following == "in")
        if token.kind != "name":
            return False
        return token.value in ("is", "instance") or (token.value in _WORDS and not self.standard)

    def comparison(self, left: n.Node) -> n.Node:
        token = self.take()
        word = token.value
        sign = COMPARISONS.get(word) or (_WORDS.get(word) if token.kind == "name" else None)
        if sign is not None:
            return self.node(n.Compare(sign, left, self.expression(_COMPARISON)))
        if word == "in":
            return self.membership(left)
        if word == "not":
            self.take()
            return self.node(n.Not(self.membership(left)))
        if word == "between":
            low = self.expression(_COMPARISON)
            self.expect("and", "between 需要两个界限")
            return self.node(n.Between(left, low, self.expression(_COMPARISON)))
        if word == "instance":
            self.expect("of", "instance of 之后是类型名")
            start = self.token.position
            found = self.type()
            return self.node(n.InstanceOf(left, found, self.text[start : self.token.position].strip()))
        sign = "!=" if self.accept("not") else "="
        if self.token.value not in CONSTANTS:
            raise self.fail("is 之后只能是 None、True 或 False；其他比较请用 =")
        return self.node(n.Compare(sign, left, self.prefix()))

    # -------- what stands after "in", and the cells of decision tables

    def membership(self, left: n.Node) -> n.Node:
        # A text after "in" is searched, as Python does; FEEL has no use for it there.
        searches = not self.standard and not self.sees("(")
        tests = self.tests()
        if searches and isinstance(tests[0], n.Arithmetic):
            raise self.fail("in 之后是算式，含义不清：找文字写 contains(a + b, c)，比较写 c in (a + b)")
        return self.node(n.In(left, tests, searches and _searched(tests[0])))

    def tests(self) -> tuple[n.Node, ...]:
        if not self.sees("("):
            return (self.test(_COMPARISON),)
        self.take()
        return self.inside_tests()

    def inside_tests(self) -> tuple[n.Node, ...]:
        saved, self.bracket_closes = self.bracket_closes, False
        found = [self.test(0)]
        if len(found) == 1 and self.sees(".."):
            self.bracket_closes = saved
            return (self.range_from(found[0], False),)
        while self.accept(","):
            found.append(self.test(0))
        self.bracket_closes = saved
        self.expect(")", "括号没有闭合")
        return tuple(found)

    def test(self, power: int) -> n.Node:
        if self.token.kind == "sign" and self.token.value in COMPARISONS:
            sign = COMPARISONS[self.take().value]
            return self.node(n.OneSided(sign, self.expression(_COMPARISON)))
        return self.expression(power)

    # -------- prefixes and postfixes

    def prefix(self) -> n.Node:
        token = self.token
        if token.kind == "sign" and token.value == "-":
            self.take()
            return self.negation(self.expression(_UNARY))
        if token.kind == "sign" and token.value == "!":
            self.take()
            return self.node(n.Not(self.expression(_UNARY)))
        if token.kind == "keyword" and token.value == "not":
            self.take()
            return self.negated(token)
        return self.postfix(self.operand())

    def negation(self, part: n.Node) -> n.Node:
        if isinstance(part, n.Literal) and type(part.value) in (int, decimal.Decimal):
            return n.Literal(-part.value)
        return self.node(n.Negate(part))

    def negated(self, token: Token) -> n.Node:
        if self.standard and self.sees("("):
            self.take()
            arguments, keywords = self.arguments("not")
            parts = arguments + [part for key, part in keywords if key == "negand"]
            if len(parts) != 1 or len(arguments) + len(keywords) != 1:
                return self.postfix(self.undefined("not 需要一个参数"))
            return self.postfix(self.node(n.Not(parts[0])))
        if self.sees("("):
            self.refuse_unclear_not(token)
        return self.node(n.Not(self.expression(_NOT)))

    def refuse_unclear_not(self, token: Token) -> None:
        depth = 0
        for index in range(self.at, len(self.tokens) - 1):
            following = self.tokens[index]
            if following.kind == "sign" and following.value in "([{":
                depth += 1
            elif following.kind == "sign" and following.value in ")]}":
                depth -= 1
            if depth <= 0:
                after = self.tokens[index + 1]
                if after.kind == "string" or after.value not in _AFTER_NOT:
                    raise self.fail("not(…) 之后又有运算，含义不清，请把整个条件写进括号：not(a = b)", token)
                break

    def postfix(self, left: n.Node) -> n.Node:
        while self.token.kind == "sign":
            if self.sees("."):
                self.take()
                left = self.node(n.Path(left, self.key()))
            elif self.sees("[") and not self.bracket_closes:
                self.take()
                condition = self.inside(self.expression)
                self.expect("]", "筛选条件没有闭合")
                left = self.filtered(left, condition)
            elif self.sees("(") and self.standard:
                self.take()
                arguments, keywords = self.arguments("")
                left = self.node(n.Apply(left, tuple(arguments), tuple(keywords)))
            elif self.sees("(") and isinstance(left, n.Path) and left.key == "contains" and _searched(left.base):
                self.take()
                sought = self.inside(self.expression)
                self.expect(")", "contains( ) 里写要找的一项")
                left = self.node(n.In(sought, (left.base,), True))
            elif self.sees("("):
                raise self.fail("不支持方法调用，只能调用函数，例如 contains(a, b)")
            else:
                break
        return left

    def filtered(self, left: n.Node, condition: n.Node) -> n.Node:
        if not self.standard and isinstance(condition, n.Literal):
            if isinstance(condition.value, str):
                # Python and JavaScript read a key this way; a list has no elements named by a text.
                return self.node(n.Path(left, condition.value))
            if condition.value == 0 and condition.value is not False:
                raise self.fail("列表从 1 数起，没有第 0 项：第一项写 [1]，最后一项写 [-1]")
        return self.node(n.Filter(left, condition))

    def key(self) -> str:
        token = self.take()
        if token.kind not in ("name", "keyword"):
            raise self.fail("“.”之后应为名称", token)
        if self.token.kind == "name" and f"{token.value} {self.token.value}" in _SPACED_PROPERTIES:
            return f"{token.value} {self.take().value}"
        return token.value


def _searched(node: n.Node) -> bool:
    """May this be a text, in which a text is looked for?"""
    return isinstance(node, _SEARCHED)


def _shell(text: str) -> str | None:
    """The text with a modeller's wrapping blanked: a leading ``=``, ``${…}`` or ``#{…}``; ``None`` if bare."""
    start, end = len(text) - len(text.lstrip()), len(text.rstrip())
    if text[start : start + 2] in ("${", "#{") and text[end - 1 : end] == "}":
        return " " * (start + 2) + text[start + 2 : end - 1]
    if text[start : start + 1] == "=" and text[start : start + 2] != "==":
        return " " * (start + 1) + text[start + 1 :]
    return None


def parse_tree(text: str, names: frozenset[str] = frozenset(), standard: bool = False) -> tuple[n.Node, list[str]]:
    """The tree of one expression and what in it can only be null."""
    hidden = _shell(text) if not standard else None
    if not (text if hidden is None else hidden).strip():
        raise failure("表达式是空的", text)
    parser = Parser(text, names, standard, hidden)
    return parser.finish(parser.expression()), parser.problems


def parse_tests(
    text: str, names: frozenset[str] = frozenset(), standard: bool = False
) -> tuple[bool, tuple[n.Node, ...], list[str]]:
    """The tests of a decision table's cell: (negated, tests, problems); no tests at all accept anything."""
    if text.strip() in ("", "-"):
        return False, (), []
    parser = Parser(text, names, standard)
    if parser.sees("not") and parser.tokens[1].value == "(" and parser.tokens[1].kind == "sign":
        parser.at = 2
        tests = parser.inside_tests()
        if parser.token.kind == "end":
            return True, tests, parser.problems
        parser = Parser(text, names, standard)
    tests_found = [parser.test(0)]
    while parser.accept(","):
        tests_found.append(parser.test(0))
    parser.finish(n.ListOf(tuple(tests_found)))
    return False, tuple(tests_found), parser.problems
