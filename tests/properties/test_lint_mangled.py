"""However mangled a diagram is, the linter answers with findings and never breaks."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from engine.lint.linter import lint
from tests.support.standard import FORBIDDEN, LAWFUL

MODELS = [*LAWFUL.values(), *(text for _, text in FORBIDDEN.values())]
TEXTS = ("", " ", "x", "a:b", "-1", "99999999999", "true", "P1D", "R/PT0S", "a = 1", "${x")
Mangling = Callable[[etree._Element, st.DataObject], None]


def _any(data: st.DataObject, root: etree._Element) -> etree._Element:
    return data.draw(st.sampled_from(list(root.iter("{*}*"))))


def drop(root: etree._Element, data: st.DataObject) -> None:
    element = _any(data, root)
    parent = element.getparent()
    if parent is not None:
        parent.remove(element)


def forget(root: etree._Element, data: st.DataObject) -> None:
    element = _any(data, root)
    if element.attrib:
        del element.attrib[data.draw(st.sampled_from(sorted(map(str, element.attrib))))]


def twist(root: etree._Element, data: st.DataObject) -> None:
    element = _any(data, root)
    if element.attrib:
        values = [*TEXTS, _any(data, root).get("id", "")]
        element.set(data.draw(st.sampled_from(sorted(map(str, element.attrib)))), data.draw(st.sampled_from(values)))


def say(root: etree._Element, data: st.DataObject) -> None:
    _any(data, root).text = data.draw(st.sampled_from([*TEXTS, _any(data, root).get("id", "")]))


def rename(root: etree._Element, data: st.DataObject) -> None:
    _any(data, root).tag = _any(data, root).tag


def copy(root: etree._Element, data: st.DataObject) -> None:
    _any(data, root).append(deepcopy(_any(data, root)))


MANGLINGS: tuple[Mangling, ...] = (drop, forget, twist, say, rename, copy)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(st.sampled_from(MODELS), st.lists(st.sampled_from(MANGLINGS), min_size=1, max_size=4), st.data())
def test_the_linter_never_breaks(text: str, manglings: list[Mangling], data: st.DataObject) -> None:
    root = etree.fromstring(text.encode())
    for mangle in manglings:
        mangle(root, data)
    lint({"a.bpmn": etree.tostring(root, encoding="unicode")})


@pytest.mark.parametrize("text", ["<x/>", '<definitions xmlns="urn:other"/>', "<a><dataInput/></a>"])
def test_what_is_no_bpmn_is_said_to_be_none(text: str) -> None:
    (found,) = lint({"a.bpmn": text})
    assert (found.rule, found.severity) == ("schema", "error") and "definitions" in found.message
