"""What a task takes over from the one before it (ADR 0018: live and restored instances are the same)."""

from __future__ import annotations

from types import SimpleNamespace

from SpiffWorkflow.task import Task

import engine.bpmn.state  # noqa: F401 - puts our way of taking over in place


def test_a_value_is_taken_over_whole_and_what_others_hold_of_it_stays() -> None:
    held = {"decision": "不回避", "people": ["甲", "乙"], "note": "旧"}
    neighbour = SimpleNamespace(data={"recusal": held, "own": 1})
    wait = SimpleNamespace(
        data={"recusal": held, "own": 1},
        parent=SimpleNamespace(data={"recusal": {"decision": "回避", "people": ["乙"]}, "more": [1]}),
    )
    Task._inherit_data(wait)
    assert wait.data == {"recusal": {"decision": "回避", "people": ["乙"]}, "own": 1, "more": [1]}
    assert neighbour.data == {"recusal": {"decision": "不回避", "people": ["甲", "乙"], "note": "旧"}, "own": 1}
    assert wait.data["more"] is not wait.parent.data["more"]
