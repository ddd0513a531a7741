"""The wheel carries everything the system reads at run time, and runs without the source tree."""

from __future__ import annotations

import ast
import configparser
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from engine.documents import fonts

ROOT = Path(__file__).resolve().parents[2]
#: Loaded by name: SQLAlchemy's driver, the zone data of machines without any, the wheel builder.
UNSEEN = {"psycopg", "tzdata", "setuptools"}


def canonical(name: str) -> str:
    return name.lower().replace("_", "-").replace(".", "-")


def imports(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name.split(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            yield node.module.split(".")[0]


def test_every_package_is_listed_in_setup_cfg() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    listed = set(config["options"]["packages"].split())
    found = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in ROOT.glob("engine/**/*.py")}
    shipped = {f"engine.shipped.{name}" for name in ("forms", "migrations", "processes")}
    assert found | shipped == listed


def test_what_is_imported_is_declared_and_what_is_declared_is_imported() -> None:
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg", encoding="utf-8")
    entries = config["options"]["install_requires"].split() + config["options.extras_require"]["build"].split()
    declared = {canonical(re.split(r"[\[<>=]", entry)[0]) for entry in entries}
    homes = packages_distributions()
    imported = {
        canonical(homes[name][0])
        for path in [*(ROOT / "engine").rglob("*.py"), *(ROOT / "migrations").rglob("*.py"), ROOT / "server.py"]
        for name in imports(path)
        if name in homes and name != "engine"
    }
    assert imported - declared == set(), "declare it in setup.cfg and run make lock"
    assert declared - imported - UNSEEN == set(), "nobody imports it: remove it from setup.cfg and run make lock"


def test_the_locks_hold_exact_versions_with_hashes() -> None:
    for lock in ROOT.glob("requirements*.txt"):
        entries = [line for line in lock.read_text().splitlines() if line and line[0] not in " #"]
        assert entries
        assert [line for line in entries if "==" not in line] == [], lock.name
        assert lock.read_text().count("--hash=sha256:") >= len(entries), lock.name


def test_no_lock_contradicts_the_widest_one() -> None:
    def pins(name: str) -> set[str]:
        return {line.split(" ")[0] for line in (ROOT / name).read_text().splitlines() if "==" in line}

    assert pins("requirements.txt") | pins("requirements-build.txt") <= pins("requirements-dev.txt")


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of a copy of the tree, so that no build leftovers get into either."""
    copy = tmp_path_factory.mktemp("tree") / "project"
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT, check=True, capture_output=True,
    )  # fmt: skip
    built = (ROOT / "engine/web/static/dist", ROOT / "engine/documents/fonts")
    files = [ROOT / name for name in listed.stdout.decode().split("\0") if name]
    files += [path for folder in built for path in folder.rglob("*") if path.is_file()]
    for path in files:
        if path.is_file():
            target = copy / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(path, target)
    folder = tmp_path_factory.mktemp("dist")
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "-w", str(folder)]
    subprocess.run([*command, str(copy)], check=True)
    (path,) = folder.glob("lianjian-*.whl")
    return path


@pytest.mark.slow
def test_the_wheel_carries_processes_forms_migrations_pages_and_assets(wheel: Path) -> None:
    names = set(zipfile.ZipFile(wheel).namelist())
    wanted: list[str] = []
    for folder, patterns in {
        "processes": ("**/*.bpmn", "**/*.dmn", "**/*.json"),
        "forms": ("*.json",),
        "migrations": ("*.py", "*.mako", "versions/*.py"),
    }.items():
        wanted += [f"engine/shipped/{p.relative_to(ROOT)}" for g in patterns for p in (ROOT / folder).glob(g)]
    for folder in ("templates", "static"):
        base = ROOT / "engine/web" / folder
        wanted += [str(p.relative_to(ROOT)) for p in base.rglob("*") if p.is_file()]
    wanted += [str(p.relative_to(ROOT)) for p in (ROOT / "engine").rglob("*.py")]
    wanted += [f"engine/documents/fonts/{name}" for name in (fonts.REGULAR, fonts.BOLD, fonts.LICENCE)]
    assert [name for name in wanted if name not in names] == []
    assert not [
        name
        for name in names
        if name.startswith(("tests/", "tools/", "benchmarks/", "frontend/", "processes/", "migrations/"))
    ]


@pytest.mark.slow
def test_an_installed_wheel_migrates_lints_and_deploys_without_the_source_tree(wheel: Path, tmp_path: Path) -> None:
    zipfile.ZipFile(wheel).extractall(tmp_path / "site")
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("LIANJIAN_")},
        "PYTHONPATH": str(tmp_path / "site"),
        "LIANJIAN_DATA_DIR": str(tmp_path / "data"),
    }

    def lianjian(*arguments: str) -> object:
        done = subprocess.run(
            [sys.executable, "-P", "-m", "engine.cli", *arguments, "--json"],
            cwd=tmp_path, env=environment, capture_output=True, text=True,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr + done.stdout
        return json.loads(done.stdout)

    assert lianjian("db", "upgrade")["before"] is None  # type: ignore[index]
    keys = sorted(path.parent.name for path in (ROOT / "processes").glob("*/*.bpmn"))
    deployed = lianjian("deploy")
    assert [(d["key"], d["version"], d["created"]) for d in deployed] == [(k, 1, True) for k in keys]  # type: ignore[attr-defined]
