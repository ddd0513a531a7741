"""Regular expressions in linear time: no pattern a designer writes can hang the server.

Python's ``re`` backtracks, so ``(a+)+$`` against forty letters never ends.  Here a
pattern becomes a small automaton (Thompson's construction) that looks at every
character once.  Supported: literals, ``.``, classes ``[a-z]``, ``\\d \\w \\s`` and their
capitals, groups, ``|``, ``* + ? {m,n}``, ``^`` and ``$``; refused: back-references and look-around.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from engine.expressions.values import Failure

MAX_PATTERN = 200
MAX_STATES = 2_000
MAX_SUBJECT = 10_000

Check = Callable[[str], bool]
# A state is (check, next), ("split", a, b), ("start", next), ("end", next) or ("match",).
State = list[object]

_CLASSES: dict[str, Check] = {
    "d": str.isdecimal,
    "w": lambda c: c.isalnum() or c == "_",
    "s": str.isspace,
}


class Pattern:
    """A compiled pattern; :meth:`search` finds it anywhere, :meth:`fullmatch` wants the whole text."""

    def __init__(self, text: str, flags: str = "") -> None:
        if len(text) > MAX_PATTERN:
            raise Failure(f"匹配模式超过 {MAX_PATTERN} 个字符")
        if set(flags) - set("imsx"):
            raise Failure(f"匹配选项“{flags}”不受支持，只能用 i、m、s、x")
        builder = _Builder(text, "i" in flags, "s" in flags, "x" in flags)
        self._states, self._start = builder.build()
        self._multiline = "m" in flags

    def fullmatch(self, subject: str) -> bool:
        """Whether the whole ``subject`` matches."""
        return self._run(subject, anchored=True)

    def search(self, subject: str) -> bool:
        """Whether any part of ``subject`` matches."""
        return self._run(subject, anchored=False)

    def _run(self, subject: str, anchored: bool) -> bool:
        if len(subject) > MAX_SUBJECT:
            raise Failure(f"被匹配的文本超过 {MAX_SUBJECT} 个字")
        current: set[int] = set()
        for at in range(len(subject) + 1):
            if at == 0 or not anchored:
                self._follow(self._start, current, subject, at)
            if not anchored and any(self._states[s][0] == "match" for s in current):
                return True
            if at == len(subject) or (anchored and not current):
                break
            character = subject[at]
            following: set[int] = set()
            for index in current:
                state = self._states[index]
                check = state[0]
                if callable(check) and check(character):
                    self._follow(int(str(state[1])), following, subject, at + 1)
            current = following
        return any(self._states[s][0] == "match" for s in current) if at == len(subject) else False

    def _follow(self, index: int, into: set[int], subject: str, at: int) -> None:
        waiting = [index]
        while waiting:
            index = waiting.pop()
            if index in into:
                continue
            into.add(index)
            state = self._states[index]
            if state[0] == "split":
                waiting += [int(str(state[1])), int(str(state[2]))]
            elif (state[0] == "start" and (at == 0 or (self._multiline and subject[at - 1] == "\n"))) or (
                state[0] == "end" and (at == len(subject) or (self._multiline and subject[at] == "\n"))
            ):
                waiting.append(int(str(state[1])))


@lru_cache(maxsize=512)
def compile_pattern(text: str, flags: str = "") -> Pattern:
    """The pattern of ``text``; raises :class:`Failure` with a Chinese reason when it is not supported."""
    return Pattern(text, flags)


class _Builder:
    """Recursive descent over the pattern, emitting states back to front."""

    def __init__(self, text: str, ignore_case: bool, dot_all: bool, verbose: bool) -> None:
        self.text = "".join(text.split()) if verbose else text
        self.at = 0
        self.depth = 0
        self.ignore_case = ignore_case
        self.dot_all = dot_all
        self.states: list[State] = [["match"]]

    def build(self) -> tuple[list[State], int]:
        tree = self._alternatives()
        if self.at < len(self.text):
            raise self._bad("多余的“)”")
        return self.states, self._emit(tree, 0)

    def _bad(self, reason: str) -> Failure:
        return Failure(f"匹配模式“{self.text}”第 {self.at + 1} 个字符处：{reason}")

    def _peek(self) -> str:
        return self.text[self.at : self.at + 1]

    # -------- text to a tree of ("char", check) ("seq", parts) ("alt", parts) ("repeat", part, low, high) ("start",)

    def _alternatives(self) -> tuple[object, ...]:
        self.depth += 1
        if self.depth > 20:
            raise self._bad("括号嵌套过深")
        options = [self._sequence()]
        while self._peek() == "|":
            self.at += 1
            options.append(self._sequence())
        self.depth -= 1
        return options[0] if len(options) == 1 else ("alt", options)

    def _sequence(self) -> tuple[object, ...]:
        parts: list[tuple[object, ...]] = []
        while self._peek() and self._peek() not in "|)":
            parts.append(self._repeated(self._atom()))
        return ("seq", parts)

    def _repeated(self, atom: tuple[object, ...]) -> tuple[object, ...]:
        while (sign := self._peek()) and sign in "*+?{":
            self.at += 1
            low, high = {"*": (0, None), "+": (1, None), "?": (0, 1)}.get(sign) or self._counts()
            if self._peek() == "?":
                self.at += 1  # laziness changes which part matches, never whether one does
            atom = ("repeat", atom, low, high)
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

    def _atom(self) -> tuple[object, ...]:
        sign = self.text[self.at]
        self.at += 1
        if sign == "(":
            if self._peek() == "?":
                if self.text[self.at : self.at + 2] != "?:":
                    raise self._bad("不支持前瞻、后顾和命名分组")
                self.at += 2
            inner = self._alternatives()
            if self._peek() != ")":
                raise self._bad("缺少“)”")
            self.at += 1
            return inner
        if sign == "[":
            return ("char", self._class())
        if sign == ".":
            return ("char", (lambda c: True) if self.dot_all else (lambda c: c != "\n"))
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
        if sign in "ntr":
            return self._literal({"n": "\n", "t": "\t", "r": "\r"}[sign])
        if sign.isalnum():
            raise self._bad(f"不支持“\\{sign}”")
        return self._literal(sign)

    def _class(self) -> Check:
        negated = self._peek() == "^"
        self.at += negated
        checks: list[Check] = []
        first = True
        while (sign := self._peek()) != "]" or first:
            if not sign:
                raise self._bad("缺少“]”")
            self.at += 1
            first = False
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
        return (lambda c: not any(k(c) for k in checks)) if negated else (lambda c: any(k(c) for k in checks))

    def _between(self, low: str, high: str) -> Check:
        if self.ignore_case:
            return lambda c: low <= c <= high or low <= c.lower() <= high or low <= c.upper() <= high
        return lambda c: low <= c <= high

    # -------- tree to states

    def _new(self, *state: object) -> int:
        if len(self.states) >= MAX_STATES:
            raise self._bad("匹配模式过大，请减少重复次数")
        self.states.append(list(state))
        return len(self.states) - 1

    def _emit(self, tree: tuple[object, ...], after: int) -> int:
        kind = tree[0]
        if kind == "seq":
            for part in reversed(tree[1]):  # type: ignore[call-overload]
                after = self._emit(part, after)
            return after
        if kind == "alt":
            entry = None
            for part in tree[1]:  # type: ignore[attr-defined]
                begin = self._emit(part, after)
                entry = begin if entry is None else self._new("split", entry, begin)
            return entry if entry is not None else after
        if kind == "repeat":
            return self._emit_repeat(tree, after)
        return self._new(tree[1], after) if kind == "char" else self._new(kind, after)

    def _emit_repeat(self, tree: tuple[object, ...], after: int) -> int:
        part, low, high = tree[1], int(str(tree[2])), tree[3]
        assert isinstance(part, tuple)
        if high is None:
            loop = self._new("split", after, after)
            self.states[loop][1] = self._emit(part, loop)
            after = loop
        else:
            end = after
            for _ in range(int(str(high)) - low):
                after = self._new("split", self._emit(part, after), end)
        for _ in range(low):
            after = self._emit(part, after)
        return after
