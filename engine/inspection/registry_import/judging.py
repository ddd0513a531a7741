"""The rows of one file, judged one after the other: good ones go on, bad ones into the error list."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from engine.inspection.registry_import.reading import Sheet
from engine.inspection.registry_import.report import REJECTED, TO_VERIFY, ImportReport, ProblemList, RowProblem
from engine.inspection.registry_import.rows import Record, RowReader

#: Called with the rows read so far and about how many there are.
Progress = Callable[[int, int], None]


def accepted(
    reader: RowReader, sheet: Sheet, report: ImportReport, problems: ProblemList, progress: Progress | None = None
) -> Iterator[tuple[int, Record]]:
    """Yield line and record of every row that can be saved; a key that comes twice counts once.

    Totals, rejections and doubts are counted in ``report`` while the rows are read.
    """
    seen: dict[str, int] = {}
    for line, cells, problem in _with_progress(sheet, progress):
        report.total += 1
        record: Record | None = None
        if problem:
            found = [RowProblem(line, REJECTED, "整行", "".join(cells)[:200], problem, "请修正这一行后重新导入。")]
        else:
            record = reader.read(line, cells)
            found = reader.problems
        if record is not None:
            first = seen.setdefault(record[reader.key], line)
            if first != line:
                remedy = f"已采用第 {first} 行，请删除重复的行。"
                found = [
                    RowProblem(line, REJECTED, reader.key_header, record[reader.key], f"与第 {first} 行重复", remedy)
                ]
                record = None
        for entry in found:
            problems.add(entry)
        if record is None:
            report.rejected += 1
            continue
        if found:
            doubtful = any(entry.level == TO_VERIFY for entry in found)
            report.to_verify += doubtful
            report.hints += not doubtful
        yield line, record


def _with_progress(sheet: Sheet, progress: Progress | None) -> Iterator[tuple[int, list[str], str]]:
    done = 0
    for done, row in enumerate(sheet.rows, start=1):
        if progress is not None and done % 1000 == 0:
            progress(done, max(sheet.expected, done))
        yield row
    if progress is not None:
        progress(done, done)
