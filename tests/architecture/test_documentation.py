"""The documentation names what exists and everything that must be named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from engine.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")])
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")
FILE = re.compile(r"`((?:engine|tests|processes|forms|docs|tools|migrations)/[\w./-]*)`")


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_every_link_and_file_named_on_a_page_exists(page: Path) -> None:
    text = page.read_text()
    missing = [target for target in LINK.findall(text) if not (page.parent / target).exists()]
    missing += [path for path in FILE.findall(text) if not (ROOT / path).exists()]
    assert missing == []


def test_every_setting_is_documented() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    # The database URL's own property aside, every field is read from the variable of its name.
    names = [f"LIANJIAN_{name.upper()}" for name in Settings.__dataclass_fields__]
    assert [name for name in names if f"`{name}`" not in page] == []


def test_every_documented_setting_is_read_somewhere() -> None:
    page = (ROOT / "docs/reference/settings.md").read_text()
    fields = {f"LIANJIAN_{name.upper()}" for name in Settings.__dataclass_fields__}
    elsewhere = "".join(path.read_text() for path in (ROOT / "engine/cli").glob("*.py"))
    documented = set(re.findall(r"^\| `(\w+)`", page, re.MULTILINE))
    assert [name for name in documented - fields if name not in elsewhere] == []


def test_every_decision_record_has_its_sections_and_its_line_in_the_list() -> None:
    listing = (ROOT / "docs/adr/README.md").read_text()
    records = sorted((ROOT / "docs/adr").glob("[0-9]*.md"))
    assert records
    for record in records:
        text = record.read_text()
        assert all(f"## {part}" in text for part in ("Context", "Decision", "Confirmation")), record.name
        assert record.name in listing
