"""What every file of the project must or must not contain."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
TEXT = {
    ".py", ".cfg", ".toml", ".txt", ".md", ".sh", ".json", ".bpmn", ".dmn", ".html", ".css", ".js", ".mjs", ".mako",
    ".svg", ".csv", ".yml", ".yaml", "",
}  # fmt: skip
CODE = {".py", ".js", ".mjs", ".css", ".html", ".sh"}
#: Longer than this, a newcomer no longer sees at a glance what lives in a file.
MAX_LINES = 600
#: Written by a tool, read as a whole by nobody.
GENERATED = ("migrations/versions/", "requirements", "frontend/package-lock.json")
# Spelt in two halves so that this file does not name them.
MACHINE_PATHS = re.compile(
    "|".join(["/ro" + "ot/", "/ho" + r"me/\w", "/wo" + "rk/", "/Us" + r"ers/\w", "/tm" + r"p/\w"])
)
REGISTRY_HOSTS = re.compile(
    "|".join(["pypi" + r"\.org", "python" + "hosted", "npm" + r"js\.(?:org|com)", "deb" + r"ian\.org"])
)
UNFINISHED = re.compile("TO" + "DO|FIX" + "ME|XX" + "X")
SWITCHED_OFF = re.compile(r"pytest\.(?:mark\.)?(?:sk" + "ip|xf" + "ail|import" + "orskip)")


def tracked() -> list[Path]:
    """Files of the project, new ones included, without what git ignores."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    paths = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def lines(pattern: re.Pattern[str], paths: list[Path]) -> list[str]:
    return [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:120]}"
        for path in paths
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if pattern.search(line)
    ]


@pytest.fixture(scope="module")
def texts() -> list[Path]:
    return [path for path in tracked() if path.suffix in TEXT]


@pytest.fixture(scope="module")
def code(texts: list[Path]) -> list[Path]:
    return [path for path in texts if path.suffix in CODE and not generated(path)]


def generated(path: Path) -> bool:
    return path.relative_to(ROOT).as_posix().startswith(GENERATED)


def test_no_file_names_a_machine_or_a_package_registry(texts: list[Path]) -> None:
    ours = [path for path in texts if path != Path(__file__).resolve()]
    assert lines(MACHINE_PATHS, ours) == []
    assert lines(REGISTRY_HOSTS, ours) == []


def test_no_file_is_too_long_to_know_what_lives_in_it(code: list[Path]) -> None:
    counts = {path: len(path.read_bytes().splitlines()) for path in code}
    assert {path.relative_to(ROOT).as_posix(): n for path, n in counts.items() if n > MAX_LINES} == {}


def test_nothing_is_left_unfinished(code: list[Path]) -> None:
    assert lines(UNFINISHED, [path for path in code if path != Path(__file__).resolve()]) == []


def test_no_test_is_switched_off(code: list[Path]) -> None:
    assert lines(SWITCHED_OFF, [path for path in code if path != Path(__file__).resolve()]) == []


def test_text_is_utf_8_without_carriage_returns(texts: list[Path]) -> None:
    odd = []
    for path in texts:
        content = path.read_bytes()
        try:
            content.decode()
        except UnicodeDecodeError:
            odd.append(path)
        if b"\r\n" in content and path.suffix in CODE:
            odd.append(path)
    assert [path.relative_to(ROOT).as_posix() for path in odd] == []
