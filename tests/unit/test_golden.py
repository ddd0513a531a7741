"""States of every released format load for ever and go on as they would have gone on then (tests/golden)."""

from __future__ import annotations

import json
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from engine.bpmn.state import FORMAT
from tests.support.golden import Story

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
STORIES = sorted(GOLDEN.glob("format_*/*.json"))


@lru_cache(maxsize=1)
def told(path: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def test_every_format_up_to_the_present_one_has_its_states() -> None:
    assert {path.parent.name for path in STORIES} == {f"format_{number}" for number in range(1, FORMAT + 1)}
    for path in STORIES:
        kept = [step["state"] for step in told(path)["steps"] if "state" in step]
        assert kept and {state[0] for state in kept} == {int(path.parent.name.removeprefix("format_"))}


@pytest.mark.parametrize("path", STORIES, ids=[f"{path.parent.name}-{path.stem}" for path in STORIES])
def test_a_state_of_old_goes_on_to_the_recorded_end(path: Path) -> None:
    record = told(path)
    story: Story | None = None
    for number, entry in enumerate(record["steps"]):
        if "state" in entry:
            # Taken up here, and also carried on from the states before, which are of the same story.
            story = Story(record["bundle"], record["scenario"], entry["state"])
            story.host.now = datetime.fromisoformat(entry["now"])
        assert story is not None
        story.execution.trace.clear()
        story.step(entry["step"])
        assert story.stands() == entry["then"], f"step {number}: {entry['step']}"
    assert story is not None and story.execution.data() == record["data"]


@pytest.mark.parametrize("path", STORIES, ids=[f"{path.parent.name}-{path.stem}" for path in STORIES])
def test_the_oldest_state_of_a_story_goes_on_alone_to_the_end(path: Path) -> None:
    record = told(path)
    story = Story(record["bundle"], record["scenario"], record["steps"][0]["state"])
    story.host.now = datetime.fromisoformat(record["steps"][0]["now"])
    for number, entry in enumerate(record["steps"]):
        story.execution.trace.clear()
        story.step(entry["step"])
        story.restore()
        assert story.stands() | {"trace": []} == entry["then"] | {"trace": []}, f"step {number}: {entry['step']}"
    assert story.execution.data() == record["data"]
