"""Names that expressions read are written somewhere (warning).

Variables given at the start are not declared in most diagrams, so an unknown name alone proves
nothing: it is reported when the process declares its variables (property ``variables`` of the
process, comma-separated), or when it nearly equals a name that is written: a slip of the pen.
"""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from engine.bpmn.complex_gateways import GATEWAY_NAMES
from engine.bpmn.loops import LOOP_NAMES
from engine.lint.finding import Problem
from engine.lint.model import Model
from engine.lint.say import about
from engine.lint.texts import declared, texts, written_in

#: Given to every instance by the kernel.
ALWAYS = frozenset({"department", "departments", "business_key", "process_key", "item", *LOOP_NAMES, *GATEWAY_NAMES})
_CLOSE = 0.86
_MANY = 500  # beyond, comparing every name with every other one would take too long


def check(model: Model) -> Iterator[Problem]:
    written = {process: written_in(process) for process in model.processes}
    known = {process: names | ALWAYS | declared(process) for process, names in written.items()}
    told: set[tuple[object, str]] = set()
    for text in texts(model):
        process = text.where.scope.process
        candidates = sorted(written[process]) if len(written[process]) <= _MANY else []
        for name in sorted(text.names - known[process]):
            usable = candidates if len(name) <= 100 and len(told) < _MANY else []
            close = get_close_matches(name, usable, n=1, cutoff=_CLOSE)
            if (text.where, name) in told or not (close or declared(process)):
                continue
            told.add((text.where, name))
            remedy = (
                f"是否应为“{close[0]}”？" if close else "请检查拼写，或在流程属性 variables 中声明启动时给出的名称。"
            )
            yield about(text.where, f"的{text.word}用到“{name}”，但没有任何步骤写入它。", remedy, "warning")
