"""The table of requirements names only what exists, and all 68 of them (docs/reference/requirements.md)."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.db import Database
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.web.app import create_app

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "reference" / "requirements.md"
#: Said to be open, or said by what it is shown: a requirement with neither would be a claim.
COLUMNS = ("what", "steps", "forms", "pages", "tests", "open")
Row = dict[str, str]


def table() -> dict[str, Row]:
    """The cells of every row by the requirement's number."""
    found: dict[str, Row] = {}
    for line in PAGE.read_text("utf-8").splitlines():
        cells = [cell.strip() for cell in line.strip("|").split(" | ")]
        if re.fullmatch(r"R\d+", cells[0].strip()):
            number, *rest = cells
            assert number not in found, number
            found[number] = dict(zip(COLUMNS, [*rest, ""], strict=False))
    return found


def named(column: str) -> list[tuple[str, str]]:
    return [(number, name) for number, row in table().items() for name in re.findall(r"`([^`]+)`", row[column])]


def test_all_requirements_are_there_in_their_order() -> None:
    assert list(table()) == [f"R{n}" for n in range(1, 69)]


def test_every_named_step_is_in_its_diagram() -> None:
    missing = []
    for number, name in named("steps"):
        key, _, element = name.partition("#")
        path = ROOT / "processes" / key / f"{key}.bpmn"
        if not path.exists() or f'id="{element}"' not in path.read_text("utf-8"):
            missing.append(f"{number}: {name}")
    assert missing == []


def test_every_named_form_exists() -> None:
    assert [f"{n}: {form}" for n, form in named("forms") if not (ROOT / "forms" / f"{form}.json").exists()] == []


@pytest.fixture
def routes(tmp_path: Path) -> set[str]:
    settings = Settings(data_dir=tmp_path)
    app = create_app(settings, ProcessEngine(Database("sqlite://"), settings, ServiceRegistry()))
    return {rule.rule for rule in app.url_map.iter_rules()}


def test_every_named_page_and_data_file_exists(routes: set[str]) -> None:
    assert [
        f"{number}: {name}" for number, name in named("pages")
        if not (name in routes if name.startswith("/") else (ROOT / name).exists())
    ] == []  # fmt: skip


def test_every_named_test_exists() -> None:
    assert [f"{number}: {name}" for number, name in named("tests") if not (ROOT / name).is_file()] == []


def test_what_is_not_shown_by_a_test_is_said_to_be_open() -> None:
    silent = [number for number, row in table().items() if not row["open"].strip("| ") and "tests/" not in row["tests"]]
    assert silent == []
