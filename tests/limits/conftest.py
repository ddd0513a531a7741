"""The district every test of a limit begins with, made once a test process and copied."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

import pytest

from tests.conftest import SHANGHAI
from tests.support.limits import LimitDistrict, build


@pytest.fixture(scope="session")
def limit_template(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("limits") / "limits.db"
    build(sqlite_template, path)
    return path


@pytest.fixture
def limits(limit_template: Path, tmp_path: Path) -> Iterator[LimitDistrict]:
    """Monday 2 March 2026, 10:00: one firm visited, its result not concluded yet."""
    path = tmp_path / "limits.db"
    shutil.copyfile(limit_template, path)
    shutil.copytree(limit_template.parent / "data", tmp_path / "data")
    district = LimitDistrict(path, datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI))
    yield district
    district.engine.database.dispose()
