"""A lane holds nodes of its own process, and no node stands in two lanes of one lane set (spec §10.8)."""

from __future__ import annotations

from collections.abc import Iterator

from lxml import etree

from engine.bpmn.xml import FLOW_NODES
from engine.lint.finding import Problem
from engine.lint.model import Diagram, Model, local, q, text_of
from engine.lint.say import at


def check(model: Model) -> Iterator[Problem]:
    for diagram in model.diagrams:
        for lane_set in diagram.all("laneSet"):
            yield from _lane_set(diagram, lane_set)


def _lane_set(diagram: Diagram, lane_set: etree._Element) -> Iterator[Problem]:
    home = next((a for a in lane_set.iterancestors() if local(a) in {"process", "subProcess"}), None)
    taken: dict[str, str] = {}
    for lane in lane_set.iter(q("lane")):
        name = lane.get("name") or lane.get("id", "")
        for xml in lane.iterfind(q("flowNodeRef")):
            reference = text_of(xml)
            target = diagram.find(reference)
            if target is None:
                yield at(diagram, lane, f"泳道“{name}”引用的图元“{reference}”不存在。", "请删除该引用。")
                continue
            if local(target) not in FLOW_NODES:
                yield at(diagram, lane, f"泳道“{name}”引用了“{reference}”，它不是活动、网关或事件。", "请删除该引用。")
                continue
            if home is not None and home not in target.iterancestors():
                yield at(
                    diagram, lane, f"泳道“{name}”引用了另一个流程的图元“{reference}”。", "泳道只能包含本流程的图元。"
                )
            other = taken.setdefault(reference, lane.get("id") or name)
            if other != (lane.get("id") or name) and not _nested(diagram, other, lane):
                yield at(diagram, lane, f"图元“{reference}”同时位于两条泳道。", "每个图元只能属于一条泳道。")


def _nested(diagram: Diagram, other: str, lane: etree._Element) -> bool:
    """A child lane may repeat what its parent lane lists."""
    found = diagram.find(other)
    return found is not None and (found in lane.iterancestors() or lane in found.iterancestors())
