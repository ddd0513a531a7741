"""What may import what, and what nobody may do (CONTRIBUTING.md, ADR 0003, ADR 0007)."""

from __future__ import annotations

import ast
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from importlinter.cli import lint_imports

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / "engine"
SOURCES = sorted(ENGINE.rglob("*.py"))

#: Who may import a library; everybody else goes through them.
HOMES = {
    "SpiffWorkflow": "bpmn/",
    "flask": "web/",
    "werkzeug": "web/",
    "jinja2": "web/",
    "dbos": ("jobs.py", "job_runner.py"),
    "gunicorn": "cli",
    "alembic": "schema.py",
    "lxml": ("bpmn/", "lint/"),
}
#: Text must never become code (ADR 0003), nor bytes objects.
FORBIDDEN_CALLS = {"eval", "exec", "compile", "__import__", "globals"}
FORBIDDEN_IMPORTS = {"subprocess", "pickle", "marshal", "random", "code", "pty"}
#: The build of the browser assets runs node, a demo its own platform; strangers' models and workbooks are opened in a
#: child process, a large file is read ahead in another; fictitious firms are made up with a fixed seed.
EXCEPTIONS = {
    "lint/sandbox.py": {"subprocess"},
    "web/assets.py": {"subprocess"},
    "inspection/province_standin.py": {"subprocess"},
    "inspection/registry_import/ahead.py": {"subprocess"},
    "inspection/registry_import/workbook_trial.py": {"subprocess"},
    "inspection/demo/": {"random"},
}
#: The edge of the system, where the present time comes from; and where the library's tasks are stamped as it stamps
#: them itself, which orders them and decides nothing.
CLOCKS = ("cli/", "process_engine.py", "inspection/province_standin.py", "bpmn/unlogged.py")


def name_of(path: Path) -> str:
    return path.relative_to(ENGINE).as_posix()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text())))


def imports(path: Path) -> Iterator[str]:
    """Top-level packages a module imports, anywhere in it."""
    for node in nodes(path):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def calls(path: Path) -> Iterator[tuple[str, int]]:
    """Dotted names of the functions a module calls, with the line."""
    for node in nodes(path):
        if isinstance(node, ast.Call):
            yield ast.unparse(node.func), node.lineno


def test_the_layers_import_only_downward() -> None:
    assert lint_imports(config_filename=str(ROOT / "setup.cfg"), no_cache=True) == 0


@pytest.mark.parametrize("library", HOMES)
def test_a_library_is_imported_only_where_it_is_at_home(library: str) -> None:
    strangers = [
        name_of(p) for p in SOURCES if library in set(imports(p)) and not name_of(p).startswith(HOMES[library])
    ]
    assert strangers == []


def test_the_draw_needs_nothing_but_the_standard_library() -> None:
    outside = {name for name in imports(ENGINE / "inspection" / "draw.py") if name not in sys.stdlib_module_names}
    assert outside == set(), "a citizen must be able to download and read draw.py alone"


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_no_text_becomes_code_and_no_process_is_started(path: Path) -> None:
    found = [f"{name} (line {line})" for name, line in calls(path) if name in FORBIDDEN_CALLS or name == "os.system"]
    found += sorted(FORBIDDEN_IMPORTS.intersection(imports(path)) - _allowed(path))
    assert found == []


@pytest.mark.parametrize("path", SOURCES, ids=name_of)
def test_the_time_is_passed_in(path: Path) -> None:
    if name_of(path).startswith(CLOCKS):
        return
    clocks = ("datetime.now", "datetime.utcnow", "date.today", "datetime.today", "time.time", "dt.datetime.now")
    assert [f"{name} (line {line})" for name, line in calls(path) if name in clocks] == []


def _allowed(path: Path) -> set[str]:
    return set().union(*(names for where, names in EXCEPTIONS.items() if name_of(path).startswith(where)))
