"""Every scenario of every shipped process replays, restored from its snapshot between all steps."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from engine.settings import Settings
from tests.support.scenarios import Replay

SETTINGS = Settings()
SCENARIOS = sorted(SETTINGS.process_dir.glob("*/scenarios/*.json"))


@pytest.mark.parametrize("path", SCENARIOS, ids=[f"{p.parts[-3]}/{p.stem}" for p in SCENARIOS])
def test_scenario_replays(path: Path) -> None:
    scenario = json.loads(path.read_text(encoding="utf-8"))
    Replay(path.parent.parent, SETTINGS.form_dir, scenario).run()


def test_every_process_has_at_least_three_scenarios() -> None:
    processes = {p.parent.name for p in SETTINGS.process_dir.glob("*/*.bpmn")}
    counts = {name: sum(p.parts[-3] == name for p in SCENARIOS) for name in processes}
    assert len(processes) >= 6 and min(counts.values()) >= 3, counts
