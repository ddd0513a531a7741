"""A file of permits to hand over, judged like every registry file (R17)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import IO, Any

from sqlalchemy.orm import Session

from engine.errors import InvalidInput
from engine.inspection.records import department_names
from engine.inspection.registry_import.judging import accepted
from engine.inspection.registry_import.reading import open_sheet
from engine.inspection.registry_import.report import REJECTED, ImportReport, ProblemList, RowProblem
from engine.inspection.registry_import.rows import make_reader, score
from engine.inspection.registry_import.surroundings import surroundings_of

KIND = "permits"
#: Permits of one file; more are several files.
MOST = 20_000


@dataclass
class PermitFile:
    """The permits of a file that can be handed over, and what is wrong with the others."""

    permits: list[dict[str, Any]] = field(default_factory=list)
    problems: list[RowProblem] = field(default_factory=list)


def read_permits(session: Session, stream: IO[bytes], district_id: str, department: str, now: datetime) -> PermitFile:
    """Read the permits ``department`` hands over; raises :class:`InvalidInput` when the file cannot be read."""
    sheet = open_sheet(stream, score(KIND))
    reader, _ = make_reader(KIND, sheet.header, surroundings_of(session, KIND, district_id))
    report = ImportReport(KIND)
    found = PermitFile()
    own = department_names(session, district_id).get(department, department)
    today = now.date()
    for line, record in accepted(reader, sheet, report, ProblemList(report, None)):
        problem = ""
        if record["supervisor"] == department:
            problem = "接收部门就是本部门，不需要移交"
        elif record["issued"] > today:
            problem = "发证日期晚于今天"
        elif record["expires"] is not None and record["expires"] < record["issued"]:
            problem = "有效期早于发证日期"
        if problem:
            found.problems.append(RowProblem(line, REJECTED, "整行", record["number"], problem, "请核对后修改这一行。"))
            continue
        found.permits.append(
            {
                **record, "issued": record["issued"].isoformat(), "issuer": record["issuer"] or own,
                "expires": record["expires"].isoformat() if record["expires"] else "",
            }
        )  # fmt: skip
        if len(found.permits) > MOST:
            raise InvalidInput(f"一个文件最多 {MOST:,} 项许可，请分成几个文件。")
    found.problems = sorted([*report.errors, *found.problems], key=lambda p: p.line)
    if not found.permits and not found.problems:
        raise InvalidInput("文件里没有许可，请填写后再移交。")
    return found
