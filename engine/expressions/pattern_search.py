"""Where a pattern matches: the leftmost match with its groups, still in bounded time.

A simulation of all ways at once that keeps them in order of preference (Pike's machine), so greedy and
lazy repeats choose what a backtracking engine would choose, without its worst cases.
"""

from __future__ import annotations

from engine.expressions.patterns import MAX_WORK, Pattern
from engine.expressions.values import Failure

#: Positions of the groups: start and end of group 0, of group 1 …; ``None`` where a group took no part.
Groups = tuple[int | None, ...]
Thread = tuple[int, Groups]


class _Search:
    """Finds one match after the other in one text."""

    def __init__(self, pattern: Pattern, subject: str) -> None:
        self.pattern = pattern
        self.states = pattern.states
        self.subject = subject
        self.work = 0

    def find(self, begin: int) -> Groups | None:
        """The leftmost match from ``begin`` on."""
        empty: Groups = (None,) * (2 * self.pattern.groups + 2)
        threads: list[Thread] = []
        found: Groups | None = None
        for at in range(begin, len(self.subject) + 1):
            entered = {state for state, _ in threads}
            if found is None:
                self._follow(self.pattern.start, (at, *empty[1:]), threads, entered, at)
            following: list[Thread] = []
            entered = set()
            for index, groups in threads:
                state = self.states[index]
                self.work += 1
                if state.kind == "match":
                    found = (groups[0], at, *groups[2:])
                    break  # what is left is less preferred
                if state.kind == "char" and at < len(self.subject) and state.check(self.subject[at]):
                    self._follow(state.out, groups, following, entered, at + 1)
            threads = following
            if self.work > MAX_WORK:
                raise Failure("被匹配的文本过长或匹配模式过大")
            if not threads and found is not None:
                break
        return found

    def _follow(self, index: int, groups: Groups, into: list[Thread], entered: set[int], at: int) -> None:
        waiting = [(index, groups)]
        while waiting:
            index, groups = waiting.pop()
            if index in entered:
                continue
            entered.add(index)
            self.work += 1
            state = self.states[index]
            if state.kind in ("char", "match"):
                into.append((index, groups))
            elif state.kind == "split":
                waiting += [(state.other, groups), (state.out, groups)]
            elif state.kind == "save":
                kept = list(groups)
                kept[state.other] = at
                waiting.append((state.out, tuple(kept)))
            elif self.pattern.stands(state, self.subject, at):
                waiting.append((state.out, groups))


def _matches(pattern: Pattern, subject: str) -> list[Groups] | None:
    """Every match from left to right; ``None`` when the pattern matches nothing at all, which has no place."""
    if pattern.search(""):
        return None
    search, found, begin = _Search(pattern, subject), [], 0
    while begin <= len(subject):
        groups = search.find(begin)
        if groups is None:
            break
        end = groups[1]
        if end is None or end == groups[0]:
            return None
        found.append(groups)
        begin = end
    return found


def replace(pattern: Pattern, subject: str, replacement: str) -> str | None:
    """``subject`` with every match replaced; ``$1`` is the first group.  ``None`` for a wrong replacement."""
    pieces = [replacement] if pattern.literal else _pieces(replacement, pattern.groups)
    found = _matches(pattern, subject)
    if pieces is None or found is None:
        return None
    parts: list[str] = []
    last = 0
    for groups in found:
        parts.append(subject[last : groups[0]])
        for piece in pieces:
            if isinstance(piece, str):
                parts.append(piece)
            elif piece <= pattern.groups and groups[2 * piece] is not None:
                parts.append(subject[groups[2 * piece] : groups[2 * piece + 1]])
        last = groups[1] or 0
    return "".join([*parts, subject[last:]])


def _pieces(replacement: str, groups: int) -> list[str | int] | None:
    pieces: list[str | int] = []
    at = 0
    while at < len(replacement):
        sign, following = replacement[at], replacement[at + 1 : at + 2]
        if sign == "\\":
            if following not in ("\\", "$") or not following:
                return None
            pieces.append(following)
            at += 2
        elif sign == "$":
            if not following.isdecimal():
                return None
            number, at = int(following), at + 2
            while replacement[at : at + 1].isdecimal() and number * 10 + int(replacement[at]) <= groups:
                number, at = number * 10 + int(replacement[at]), at + 1
            pieces.append(number)
        else:
            pieces.append(sign)
            at += 1
    return pieces


def split(pattern: Pattern, subject: str) -> list[str] | None:
    """The parts between the matches."""
    found = _matches(pattern, subject)
    if found is None:
        return None
    parts: list[str] = []
    last = 0
    for groups in found:
        parts.append(subject[last : groups[0]])
        last = groups[1] or 0
    return [*parts, subject[last:]]
