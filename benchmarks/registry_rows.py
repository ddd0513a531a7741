"""A million objects in a fresh database: the demo district's generator, through the driver, then the search index."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

from benchmarks.figures import Scale
from benchmarks.inbox_rows import DISTRICT, insert
from benchmarks.system import hire
from engine.db import Database, dumps
from engine.inspection.demo.objects import object_rows
from engine.inspection.models import InspectedObject, NumberSeries
from engine.inspection.object_index import SERIES, index_objects
from engine.inspection.object_models import ObjectPosting, ObjectSegment
from engine.models import Department

#: The tables these figures stand on.
LOADED = (InspectedObject, ObjectPosting, ObjectSegment)
DEPARTMENTS = {"SCJG": "市场监督管理局", "WJJ": "卫生健康局", "YJJ": "应急管理局"}
#: One object in fifty thousand has it.
RARE = "重点督办"

_COLUMNS = (
    "id", "uscc", "name", "kind", "established_on", "status", "legal_representative", "address", "business_scope",
    "responsible_unit", "industry", "region", "special_registries", "tags", "permits", "risk_grade", "supervisor",
    "last_inspected_on", "on_abnormal_list", "to_verify", "position", "row_digest", "created_at", "updated_at",
)  # fmt: skip


def load(scratch: Path, scale: Scale, url: str) -> None:
    """Fill the fresh database at ``url``: a department's official and the objects, indexed."""
    database = Database(url)
    with database.write() as session:
        session.add_all(Department(district_id=DISTRICT, code=c, name=n) for c, n in DEPARTMENTS.items())
    hire(database, DISTRICT, [("SCJG", "承办人")] * 10)
    zone = "+00" if database.engine.dialect.name == "postgresql" else ""
    insert(database.engine, InspectedObject, _COLUMNS, _objects(scale.objects, zone))
    with database.write() as session:
        session.add(NumberSeries(district_id=DISTRICT, series=SERIES, last=scale.objects))
    index_objects(database, DISTRICT, datetime.now(UTC))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.exec_driver_sql("ANALYZE")
    database.dispose()


def _objects(count: int, zone: str) -> Iterator[tuple[Any, ...]]:
    first = datetime(2026, 1, 5)
    departments = list(DEPARTMENTS)
    for n, row in enumerate(object_rows(Random("benchmark"), count)):
        tags = [*filter(None, row[13].split("；")), *([RARE] if n % 50_000 == 7 else [])]
        moment = (first + timedelta(seconds=n // 5_000)).isoformat(" ", "microseconds") + zone
        yield (
            f"{n:032x}", row[0], row[1], row[2], row[3], row[5], row[6], row[7], row[8], row[9], row[10], row[11],
            dumps([row[12]] if row[12] else []), dumps(tags), dumps(_permits(row[14])), row[15],
            departments[n % 3] if n % 4 == 0 else "", row[21] or None, row[22] == "是",
            "代码校验位不符" if n % 400 == 0 else "", n, "", moment, moment,
        )  # fmt: skip


def _permits(text: str) -> list[dict[str, str]]:
    names = ("name", "number", "issued", "expires", "issuer")
    return [dict(zip(names, text.split("|"), strict=True))] if text else []
