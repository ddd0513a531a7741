"""The list of duties speaks of steps that exist, and the finding is held to the record."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import orjson
import pytest

from engine.inspection import conference
from engine.inspection.duty_reviews import finding_faults
from engine.inspection.tables import rows
from engine.settings import Settings
from engine.shipped import folder
from tests.unit.test_process_files import diagram, nodes

SETTINGS = Settings()
RECORD = {"duties": [{"state": "按期履行"}, {"state": "逾期履行"}, {"state": "由他人履行"}]}


def test_every_duty_names_steps_of_a_shipped_diagram_and_deadlines_of_the_table() -> None:
    tables = folder("processes") / "tables"
    known = {row["name"] for row in orjson.loads((tables / "deadline.json").read_bytes())["rows"]}
    for duty in orjson.loads((tables / "duty.json").read_bytes())["rows"]:
        assert set(duty["elements"]) <= set(nodes(diagram(duty["process"]))), duty["code"]
        assert duty["deadline"] in known | {""}, duty["code"]


def finding(*results: str, outcome: str = "免责", reasons: tuple[str | None, ...] = ()) -> dict[str, Any]:
    said = (*reasons, *[None] * len(results))
    lines = [{"duty": str(n), "result": r, "reason": said[n - 1]} for n, r in enumerate(results, 1)]
    return {"duties": lines, "outcome": outcome}


@pytest.mark.parametrize(
    ("given", "faulty"),
    [
        (finding("已履行", "未履行", "已履行"), set()),
        (finding("已履行", "已履行", "未履行", reasons=(None, "系统异常")), set()),
        (finding("已履行", "已履行", "已履行"), {"duties[1].reason"}),
        (finding("未履行", "未履行", "已履行", outcome="建议追责"), {"duties[0].reason"}),
        (finding("已履行", "有正当理由未履行", "已履行", outcome="建议追责"), {"outcome"}),
        (finding("已履行", "未履行", "已履行", outcome="表扬"), {"outcome"}),
        (finding("已履行", "未履行"), {"duties"}),
    ],
    ids=["kept-to-the-record", "explained", "late-called-kept", "kept-called-neglected", "nothing-neglected",
         "neglect-commended", "one-left-out"],
)  # fmt: skip
def test_a_finding_follows_the_record_or_says_why_not(given: dict[str, Any], faulty: set[str]) -> None:
    assert set(finding_faults(RECORD, given)) == faulty


def test_nothing_that_finds_concludes_or_publishes_reads_anything_from_the_conference() -> None:
    inspection = Path(conference.__file__).parent
    steps = ("site_check", "conclusion", "review", "result", "publication", "draw", "approve_inspections")
    judging = [
        path
        for path in [*(inspection / "services").glob("*.py"), *inspection.glob("*.py")]
        if any(step in path.stem for step in steps) and not path.stem.startswith(("duty", "record_duty", "issue_duty"))
    ]
    judging = [path for path in judging if "duty_review" not in path.stem]
    assert len(judging) > 20
    assert [path.name for path in judging if "engine.inspection.conference" in path.read_text("utf-8")] == []


def test_the_posts_of_the_conference_are_those_of_the_founding_document() -> None:
    posts = rows(SETTINGS, "conference-post", date(2026, 3, 2))
    counts = {place: sum(p["place"] == place for p in posts) for place in ("总召集人", "召集人", "副召集人", "成员")}
    assert counts == {"总召集人": 1, "召集人": 1, "副召集人": 2, "成员": 14}  # R65–R68
