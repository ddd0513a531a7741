"""The page of limits names every row of the deadline table, and only steps and tests that exist (docs/reference)."""

from __future__ import annotations

import json
import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "limits.md"
#: The rows of the statutory frame; the page may not lose one.
STATUTORY = (
    "年度抽查计划备案并公布", "抽查结果录入和公示", "检查人员", "整改后的复查", "投诉举报受理与否",
    "线索核查和立案", "告知实名举报人", "先行登记保存", "查封、扣押", "法制审核", "陈述申辩、要求听证",
    "听证通知", "作出处罚决定", "简易程序", "送达决定书", "缴纳罚款", "申请法院强制执行", "行政复议、行政诉讼",
    "处罚信息公示", "撤销、变更后撤下或者更正", "公示期和修复", "涉嫌犯罪移送", "经营异常名录",
    "轻微违法不予处罚", "无证无照经营", "对公示结果的异议",
)  # fmt: skip


def table() -> dict[str, list[list[str]]]:
    """The names in the cells of every row, by what the row is called: rows of the table, steps, tests."""
    found = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if len(cells) == 5 and "`" in cells[4]:
            found[cells[0]] = [re.findall(r"`([^`]+)`", cell) for cell in cells[2:]]
    return found


def test_every_limit_of_the_statutory_frame_has_its_row_step_and_test() -> None:
    rows = table()
    assert [title for title in STATUTORY if title not in rows] == []
    assert [title for title, (_, steps, tests) in rows.items() if not steps or not tests] == []


def test_every_row_of_the_deadline_table_is_named_and_every_name_is_a_row() -> None:
    known = {row["name"] for row in json.loads((ROOT / "processes/tables/deadline.json").read_text("utf-8"))["rows"]}
    named = {name for names, _, _ in table().values() for name in names}
    assert named == known


def test_every_named_step_is_in_its_diagram() -> None:
    missing = []
    for title, (_, steps, _) in table().items():
        for key, _, element in (name.partition("#") for name in steps):
            path = ROOT / "processes" / key / f"{key}.bpmn"
            if not path.exists() or f'id="{element}"' not in path.read_text("utf-8"):
                missing.append(f"{title}: {key}#{element}")
    assert missing == []


def test_every_named_test_exists() -> None:
    missing = []
    for title, (_, _, tests) in table().items():
        for path, _, name in (named.partition("::") for named in tests):
            if not (ROOT / path).is_file() or f"def {name}(" not in (ROOT / path).read_text("utf-8"):
                missing.append(f"{title}: {name}")
    assert missing == []
