"""What an operator stands between: constants, names, brackets, loops, functions and their types."""

from __future__ import annotations

import decimal

from engine.expressions import nodes as n
from engine.expressions import types
from engine.expressions.builtins import BUILTINS
from engine.expressions.temporal import beyond, read_temporal
from engine.expressions.tokens import Token
from engine.expressions.type_syntax import TypeSyntax
from engine.expressions.values import CONTEXT, Failure, tidy

CONSTANTS = {"true": True, "True": True, "false": False, "False": False, "null": None, "None": None}
COMPARISONS = {"=": "=", "==": "=", "!=": "!=", "<": "<", "<=": "<=", ">": ">", ">=": ">="}
#: Functions whose value is fixed by constant arguments: evaluated once, when the text is parsed.
_CONSTRUCTORS = frozenset({"date", "time", "date and time", "duration"})


class Operands(TypeSyntax):
    """Parses operands; operators are above, in :class:`engine.expressions.parser.Parser`."""

    def operand(self) -> n.Node:
        token = self.take()
        if token.kind == "number":
            return self.number(token)
        if token.kind == "string":
            return self.node(n.Literal(token.value))
        if token.kind == "name":
            return self.named(token)
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

    def named(self, token: Token) -> n.Node:
        if self.sees("("):
            return self.function(token) if token.value == "function" else self.call(token)
        if "." in token.value:
            base, *keys = token.value.split(".")
            path: n.Node = n.Name(base.strip())
            for key in keys:
                path = n.Path(path, key.strip())
            return self.node(n.Dotted(token.value, path))
        known = BUILTINS.get(token.value) if self.standard and token.value not in self.names else None
        return self.node(n.Name(token.value, known.as_value() if known is not None else None))

    def number(self, token: Token) -> n.Node:
        try:
            return self.node(n.Literal(tidy(CONTEXT.create_decimal(token.value))))
        except decimal.DecimalException:
            raise self.fail("数字过大", token) from None

    def at_literal(self, token: Token) -> n.Node:
        text = self.take()
        value = read_temporal(text.value) if text.kind == "string" else None
        if text.kind == "string" and (beyond(text.value) or beyond("T" + text.value)):
            raise self.fail(f'@"{text.value}"超出范围：年份 1 到 9999，时间精确到微秒', token)
        if value is None:
            if self.standard and text.kind == "string":
                return self.undefined(f'@"{text.value}"不是日期、时间或时长')
            raise self.fail('@ 之后应为日期、时间或时长，例如 @"2026-01-20"、@"P3D"', token)
        return self.node(n.Literal(value))

    def undefined(self, problem: str) -> n.Node:
        """A part that is null whatever the data: the standard evaluates it, deploying finds the problem."""
        self.problems.append(problem)
        return self.node(n.Undefined(problem))

    def parenthesis(self) -> n.Node:
        if self.token.kind == "sign" and self.token.value in COMPARISONS:
            sign = COMPARISONS[self.take().value]
            bound = self.inside(self.expression)
            self.expect(")", "括号没有闭合")
            return self.node(n.OneSided(sign, bound))
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

    def range_from(self, start: n.Node, included: bool) -> n.Node:
        self.expect("..", "区间需要两个端点")
        saved, self.bracket_closes = self.bracket_closes, True
        end = self.expression(40)
        self.bracket_closes = saved
        closing = self.take()
        if closing.value not in (")", "]", "["):
            raise self.fail("区间没有闭合，应写成 [1..9]、(1..9] 等形式", closing)
        return self.node(n.RangeOf(start, end, included, closing.value == "]"))

    def context(self) -> n.Node:
        entries: list[tuple[str, n.Node]] = []
        twice = ""
        while not self.sees("}"):
            token = self.take()
            key = token.value
            if token.kind not in ("name", "keyword", "string"):
                raise self.fail("{…} 里应为“名称: 值”", token)
            while token.kind != "string" and self.token.kind in ("name", "keyword"):
                key += " " + self.take().value
            self.expect(":", "{…} 里应为“名称: 值”")
            twice = twice or (key if any(key == known for known, _ in entries) else "")
            entries.append((key, self.inside(self.expression)))
            if not self.accept(","):
                break
        self.expect("}", "大括号没有闭合")
        if twice and self.standard:
            return self.undefined(f"{{…}} 里“{twice}”写了两次")
        return self.node(n.ContextOf(tuple(entries)))

    def keyword(self, token: Token) -> n.Node:
        word = token.value
        if word in CONSTANTS:
            return self.node(n.Literal(CONSTANTS[word]))
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

    # -------- functions

    def call(self, token: Token) -> n.Node:
        self.take()
        arguments, keywords = self.arguments(token.value)
        return self.bound(token, arguments, keywords)

    def arguments(self, name: str) -> tuple[list[n.Node], list[tuple[str, n.Node]]]:
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
        self.expect(")", f"函数 {name} 的括号没有闭合")
        return arguments, keywords

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
        problem = known.place(name, arguments, keywords, self.standard)
        if problem and self.standard and name in self.names:
            return self.node(n.Call(name, None, tuple(arguments), tuple(keywords), token.position))
        if problem and self.standard:
            return self.undefined(problem)
        if problem:
            raise self.fail(problem, token)
        function = known.strictly() if self.standard else known.function
        call = n.Call(name, function, tuple(arguments), (), token.position)
        if name in _CONSTRUCTORS and self.standard and all(isinstance(one, n.Literal) for one in arguments):
            try:
                return self.node(n.Literal(call.evaluate(n.Run({}, None, None, standard=True))))
            except Failure as stop:
                raise self.fail(stop.message, token) from stop
        return self.node(call)

    def function(self, token: Token) -> n.Node:
        if not self.standard:
            raise self.fail("不支持在表达式里定义函数，请改用列表的 for、some、every 或服务任务", token)
        self.take()
        parameters: list[str] = []
        declared: list[types.Type | None] = []
        while not self.sees(")"):
            words = []
            while self.token.kind in ("name", "keyword"):
                words.append(self.take().value)
            if not words:
                raise self.fail("function(…) 里应为参数名")
            parameters.append(" ".join(words))
            declared.append(self.type() if self.accept(":") else None)
            if not self.accept(","):
                break
        self.expect(")", "function 的括号没有闭合")
        if self.sees("external"):
            raise self.fail("不支持外部函数（external），只支持 FEEL 表达式")
        return self.node(n.FunctionOf(tuple(parameters), tuple(declared), self.expression()))
