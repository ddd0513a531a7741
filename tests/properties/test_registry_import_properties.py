"""Whatever stands in a file: what was written is read, and every row is either imported or explained."""

from __future__ import annotations

import csv
import io
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from engine.db import Base, Database
from engine.inspection.models import InspectedObject
from engine.inspection.registry_import import import_registry
from engine.inspection.registry_import.reading import open_sheet

HEADER = ["统一社会信用代码", "检查对象名称", "成立日期"]
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZoneInfo("Asia/Shanghai"))

# No lone surrogates, no NUL and no replacement character: those are damage and reported as such.
# No comma beside a line break: a line of a cell that looks like a whole row is taken for a slip of the quotes.
plain = st.characters(codec="utf-8", exclude_characters="\0\r,�", exclude_categories=["Cs"])
cell = st.text(st.one_of(plain, st.sampled_from('"\n; |')), max_size=12) | st.text(
    st.sampled_from(',"甲 '), max_size=12
)


@given(
    st.lists(st.tuples(cell, cell, cell).filter(lambda row: "".join(row).strip()), max_size=8),
    st.sampled_from(["utf-8", "gb18030", "utf-16"]),
)
def test_what_a_csv_writer_wrote_is_read_back(rows: list[tuple[str, ...]], encoding: str) -> None:
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_ALL).writerows([HEADER, *rows])
    sheet = open_sheet(io.BytesIO(text.getvalue().encode(encoding)), lambda cells: len(set(HEADER) & set(cells)))
    assert [tuple(cells) for _, cells, problem in sheet.rows if not problem] == rows


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=60)
@given(body=st.one_of(st.binary(max_size=300), st.text(',"\n\r91370105XN0M|；é甲', max_size=300).map(str.encode)))
def test_any_bytes_below_a_header_are_imported_or_explained(body: bytes, tmp_path: Path) -> None:
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    Base.metadata.create_all(database.engine)
    errors = io.StringIO()
    report = import_registry(
        database,
        "objects",
        io.BytesIO(",".join(HEADER).encode() + b"\n" + body),
        now=NOW,
        district_id="370105",
        error_file=errors,
    )
    assert report.total == report.inserted + report.updated + report.unchanged + report.rejected
    explained = {line["行号"] for line in csv.DictReader(io.StringIO(errors.getvalue())) if line["级别"] == "拒绝"}
    assert len(explained) == report.rejected
    with database.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(InspectedObject)) >= report.inserted
    database.dispose()
