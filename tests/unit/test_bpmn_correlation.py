"""Correlation keys: under one business key a message still reaches only the conversation it belongs to."""

from __future__ import annotations

import pytest

from tests.support.bpmn_runs import Run, both, catch, chain, each, finish, message, refusals, sub, throw
from tests.support.diagrams import diagram, end, start, user


def keyed(*messages: str, path: str = "order.id", subscribe: str = "") -> str:
    """One key of one property that finds ``order.id`` in every message."""
    found = "".join(
        f'<bpmn:correlationPropertyRetrievalExpression messageRef="msg_{m}"><bpmn:messagePath>{path}</bpmn:messagePath>'
        "</bpmn:correlationPropertyRetrievalExpression>"
        for m in messages
    )
    of_key = "<bpmn:correlationPropertyRef>which</bpmn:correlationPropertyRef>"
    key = f'<bpmn:correlationKey id="key">{of_key}</bpmn:correlationKey>'
    pools = '<bpmn:participant id="us" processRef="probe"/>'
    return (
        f'<bpmn:correlationProperty id="which">{found}</bpmn:correlationProperty>'
        f'<bpmn:collaboration id="talk">{pools}{key}</bpmn:collaboration>'
    )


SUBSCRIPTION = (
    '<bpmn:correlationSubscription id="sub" correlationKeyRef="key"><bpmn:correlationPropertyBinding'
    ' correlationPropertyRef="which"><bpmn:dataPath>mine</bpmn:dataPath></bpmn:correlationPropertyBinding>'
    "</bpmn:correlationSubscription>"
)


def refused(run: Run, name: str, number: int) -> None:
    with pytest.raises(AssertionError, match="nobody waits"):
        run.message(name, {"order": {"id": number}})


def test_the_first_message_settles_what_the_others_are_about() -> None:
    body = start() + catch("first", message("go")) + catch("second", message("go")) + end()
    body += chain("begin first second finish")

    def story(run: Run) -> None:
        run.message("go", {"order": {"id": 1}})
        refused(run, "go", 2)
        run.message("go", {"order": {"id": 1}})

    assert both(body, story, messages="go", more=keyed("go")).ended


def test_an_answer_belongs_to_what_was_asked() -> None:
    body = start() + throw("ask", message("ask"), payload="{order: {id: 7}}") + catch("told", message("go")) + end()

    def story(run: Run) -> None:
        refused(run, "go", 8)
        run.message("go", {"order": {"id": 7}})

    assert both(body + chain("begin ask told finish"), story, messages="ask go", more=keyed("ask", "go")).ended


def test_instances_of_a_block_each_have_a_conversation() -> None:
    inner = start("begin_in") + throw("ask", message("ask"), payload="{order: {id: x}}") + catch("told", message("go"))
    inner += user("read") + finish("e_in") + chain("begin_in ask told read e_in")
    body = start() + sub("many", inner, each("xs", "x")) + end() + chain("begin many finish")

    def story(run: Run) -> None:
        run.message("go", {"order": {"id": 2}})
        assert run.items == [2]
        refused(run, "go", 2)
        run.message("go", {"order": {"id": 1}})
        assert sorted(run.items) == [1, 2]

    both(body, story, {"xs": [1, 2]}, messages="ask go", more=keyed("ask", "go"))


def test_a_subscription_binds_the_key_to_the_data_of_the_process() -> None:
    body = start() + catch("told", message("go")) + end() + chain("begin told finish") + SUBSCRIPTION

    def story(run: Run) -> None:
        refused(run, "go", 4)
        run.message("go", {"order": {"id": 3}})

    assert both(body, story, {"mine": 3}, messages="go", more=keyed("go")).ended


def test_a_message_that_says_nothing_contradicts_nothing() -> None:
    body = start() + catch("first", message("go")) + catch("second", message("go")) + end()

    def story(run: Run) -> None:
        run.message("go", {"order": {"id": 1}})
        run.message("go")

    assert both(body + chain("begin first second finish"), story, messages="go", more=keyed("go")).ended


def test_code_in_a_key_is_refused() -> None:
    body = start() + catch("told", message("go")) + end() + chain("begin told finish")
    text = diagram(body, messages="go").replace(
        "</bpmn:definitions>", keyed("go", path="open('x').read()") + "</bpmn:definitions>"
    )
    assert "expression-syntax" in refusals(text)
