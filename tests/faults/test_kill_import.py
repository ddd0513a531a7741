"""An import whose process is killed: whole batches stand with their counts, and the file can be imported again."""

from __future__ import annotations

import io
import subprocess
import sys
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from engine.db import Database
from engine.inspection import uscc
from engine.inspection.models import InspectedObject
from engine.inspection.registry_import import import_registry
from engine.inspection.registry_models import RegistryChange, RegistryImport

DISTRICT = "370105"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))
ROOT = Path(__file__).resolve().parents[2]

#: Imports its second argument and stops for ever before the third batch is saved.
CHILD = """
import sys
from datetime import datetime
from zoneinfo import ZoneInfo
from engine.db import Database
from engine.inspection.registry_import import blocks, import_registry

blocks.BLOCK = 500

def told(done, total):
    if done > 1_000:
        print(done, flush=True)
        sys.stdin.read()

with open(sys.argv[2], "rb") as stream:
    import_registry(
        Database(sys.argv[1]), "objects", stream, now=datetime.now(ZoneInfo("Asia/Shanghai")), district_id="370105",
        progress=told, reason="被打断的导入",
    )
"""


def rows(phone: str) -> bytes:
    lines = (f"{uscc.compose('91370105', f'XN{n:06d}')},演示{n},企业,{phone}" for n in range(1_200))
    return ("统一社会信用代码,检查对象名称,检查对象类型,联系电话\n" + "\n".join(lines)).encode()


def test_a_killed_import_leaves_whole_batches_and_is_repeated(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    import_registry(database, "objects", io.BytesIO(rows("1")[:400]), now=NOW, district_id=DISTRICT)
    path = tmp_path / "对象.csv"
    path.write_bytes(rows("2"))
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD, database_url, str(path)],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, env={"PYTHONPATH": str(ROOT), "PYTHONUTF8": "1"},
    )  # fmt: skip
    assert child.stdout is not None and child.stdin is not None
    assert child.stdout.readline().strip() == b"1200"
    child.kill()
    child.communicate()
    with database.read() as session:
        count = sa.select(sa.func.count()).select_from(InspectedObject)
        broken = session.scalars(sa.select(RegistryImport).order_by(RegistryImport.id.desc())).first()
        assert broken is not None and broken.state == "导入中"
        known = broken.updated
        assert (broken.inserted + broken.updated, broken.done) == (1_000, 1_000) and known > 0
        assert session.scalar(count) == 1_000
        changes = sa.select(sa.func.count()).select_from(RegistryChange)
        assert session.scalar(changes) == known  # a row and its history stand or fall together
    report = import_registry(database, "objects", io.BytesIO(rows("2")), now=NOW, district_id=DISTRICT)
    assert (report.inserted, report.updated, report.unchanged) == (200, 0, 1_000)
    with database.read() as session:
        assert session.scalar(count) == 1_200 and session.scalar(changes) == known
