"""Timer events on our own clock, with ISO 8601 text or FEEL, always with a zone.

The library reads the server's clock and zone and wants Python expressions
(engine-facts §1); these definitions ask the script engine for both.
"""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from SpiffWorkflow.bpmn.specs.event_definitions.timer import (
    DurationTimerEventDefinition,
    TimeDateEventDefinition,
    TimerEventDefinition,
)
from SpiffWorkflow.task import Task

from engine.errors import ExpressionError

_DURATION = re.compile(
    r"^(?P<sign>-)?P(?:(?P<years>\d+)Y)?(?:(?P<months>\d+)M)?(?:(?P<weeks>\d+(?:[.,]\d+)?)W)?(?:(?P<days>\d+(?:[.,]\d+)?)D)?"
    r"(?:T(?:(?P<hours>\d+(?:[.,]\d+)?)H)?(?:(?P<minutes>\d+(?:[.,]\d+)?)M)?(?:(?P<seconds>\d+(?:[.,]\d+)?)S)?)?$"
)
_ASKS_DEADLINE = re.compile(r"\bdeadline\s*\(")
_NAMED_DEADLINE = re.compile(r"\bdeadline\s*\(\s*\"([^\"]+)\"")
_MAX_CYCLES = 1_000_000
_WIDEST = timedelta(hours=14)  # the clock of the easternmost zone
#: Rounds of a cycle that are made up for after a stop; older ones are skipped, a server must not be held up by them.
CATCH_UP = 100


def looks_like_iso(text: str) -> bool:
    """True when ``text`` is an ISO 8601 date, date-time, duration or repeating interval."""
    text = text.strip()
    if text[:1] == "R" and "/" in text:
        return True
    if _DURATION.match(text) and text not in {"P", "PT", "-P"}:
        return True
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return True


def add_duration(start: datetime, text: str) -> datetime:
    """``start`` plus an ISO 8601 duration; months and years follow the calendar (31 Jan + P1M = 28/29 Feb)."""
    found = _DURATION.match(text.strip())
    if not found or text.strip() in {"P", "PT", "-P"}:
        raise ExpressionError(f"“{text}”不是有效的 ISO 8601 时长，例如 PT2H、P3D。")
    part = {k: float(v.replace(",", ".")) for k, v in found.groupdict().items() if v and k != "sign"}
    sign = -1 if found["sign"] else 1
    try:
        months = sign * int(part.get("years", 0) * 12 + part.get("months", 0))
        if months:
            year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
            last = monthrange(year, month + 1)[1]
            start = start.replace(year=year, month=month + 1, day=min(start.day, last))
        rest = timedelta(
            weeks=part.get("weeks", 0), days=part.get("days", 0), hours=part.get("hours", 0),
            minutes=part.get("minutes", 0), seconds=part.get("seconds", 0),
        )  # fmt: skip
        moment = start + sign * rest
        _ = moment.astimezone(UTC) + _WIDEST  # must stay a date wherever it is shown
        return moment
    except (ValueError, OverflowError):
        raise ExpressionError(f"时长“{text}”超出了日期的范围，请改短。") from None


def parse_instant(value: Any, zone: Any) -> datetime:
    """A moment from text, date or datetime; a bare date means its start in ``zone``, a naive time is in ``zone``."""
    try:
        if isinstance(value, datetime):
            parsed = value
        elif isinstance(value, date):
            parsed = datetime.combine(value, time())
        else:
            parsed = datetime.fromisoformat(str(value).strip())
        moment = parsed if parsed.tzinfo else parsed.replace(tzinfo=zone)
        moment.astimezone(UTC), moment.astimezone(zone)  # must be a date wherever it is kept or shown
    except (ValueError, OverflowError):
        raise ExpressionError(f"“{value}”不是有效的日期时间，例如 2026-12-31T18:00:00+08:00。") from None
    return moment


class OwnClock:
    """Shared by the three kinds: the due moment is computed once, when the timer is first reached.

    A timer that asks for ``deadline("…")`` follows that deadline when it moves (ADR 0005) and has no
    due moment while the deadline stands still (中止).
    """

    expression: str
    #: Tells several timers of one event apart.
    slot = ""

    def _value(self, my_task: Task) -> Any:
        text = (self.expression or "").strip()
        if looks_like_iso(text):
            return text
        value = my_task.workflow.script_engine.evaluate(my_task, text)
        if value is None or value == "":
            raise ExpressionError(f"定时器表达式“{text}”没有得出时间，请检查所引用的名称。")
        return value

    def _due(self, my_task: Task) -> datetime | None:
        if _ASKS_DEADLINE.search(self.expression):  # a statutory deadline may be moved, so it is asked anew
            return None if self.stands(my_task) else self._first(my_task)
        # Kept by expression: an event-based gateway holds several timers in one task.
        known = my_task._get_internal_data("due") or {}
        if self.expression not in known:
            known = {**known, self.expression: self._first(my_task).isoformat()}
            my_task._set_internal_data(due=known)
        return datetime.fromisoformat(known[self.expression])

    def stands(self, my_task: Task) -> bool:
        """Does a statutory deadline the timer asks for stand still at present?"""
        functions = my_task.workflow.script_engine.host.functions()
        suspended = functions.get("deadline_suspended")
        return suspended is not None and any(map(suspended, _NAMED_DEADLINE.findall(self.expression)))

    def _first(self, my_task: Task) -> datetime:
        engine = my_task.workflow.script_engine
        value = self._value(my_task)
        if isinstance(value, str) and _DURATION.match(value.strip()):
            return add_duration(engine.now, value)
        return parse_instant(value, engine.zone)

    def has_fired(self, my_task: Task) -> bool:
        return bool(my_task._get_internal_data("event_fired", False))

    def update_task(self, my_task: Task) -> None:
        """The clock starts when the token arrives; the execution fires timers in the order they are due."""
        self.due_at(my_task)

    def due_at(self, my_task: Task) -> datetime | None:
        """When this waiting task's timer is due."""
        return self._due(my_task)

    def reset(self, my_task: Task) -> None:
        my_task.internal_data.pop("due", None)
        my_task.internal_data.pop(f"event_value{self.slot}", None)
        my_task.internal_data.pop("event_fired", None)


class DateTimer(OwnClock, TimeDateEventDefinition):
    """timeDate."""


class DurationTimer(OwnClock, DurationTimerEventDefinition):
    """timeDuration."""


class CycleTimer(OwnClock, TimerEventDefinition):
    """timeCycle ``R[n]/[start/]duration``; a boundary event that does not interrupt waits for every round in turn."""

    def _state(self, my_task: Task) -> dict[str, Any]:
        state = my_task._get_internal_data(f"event_value{self.slot}")
        if isinstance(state, dict):
            return state
        engine = my_task.workflow.script_engine
        text = str(self._value(my_task)).strip()
        parts = text.split("/")
        if not parts[0].upper().startswith("R") or len(parts) not in {2, 3}:
            raise ExpressionError(f"“{text}”不是有效的循环定时，例如 R3/PT10M 或 R/2026-01-01T09:00:00+08:00/P1D。")
        try:
            count = int(parts[0][1:]) if parts[0][1:] else -1
        except ValueError:
            raise ExpressionError(f"循环定时“{text}”的次数无效，例如 R3/PT10M。") from None
        if len(parts) == 3 and not parts[1].upper().startswith("P"):
            first, duration = parse_instant(parts[1], engine.zone), parts[2]
        elif len(parts) == 3:
            end, duration = parse_instant(parts[2], engine.zone), parts[1]
            try:
                first = end - (add_duration(end, duration) - end)
            except OverflowError:
                raise ExpressionError(f"循环定时“{text}”超出了日期的范围。") from None
        else:
            duration = parts[1]
            first = add_duration(engine.now, duration)
        if add_duration(first, duration) <= first:
            raise ExpressionError(f"循环定时“{text}”的间隔必须大于零。")
        state = {"cycles": min(count, _MAX_CYCLES), "next": first.isoformat(), "duration": duration}
        my_task.internal_data[f"event_value{self.slot}"] = state
        return state

    def due_at(self, my_task: Task) -> datetime | None:
        state = self._state(my_task)
        return datetime.fromisoformat(state["next"]) if state["cycles"] != 0 else None

    def again(self, my_task: Task) -> dict[str, Any] | None:
        """What the next round has to know once this one has fired; ``None`` after the last."""
        state = dict(self._state(my_task))
        due, now = datetime.fromisoformat(state["next"]), my_task.workflow.script_engine.now
        missed = self._missed(due, state["duration"], now)
        if missed > CATCH_UP:
            skipped = missed - CATCH_UP
            due += skipped * (add_duration(due, state["duration"]) - due)
            state["cycles"] = max(1, state["cycles"] - skipped) if state["cycles"] > 0 else state["cycles"]
        state["next"] = add_duration(due, state["duration"]).isoformat()
        state["cycles"] -= 1
        return {f"event_value{self.slot}": state} if state["cycles"] != 0 else None

    @staticmethod
    def _missed(due: datetime, duration: str, now: datetime) -> int:
        """How many rounds lie between ``due`` and ``now``, by the length of the next one."""
        return int((now - due) / (add_duration(due, duration) - due))
