"""Regular expressions in linear time: no pattern a designer writes can hang the server.

Python's ``re`` backtracks, so ``(a+)+$`` against forty letters never ends.  Here a
pattern becomes a small automaton (Thompson's construction) that looks at every
character once.  Supported: literals, ``.``, classes ``[a-z]``, ``\\d \\w \\s`` and their
capitals, groups, ``|``, ``* + ? {m,n}``, greedy or lazy, ``^`` and ``$``; refused: back-references and look-around.
"""

from __future__ import annotations

from functools import lru_cache

from engine.expressions.pattern_builder import Builder, State
from engine.expressions.values import Failure

MAX_PATTERN = 200
#: States times characters: bounds the time of one match to well under a second.
MAX_WORK = 2_000_000


class Pattern:
    """A compiled pattern; :meth:`search` finds it anywhere, :meth:`fullmatch` wants the whole text."""

    def __init__(self, text: str, flags: str = "") -> None:
        if len(text) > MAX_PATTERN:
            raise Failure(f"匹配模式超过 {MAX_PATTERN} 个字符")
        if set(flags) - set("imsxq"):
            raise Failure(f"匹配选项“{flags}”不受支持，只能用 i、m、s、x、q")
        self.literal = "q" in flags
        builder = Builder(text, "i" in flags, "s" in flags, "x" in flags and not self.literal, self.literal)
        self.states, self.start = builder.build()
        #: how many bracketed groups there are
        self.groups = builder.groups
        self._multiline = "m" in flags

    def fullmatch(self, subject: str) -> bool:
        """Whether the whole ``subject`` matches."""
        return self._run(subject, anchored=True)

    def search(self, subject: str) -> bool:
        """Whether any part of ``subject`` matches."""
        return self._run(subject, anchored=False)

    def _run(self, subject: str, anchored: bool) -> bool:
        if len(subject) * len(self.states) > MAX_WORK:
            raise Failure("被匹配的文本过长或匹配模式过大")
        states = self.states
        current: set[int] = set()
        for at in range(len(subject) + 1):
            if at == 0 or not anchored:
                self._follow(self.start, current, subject, at)
            if 0 in current and (not anchored or at == len(subject)):
                return True
            if at == len(subject) or (anchored and not current):
                break
            character = subject[at]
            following: set[int] = set()
            for index in current:
                state = states[index]
                if state.kind == "char" and state.check(character):
                    self._follow(state.out, following, subject, at + 1)
            current = following
        return False

    def _follow(self, index: int, into: set[int], subject: str, at: int) -> None:
        """Add a state and all it reaches without reading a character."""
        waiting = [index]
        while waiting:
            index = waiting.pop()
            if index in into:
                continue
            into.add(index)
            state = self.states[index]
            if state.kind == "split":
                waiting += [state.out, state.other]
            elif state.kind == "save" or (state.kind in ("start", "end") and self.stands(state, subject, at)):
                waiting.append(state.out)

    def stands(self, state: State, subject: str, at: int) -> bool:
        """Whether the anchor ``^`` or ``$`` holds at a position."""
        if state.kind == "start":
            return at == 0 or (self._multiline and subject[at - 1] == "\n")
        return at == len(subject) or (self._multiline and subject[at] == "\n")


@lru_cache(maxsize=512)
def compile_pattern(text: str, flags: str = "") -> Pattern:
    """The pattern of ``text``; raises :class:`Failure` with a Chinese reason when it is not supported."""
    return Pattern(text, flags)
