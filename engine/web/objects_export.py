"""检查对象导出: what the filter finds, in its order, in the columns that can be imported again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask import Blueprint
from flask.typing import ResponseReturnValue

from engine.db import Database
from engine.errors import InvalidInput
from engine.inspection.models import InspectedObject
from engine.inspection.object_filter import ObjectFilter
from engine.inspection.object_search import Key, Search
from engine.inspection.registry_import.columns import OBJECTS
from engine.web.context import database, settings
from engine.web.exports import record_export
from engine.web.guards import signed_in
from engine.web.objects_common import asked_filter, may_see_grades, today
from engine.web.objects_detail import GRADES
from engine.web.table_export import table_response

blueprint = Blueprint("objects_export", __name__, url_prefix="/objects/export")

#: Rows of one file: a spreadsheet program holds a million and is slow long before.
MOST = {"csv": 1_000_000, "xlsx": 20_000}
#: Objects read at once.
BATCH = 2_000


@blueprint.post("/<any(csv, xlsx):form>")
@signed_in
def export(form: str) -> ResponseReturnValue:
    """Raises :class:`InvalidInput` when the filter finds more than a file may hold; the history tells who exports."""
    asked, district = asked_filter(), settings().district_id
    with database().read() as session:
        total = Search(session, district, asked.question(today())).total
    if total > MOST[form]:
        other = "请缩小筛选条件，或者导出 CSV。" if total <= MOST["csv"] else "请缩小筛选条件后分几次导出。"
        raise InvalidInput(f"符合条件的有 {total:,} 户，{form.upper()} 一次最多导出 {MOST[form]:,} 户。{other}")
    record_export("objects", form, total, asked.given())
    columns = [column for column in OBJECTS if may_see_grades() or column.field not in GRADES]
    rows = object_rows(database(), district, asked, today(), [column.field for column in columns])
    return table_response(form, f"检查对象名录-{today().isoformat()}", [c.header for c in columns], rows)


def object_rows(
    source: Database, district_id: str, asked: ObjectFilter, on: date, names: list[str]
) -> Iterator[list[Any]]:
    """The found objects' columns, read in batches while they are sent."""
    columns = [InspectedObject.uscc, *(getattr(InspectedObject, name) for name in names)]
    with source.read() as session:
        search = Search(session, district_id, asked.question(on))
        after: Key | None = None
        while True:
            page = search.page(asked.sort, descending=asked.descending, size=BATCH, after=after)
            statement = sa.select(*columns).where(
                InspectedObject.district_id == district_id, InspectedObject.uscc.in_(page.usccs)
            )
            found = {row[0]: row[1:] for row in session.execute(statement)}
            for uscc in page.usccs:
                yield [cell(name, value) for name, value in zip(names, found[uscc], strict=True)]
            if not page.more:
                return
            after = page.keys[-1]


def cell(name: str, value: Any) -> Any:
    """A value as the import reads it."""
    if isinstance(value, bool):
        return "是" if value else "否"
    if name == "permits":
        return "；".join(
            "|".join(str(permit.get(part) or "") for part in ("name", "number", "issued", "expires", "issuer"))
            for permit in value or ()
        )
    if isinstance(value, list):
        return "、".join(map(str, value))
    return value
