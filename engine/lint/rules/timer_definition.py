"""A timer has exactly one of date, duration and cycle, as ISO 8601 or as an expression (spec §10.5.5.11)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from engine import expressions
from engine.bpmn.timers import looks_like_iso
from engine.errors import ExpressionError
from engine.lint.finding import Problem
from engine.lint.model import Model, Node
from engine.lint.say import about
from engine.lint.texts import declared, timer_texts, written_in

_DURATION = re.compile(
    r"^-?P(?=[\dT])(\d+Y)?(\d+M)?(\d+([.,]\d+)?W)?(\d+([.,]\d+)?D)?(T(?=\d)(\d+([.,]\d+)?H)?(\d+([.,]\d+)?M)?(\d+([.,]\d+)?S)?)?$"
)
_CYCLE = re.compile(r"^R(\d{0,6})/(.+)$")
_DIGITS = 5  # 99999 of any unit is beyond every legal deadline; longer numbers are attacks on the calendar
_LOOKS_CRON = re.compile(r"^(\S+\s+){4,6}\S+$")


def check(model: Model) -> Iterator[Problem]:
    for node in model.nodes:
        for event in node.events:
            if event.type != "timerEventDefinition":
                continue
            found = timer_texts(event)
            if len(found) > 1:
                yield about(node, f"的定时定义有 {len(found)} 项，应恰好一项。", "请只填写日期、时长、周期中的一项。")
            elif not found and node.executable:
                yield about(node, "没有说明等到什么时候。", "请填写日期、时长、周期中的一项。", "unsupported")
            for tag, text in found:
                problem = _judge(tag, text, node.executable) or _shout(node, text)
                if problem:
                    yield about(
                        node,
                        f"的定时{problem}",
                        "示例：PT2H（时长）、2026-12-31T18:00:00+08:00（日期）、R3/PT10M（周期）。",
                    )


def _shout(node: Node, text: str) -> str:
    """A single word of capitals that nothing writes is a slip in ISO 8601, not the name of a variable."""
    if not re.fullmatch(r"[A-Z]+", text) or text in written_in(node.scope.process) | declared(node.scope.process):
        return ""
    return f"“{text[:60]}”不是有效的 ISO 8601 写法。"


def _judge(tag: str, text: str, executable: bool) -> str:
    if not text:
        return "是空的。" if executable else ""
    bare = text.strip('"')
    if not looks_like_iso(bare):
        if _LOOKS_CRON.match(text) and re.match(r"^[\d*?/,\- ]+$", text):
            return f"“{text[:60]}”是 cron 写法，系统不支持。"
        if bare != text or re.match(r"-?PT?\d|R\d*/|\d{4}-\d", bare):
            return f"“{text[:60]}”不是有效的 ISO 8601 写法。"
        if not executable:
            return ""
        try:
            expressions.parse(text)
        except ExpressionError as error:
            return f"“{text[:60]}”既不是 ISO 8601 也不是有效的表达式：{error.message.rstrip('。')}。"
        return ""
    if re.search(rf"\d{{{_DIGITS + 1},}}", re.sub(r"[.,]\d+", "", bare)):
        return f"“{text[:60]}”的数值过大。"
    duration, cycle = _DURATION.match(bare), _CYCLE.match(bare)
    if tag == "timeCycle" and not cycle:
        return f"“{text[:60]}”不是循环定时。"
    if tag == "timeDuration" and not duration:
        return f"“{text[:60]}”不是时长。"
    if tag == "timeDate" and (duration or cycle):
        return f"“{text[:60]}”不是日期。"
    if cycle:
        return _judge_cycle(cycle.group(2), text)
    return ""


def _judge_cycle(rest: str, text: str) -> str:
    parts = rest.split("/")
    durations = [part for part in parts if _DURATION.match(part)]
    if len(parts) > 2 or len(durations) != 1 or any(p not in durations and not looks_like_iso(p) for p in parts):
        return f"“{text[:60]}”不是有效的循环定时。"
    if not re.search(r"[1-9]", durations[0]) or durations[0].startswith("-"):
        return f"“{text[:60]}”的间隔必须大于零。"
    return ""
