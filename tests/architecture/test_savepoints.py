"""What is undone without ending the command is undone in one place."""

from __future__ import annotations

from pathlib import Path

ENGINE = Path(__file__).resolve().parents[2] / "engine"


def test_savepoints_are_opened_by_the_command_context_alone() -> None:
    """It tells the history and the objects what was rolled back; another savepoint would break the hash chain."""
    found = {
        path.relative_to(ENGINE).as_posix()
        for path in ENGINE.rglob("*.py")
        if "begin_nested" in path.read_text(encoding="utf-8")
    }
    assert found == {"commands/context.py"}
