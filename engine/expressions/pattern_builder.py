"""From the text of a pattern to the states of its automaton (Thompson's construction)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from unicodedata import category

from engine.expressions.values import Failure

MAX_STATES = 2_000

Check = Callable[[str], bool]
Tree = tuple[Any, ...]


@dataclass(slots=True)
class State:
    """``kind`` is char, split, save, start, end or match; ``out`` is the next state.

    ``other`` is a split's second choice or the slot where a group's end is saved.
    """

    kind: str
    out: int = -1
    other: int = -1
    check: Check = bool


_CLASSES: dict[str, Check] = {
    "d": str.isdecimal,
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
}


def _without_spaces(text: str) -> str:
    """The pattern without white space, except inside a class such as ``[ ]``."""
    kept: list[str] = []
    inside = escaped = False
    for sign in text:
        if not sign.isspace() or inside:
            kept.append(sign)
        if escaped:
            escaped = False
        elif sign == "\\":
            escaped = True
        elif sign in "[]":
            inside = sign == "["
    return "".join(kept)


class Builder:
    """Recursive descent over the pattern, emitting states back to front."""

    def __init__(self, text: str, ignore_case: bool, dot_all: bool, verbose: bool, literal: bool = False) -> None:
        self.literal = literal
        self.groups = 0
        self.nested = 0
        self.text = _without_spaces(text) if verbose else text
        self.at = 0
        self.depth = 0
        self.work = 0
        self.ignore_case = ignore_case
        self.dot_all = dot_all
        self.states = [State("match")]

    def build(self) -> tuple[list[State], int]:
        if self.literal:
            letters: Tree = ("seq", [("char", self._literal(sign)) for sign in self.text])
            return self.states, self._emit(letters, 0)
        tree = self._alternatives()
        if self.at < len(self.text):
            raise self._bad("多余的“)”")
        return self.states, self._emit(tree, 0)

    def _bad(self, reason: str) -> Failure:
        return Failure(f"匹配模式“{self.text}”第 {self.at + 1} 个字符处：{reason}")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    # -------- text to a tree of ("char", check) ("seq", parts) ("alt", parts) ("repeat", part, low, high) ("start",)

    def _alternatives(self) -> Tree:
        self.depth += 1
        if self.depth > 20:
            raise self._bad("括号嵌套过深")
        options = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            options.append(self._sequence())
        self.depth -= 1
        return options[0] if len(options) == 1 else ("alt", options)

    def _sequence(self) -> Tree:
        parts: list[Tree] = []
        while self._peek() and self._peek() not in "|)":
            parts.append(self._repeated(self._atom()))
        return ("seq", parts)

    def _repeated(self, atom: Tree) -> Tree:
        while (sign := self._peek()) and sign in "*+?{":
            self.at += 1
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self._counts()
            lazy = self._peek() == "?"
            self.at += lazy
            atom = ("repeat", atom, low, high, lazy)
        return atom

    def _counts(self) -> tuple[int, int | None]:
        closing = self.text.find("}", self.at)
        low, comma, high = self.text[self.at : closing].partition(",") if closing > 0 else ("", "", "")
        if not low.isdecimal() or len(low) > 3 or (high and (not high.isdecimal() or len(high) > 3)):
            raise self._bad("重复次数应写成 {2} 或 {2,5}，最大 999")
        self.at = closing + 1
        limits = int(low), (int(high) if high else None) if comma else int(low)
        if limits[1] is not None and limits[1] < limits[0]:
            raise self._bad("重复次数的上限小于下限")
        return limits

    def _atom(self) -> Tree:
        sign = self.text[self.at]
        self.at += 1
        if sign == "(":
            group = 0
            if self._peek() == "?":
                if self.text[self.at : self.at + 2] != "?:":
                    raise self._bad("不支持前瞻、后顾和命名分组")
                self.at += 2
            else:
                self.groups += 1
                group = self.groups
            inner = self._alternatives()
            if self._peek() != ")":
                raise self._bad("缺少“)”")
            self.at += 1
            return ("group", inner, group) if group else inner
        if sign == "[":
            return ("char", self._class())
        if sign == ".":
            return ("char", (lambda c: True) if self.dot_all else (lambda c: c not in "\n\r"))
        if sign in "^$":
            return ("start",) if sign == "^" else ("end",)
        if sign in "*+?{":
            raise self._bad(f"“{sign}”前面没有可重复的内容")
        return ("char", self._escape() if sign == "\\" else self._literal(sign))

    def _literal(self, wanted: str) -> Check:
        if self.ignore_case:
            folded = wanted.casefold()
            return lambda c: c.casefold() == folded
        return lambda c: c == wanted

    def _escape(self) -> Check:
        sign = self._peek()
        if not sign:
            raise self._bad("“\\”后面缺少字符")
        self.at += 1
        if sign.lower() in _CLASSES:
            check = _CLASSES[sign.lower()]
            return check if sign.islower() else (lambda c: not check(c))
        if sign in "pP":
            check = self._property()
            return check if sign == "p" else (lambda c: not check(c))
        if sign in "ntr":
            return self._literal({"n": "\n", "t": "\t", "r": "\r"}[sign])
        if sign.isalnum():
            raise self._bad(f"不支持“\\{sign}”")
        return self._literal(sign)

    def _property(self) -> Check:
        """``\\p{Lu}``: a general category of Unicode; of the blocks only basic Latin."""
        closing = self.text.find("}", self.at)
        name = self.text[self.at + 1 : closing] if self._peek() == "{" and closing > 0 else ""
        if name == "IsBasicLatin":
            self.at = closing + 1
            return str.isascii
        if not name or len(name) > 2 or name[0] not in "LMNPZSC":
            raise self._bad(f"不支持“\\p{{{name}}}”，只支持 \\p{{L}}、\\p{{Lu}} 这样的类别")
        self.at = closing + 1
        return lambda c: category(c).startswith(name)

    def _class(self) -> Check:
        negated = self._peek() == "^"
        self.at += negated
        checks: list[Check] = []
        first = True
        taken: Check | None = None
        while (sign := self._peek()) != "]" or first:
            if not sign:
                raise self._bad("缺少“]”")
            self.at += 1
            first = False
            if sign == "-" and self._peek() == "[":
                self.at += 1
                self.nested += 1
                if self.nested > 1:
                    raise self._bad("字符类里只能再减去一个字符类")
                taken = self._class()
                self.nested -= 1
                if self._peek() != "]":
                    raise self._bad("缺少“]”")
                break
            if sign == "\\":
                checks.append(self._escape())
                continue
            if self._peek() == "-" and self.text[self.at + 1 : self.at + 2] not in ("]", ""):
                high = self.text[self.at + 1]
                self.at += 2
                if high == "\\" or high < sign:
                    raise self._bad("字符范围的上限小于下限")
                checks.append(self._between(sign, high))
            else:
                checks.append(self._literal(sign))
        self.at += 1
        minus = taken
        if minus is not None:
            return lambda c: any(k(c) for k in checks) is not negated and not minus(c)
        return (lambda c: not any(k(c) for k in checks)) if negated else (lambda c: any(k(c) for k in checks))

    def _between(self, low: str, high: str) -> Check:
        if self.ignore_case:
            return lambda c: low <= c <= high or low <= c.lower() <= high or low <= c.upper() <= high
        return lambda c: low <= c <= high

    # -------- tree to states

    def _new(self, state: State) -> int:
        if len(self.states) >= MAX_STATES:
            raise self._bad("匹配模式过大，请减少重复次数")
        self.states.append(state)
        return len(self.states) - 1

    def _emit(self, tree: Tree, after: int) -> int:
        # Repeating nothing, (){999}{999}, makes no states but would still take for ever.
        self.work += 1
        if self.work > 10 * MAX_STATES:
            raise self._bad("匹配模式过大，请减少重复次数")
        kind = tree[0]
        if kind == "seq":
            for part in reversed(tree[1]):
                after = self._emit(part, after)
            return after
        if kind == "alt":
            entry, *others = (self._emit(part, after) for part in tree[1])
            for begin in others:
                entry = self._new(State("split", entry, begin))
            return entry
        if kind == "repeat":
            return self._emit_repeat(tree, after)
        if kind == "group":
            closing = self._new(State("save", after, 2 * tree[2] + 1))
            return self._new(State("save", self._emit(tree[1], closing), 2 * tree[2]))
        return self._new(State(kind, after, check=tree[1]) if kind == "char" else State(kind, after))

    def _emit_repeat(self, tree: Tree, after: int) -> int:
        _, part, low, high, lazy = tree
        if high is None:
            loop = self._new(State("split", after, after))
            entry = self._emit(part, loop)
            self.states[loop].out, self.states[loop].other = (after, entry) if lazy else (entry, after)
            after = loop
        else:
            end = after
            for _ in range(high - low):
                entry = self._emit(part, after)
                after = self._new(State("split", end, entry) if lazy else State("split", entry, end))
        for _ in range(low):
            after = self._emit(part, after)
        return after
