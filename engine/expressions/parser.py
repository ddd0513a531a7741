"""The Pratt parser: tokens to a tree, FEEL and the Python-style spellings alike.

Where the two readings differ (``not(a) = b``, ``-a ** 2``, ``a < b < c``) the text is
refused with the unambiguous spelling, so nobody's diagram silently means something else.
"""

from __future__ import annotations

import decimal
from collections.abc import Callable

from engine.expressions import nodes as n
from engine.expressions.builtins import BUILTINS
from engine.expressions.temporal import read_temporal
from engine.expressions.tokens import Token, failure, tokenize
from engine.expressions.values import CONTEXT, tidy

MAX_NODES = 500
MAX_DEPTH = 60
MAX_TREE_DEPTH = 150

_COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
_ARITHMETIC = {"+": 50, "-": 50, "*": 60, "/": 60, "%": 60, "**": 70}
_OR, _AND, _NOT, _COMPARISON, _SUM, _POWER, _UNARY = 10, 20, 30, 40, 50, 70, 80
_CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
_AFTER_NOT = frozenset({"", ")", "]", "}", ",", "and", "or", "then", "else", "return", "satisfies", "..", ">"})
_SPACED_PROPERTIES = frozenset({"time offset", "start included", "end included"})
_TYPES = frozenset(
    {
        "number", "string", "boolean", "date", "time", "date and time", "list", "context", "Any",
        "days and time duration", "years and months duration", "range", "null",
    }
)  # fmt: skip


class Parser:
    """One parse of one text; use :func:`parse_tree` and :func:`parse_tests`."""

    def __init__(self, text: str, names: frozenset[str], skip: int = 0) -> None:
        self.text = text
        # Blanking the skipped "=" keeps every position true to what the author sees.
        self.tokens = tokenize(" " * skip + text[skip:], names)
        self.at = 0
        self.depth = 0
        self.count = 0
        self.bracket_closes = False

    # -------- helpers

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
        if self.token.kind != "end":
            raise self.fail(f"多余的“{self.token.value}”，请检查是否缺少运算符、逗号或引号")
        level, depth = [tree], 0
        while level:
            depth += 1
            if depth > MAX_TREE_DEPTH:
                raise failure("运算嵌套过深，请用列表或拆成几步", self.text, 0)
            level = [child for node in level for child in node.children()]
        return tree

    # -------- expressions

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
                if value == "**" and unclear:
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

    def at_comparison(self) -> bool:
        token = self.token
        if token.kind == "sign":
            return token.value in _COMPARISONS
        if token.kind == "keyword":
            following = self.tokens[min(self.at + 1, len(self.tokens) - 1)].value
            return token.value in ("in", "between") or (token.value == "not" and following == "in")
        return token.kind == "name" and token.value in ("is", "instance")

    def comparison(self, left: n.Node) -> n.Node:
        token = self.take()
        word = token.value
        if word in _COMPARISONS:
            return self.node(n.Compare(_COMPARISONS[word], left, self.expression(_COMPARISON)))
        if word == "in":
            return self.node(n.In(left, self.tests()))
        if word == "not":
            self.take()
            return self.node(n.Not(self.node(n.In(left, self.tests()))))
        if word == "between":
            low = self.expression(_COMPARISON)
            self.expect("and", "between 需要两个界限")
            return self.node(n.Between(left, low, self.expression(_COMPARISON)))
        if word == "instance":
            return self.instance_of(left)
        sign = "!=" if self.accept("not") else "="
        if self.token.value not in _CONSTANTS:
            raise self.fail("is 之后只能是 None、True 或 False；其他比较请用 =")
        return self.node(n.Compare(sign, left, self.prefix()))

    def instance_of(self, left: n.Node) -> n.Node:
        self.expect("of", "instance of 之后是类型名")
        start = self.token
        words: list[str] = []
        while self.token.kind == "name" or (self.sees("and") and words in (["date"], ["days"], ["years"])):
            words.append(self.take().value)
        if " ".join(words) not in _TYPES:
            raise self.fail(f"不认识的类型“{' '.join(words)}”", start)
        return self.node(n.InstanceOf(left, " ".join(words)))

    # -------- what stands after "in", and the cells of decision tables

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
        if self.token.kind == "sign" and self.token.value in _COMPARISONS:
            sign = _COMPARISONS[self.take().value]
            return self.node(n.OneSided(sign, self.expression(_COMPARISON)))
        return self.expression(power)

    def range_from(self, start: n.Node, included: bool) -> n.Node:
        self.expect("..", "区间需要两个端点")
        saved, self.bracket_closes = self.bracket_closes, True
        end = self.expression(_COMPARISON)
        self.bracket_closes = saved
        closing = self.take()
        if closing.value not in (")", "]", "["):
            raise self.fail("区间没有闭合，应写成 [1..9]、(1..9] 等形式", closing)
        return self.node(n.RangeOf(start, end, included, closing.value == "]"))

    # -------- operands

    def prefix(self) -> n.Node:
        token = self.token
        if token.kind == "sign" and token.value == "-":
            self.take()
            return self.negation(self.expression(_UNARY))
        if token.kind == "keyword" and token.value == "not":
            self.take()
            return self.negated(token)
        return self.postfix(self.operand())

    def negation(self, part: n.Node) -> n.Node:
        if isinstance(part, n.Literal) and type(part.value) in (int, decimal.Decimal):
            return n.Literal(-part.value)
        return self.node(n.Negate(part))

    def negated(self, token: Token) -> n.Node:
        if self.sees("("):
            depth = 0
            for following in self.tokens[self.at :]:
                if following.kind == "sign" and following.value in "([{":
                    depth += 1
                elif following.kind == "sign" and following.value in ")]}":
                    depth -= 1
                if following.kind == "end" or depth < 0:
                    break
                if depth == 0:
                    after = self.tokens[self.tokens.index(following, self.at) + 1]
                    if after.kind == "string" or after.value not in _AFTER_NOT or after.value == ">":
                        raise self.fail("not(…) 之后又有运算，含义不清，请把整个条件写进括号：not(a = b)", token)
                    break
        return self.node(n.Not(self.expression(_NOT)))

    def postfix(self, left: n.Node) -> n.Node:
        while self.token.kind == "sign":
            if self.sees("."):
                self.take()
                left = self.node(n.Path(left, self.key()))
            elif self.sees("[") and not self.bracket_closes:
                self.take()
                condition = self.inside(self.expression)
                self.expect("]", "筛选条件没有闭合")
                left = self.node(n.Filter(left, condition))
            elif self.sees("("):
                raise self.fail("不支持方法调用，只能调用函数，例如 contains(a, b)")
            else:
                break
        return left

    def key(self) -> str:
        token = self.take()
        if token.kind not in ("name", "keyword"):
            raise self.fail("“.”之后应为名称", token)
        if self.token.kind == "name" and f"{token.value} {self.token.value}" in _SPACED_PROPERTIES:
            return f"{token.value} {self.take().value}"
        return token.value

    def operand(self) -> n.Node:
        token = self.take()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "string":
            return self.node(n.Literal(token.value))
        if token.kind == "name":
            return self.call(token) if self.sees("(") else self.node(n.Name(token.value))
        if token.kind == "keyword":
            return self.keyword(token)
        if token.value == "(":
            return self.parenthesis()
        if token.value == "[":
            return self.bracket()
        if token.value == "]":
            return self.range_from(self.inside(self.expression), False)
        if token.value == "{":
            return self.context()
        if token.value == "@":
            return self.at_literal(token)
        if token.value == "?":
            return self.node(n.Name("?"))
        if token.kind == "end":
            raise self.fail("表达式不完整，这里缺少一个值", token)
        raise self.fail(f"“{token.value}”前面缺少一个值", token)

    def number(self, token: Token) -> n.Node:
        try:
            return self.node(n.Literal(tidy(CONTEXT.create_decimal(token.value))))
        except decimal.DecimalException:
            raise self.fail("数字过大", token) from None

    def at_literal(self, token: Token) -> n.Node:
        text = self.take()
        value = read_temporal(text.value) if text.kind == "string" else None
        if value is None:
            raise self.fail('@ 之后应为日期、时间或时长，例如 @"2026-01-20"、@"P3D"', token)
        return self.node(n.Literal(value))

    def parenthesis(self) -> n.Node:
        first = self.inside(self.expression)
        if self.sees(".."):
            return self.range_from(first, False)
        self.expect(")", "括号没有闭合")
        return first

    def bracket(self) -> n.Node:
        if self.accept("]"):
            return self.node(n.ListOf(()))
        parts = [self.inside(self.expression)]
        if self.sees(".."):
            return self.range_from(parts[0], True)
        while self.accept(","):
            if self.sees("]"):
                break
            parts.append(self.inside(self.expression))
        self.expect("]", "列表没有闭合")
        return self.node(n.ListOf(tuple(parts)))

    def context(self) -> n.Node:
        entries: list[tuple[str, n.Node]] = []
        while not self.sees("}"):
            token = self.take()
            key = token.value
            if token.kind not in ("name", "keyword", "string"):
                raise self.fail("{…} 里应为“名称: 值”", token)
            while token.kind != "string" and self.token.kind in ("name", "keyword"):
                key += " " + self.take().value
            self.expect(":", "{…} 里应为“名称: 值”")
            entries.append((key, self.inside(self.expression)))
            if not self.accept(","):
                break
        self.expect("}", "大括号没有闭合")
        return self.node(n.ContextOf(tuple(entries)))

    def keyword(self, token: Token) -> n.Node:
        word = token.value
        if word in _CONSTANTS:
            return self.node(n.Literal(_CONSTANTS[word]))
        if word == "if":
            condition = self.expression()
            self.expect("then", "if 之后应为 then")
            then = self.expression()
            self.expect("else", "if … then … 之后应为 else")
            return self.node(n.If(condition, then, self.expression()))
        if word in ("for", "some", "every"):
            return self.loop(word)
        raise self.fail(f"“{word}”不能用在这里", token)

    def loop(self, kind: str) -> n.Node:
        names: list[str] = []
        sources: list[n.Node] = []
        ends: list[n.Node | None] = []
        while True:
            name = self.take()
            if name.kind != "name":
                raise self.fail(f"{kind} 之后应为变量名", name)
            names.append(name.value)
            self.expect("in", f"{kind} {name.value} 之后应为 in")
            sources.append(self.inside(self.expression))
            ends.append(self.expression() if self.accept("..") else None)
            if not self.accept(","):
                break
        closing = "return" if kind == "for" else "satisfies"
        self.expect(closing, f"{kind} … in … 之后应为 {closing}")
        return self.node(n.Loop(kind, tuple(names), tuple(sources), tuple(ends), self.expression()))

    # -------- function calls

    def call(self, token: Token) -> n.Node:
        self.take()
        saved, self.bracket_closes = self.bracket_closes, False
        arguments: list[n.Node] = []
        keywords: list[tuple[str, n.Node]] = []
        while not self.sees(")"):
            key = self.argument_name()
            if key is not None:
                keywords.append((key, self.expression()))
            elif keywords:
                raise self.fail("按名称给出的参数之后不能再按位置给参数")
            else:
                arguments.append(self.expression())
            if not self.accept(","):
                break
        self.bracket_closes = saved
        self.expect(")", f"函数 {token.value} 的括号没有闭合")
        return self.bound(token, arguments, keywords)

    def argument_name(self) -> str | None:
        end = self.at
        while self.tokens[end].kind in ("name", "keyword"):
            end += 1
        if end == self.at or self.tokens[end].value != ":" or self.tokens[end].kind != "sign":
            return None
        words = [token.value for token in self.tokens[self.at : end]]
        self.at = end + 1
        return " ".join(words)

    def bound(self, token: Token, arguments: list[n.Node], keywords: list[tuple[str, n.Node]]) -> n.Node:
        name = token.value
        if name == "is defined":
            if len(arguments) != 1 or keywords:
                raise self.fail("is defined 需要一个参数", token)
            return self.node(n.IsDefined(arguments[0]))
        known = BUILTINS.get(name)
        if known is None:
            return self.node(n.Call(name, None, tuple(arguments), tuple(keywords), token.position))
        for key, value in keywords:
            if key not in known.parameters:
                expected = "、".join(known.parameters) or "没有参数"
                raise self.fail(f"函数 {name} 没有名为“{key}”的参数（{expected}）", token)
            place = known.parameters.index(key)
            while len(arguments) <= place:
                arguments.append(n.Literal(None))
            arguments[place] = value
        most = known.most
        if len(arguments) < known.least or (most is not None and len(arguments) > most):
            wanted = str(known.least) if known.least == most else f"{known.least} 到 {'多' if most is None else most}"
            raise self.fail(f"函数 {name} 需要 {wanted} 个参数，这里给了 {len(arguments)} 个", token)
        return self.node(n.Call(name, known.function, tuple(arguments), (), token.position))


def parse_tree(text: str, names: frozenset[str] = frozenset()) -> n.Node:
    """The tree of one expression; a leading ``=`` (the form-js spelling) is skipped."""
    blank = len(text) - len(text.lstrip())
    rest = text[blank : blank + 2]
    skip = blank + 1 if rest[:1] == "=" and rest != "==" else 0
    if not text[skip:].strip():
        raise failure("表达式是空的", text)
    parser = Parser(text, names, skip)
    return parser.finish(parser.expression())


def parse_tests(text: str, names: frozenset[str] = frozenset()) -> tuple[bool, tuple[n.Node, ...]]:
    """The tests of a decision table's cell: (negated, tests); no tests at all accept anything."""
    if text.strip() in ("", "-"):
        return False, ()
    parser = Parser(text, names)
    if parser.sees("not") and parser.tokens[1].value == "(" and parser.tokens[1].kind == "sign":
        parser.at = 2
        tests = parser.inside_tests()
        if parser.token.kind == "end":
            return True, tests
        parser = Parser(text, names)
    tests_found = [parser.test(0)]
    while parser.accept(","):
        tests_found.append(parser.test(0))
    parser.finish(n.ListOf(tuple(tests_found)))
    return False, tuple(tests_found)
