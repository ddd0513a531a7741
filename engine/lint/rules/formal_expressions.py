"""What is evaluated is written for the machine, not only described (spec §8.4.7, Expression and FormalExpression).

An expression without a type is a description too.  For flows, numbers of instances and timers many modellers
leave the type out and mean a formal one, so there only a declared description is refused.
"""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.lint.finding import Problem
from engine.lint.model import XSI_TYPE, Diagram, Model, local, q, text_of
from engine.lint.say import at

_EVALUATED = (
    "conditionExpression", "condition", "loopCondition", "loopCardinality", "completionCondition",
    "activationCondition", "timeDate", "timeDuration", "timeCycle", "from", "to",
)  # fmt: skip
#: What carries expressions whose type has to be said.
_DECLARED = frozenset({
    "conditionalEventDefinition", "assignment", "adHocSubProcess", "complexGateway", "standardLoopCharacteristics",
})  # fmt: skip
#: Formal by their own type; other rules do not look at their text.
_FORMAL = ("transformation", "messagePath", "dataPath", "from", "to")


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for xml in (x for tag in _EVALUATED for x in diagram.all(tag)):
            if _is_described(xml) and text_of(xml) and _is_run(diagram, xml):
                message = f"“{_owner(xml)}”的 {local(xml)} 没有声明为可执行的表达式，只是文字说明。"
                yield at(diagram, xml, message, '请声明 xsi:type="tFormalExpression"。')
        conditions = [x for c in diagram.all("complexBehaviorDefinition") for x in c.iterfind(q("condition"))]
        for xml in (*conditions, *(x for tag in _FORMAL for x in diagram.all(tag))):
            if not text_of(xml):
                yield at(diagram, xml, f"“{_owner(xml)}”的 {local(xml)} 是空的。", "请填写表达式，或删除该项。")


def _is_described(xml: etree._Element) -> bool:
    kind = (xml.get(XSI_TYPE) or "").rpartition(":")[2]
    return kind == "tExpression" or (not kind and local(xml.getparent()) in _DECLARED)


def _is_run(diagram: Diagram, xml: etree._Element) -> bool:
    return any(process in xml.iterancestors() for process in diagram.executable)


def _owner(xml: etree._Element) -> str:
    for above in xml.iterancestors():
        if above.get("name") or above.get("id"):
            return above.get("name") or above.get("id") or ""
    return ""
