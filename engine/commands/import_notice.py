"""Record a year's holiday notice and move every open deadline it changes (domain rule: 20 wd, 15 d …)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.calendar import Calendar, DayOfNotice, import_notice
from engine.commands.context import CommandContext
from engine.commands.recompute_deadlines import MovedDeadline, recompute
from engine.errors import Forbidden, InvalidInput

#: What notices call a free day and a make-up working day.
FREE = frozenset({"休", "放假", "休息", "假"})
WORKS = frozenset({"班", "上班", "调休上班", "补班"})
MAX_LINES = 200
_DATE = re.compile(r"(\d{4})\s*[-/.年]\s*(\d{1,2})\s*[-/.月]\s*(\d{1,2})\s*日?")
_RANGE = re.compile(r"\s*(?:~|～|至|—)\s*")


@dataclass(frozen=True)
class ImportNotice:
    """Replace what is known of ``year`` by ``notice``; returns the deadlines that moved.

    Raises :class:`Forbidden` unless an administrator acts and :class:`InvalidInput` for a
    missing title or days far from the year.
    """

    year: int
    notice: str
    days: Sequence[DayOfNotice]

    def run(self, ctx: CommandContext) -> list[MovedDeadline]:
        if not ctx.actor.is_system and not ctx.actor.has_role("系统管理员"):
            raise Forbidden("只有系统管理员可以导入节假日安排。")
        import_notice(
            ctx.session, self.year, self.notice.strip(), self.days, district_id=ctx.district_id, now=ctx.now
        )  # fmt: skip
        calendar = Calendar.load(ctx.session, ctx.district_id, ctx.kernel.settings.timezone)
        moved = recompute(ctx, calendar, f"导入{self.notice.strip()}")
        ctx.record(
            None,
            "calendar-notice-imported",
            {
                "year": self.year,
                "notice": self.notice.strip(),
                "days": [[d.day.isoformat(), d.works, d.name] for d in self.days],
                **told(moved),
            },
        )
        return moved


def told(moved: Sequence[MovedDeadline]) -> dict[str, Any]:
    """What the district's history says of moved deadlines: those of no case one by one, those of cases are there."""
    return {
        "moved_count": len(moved),
        "moved": [
            [m.business_key, m.name, m.old_due_at.isoformat(), m.new_due_at.isoformat(), m.provisional]
            for m in moved if m.instance_id is None
        ],
    }  # fmt: skip


def parse_days(text: str) -> list[DayOfNotice]:
    """Read lines ``date[~date],休|班[,name]``; comma, semicolon or tab between them, a heading line is skipped.

    Raises :class:`InvalidInput` naming every line that cannot be read.
    """
    days: dict[date, DayOfNotice] = {}
    problems: list[str] = []
    lines = [line.strip().lstrip("\ufeff") for line in text.splitlines()]
    if sum(bool(line) for line in lines) > MAX_LINES:
        raise InvalidInput("行数过多。", fields={"days": [f"一年的安排不超过 {MAX_LINES} 行，请核对文件。"]})
    for number, line in enumerate(lines, 1):
        if not line or (number == 1 and not any(c.isdigit() for c in line)):
            continue
        try:
            for entry in _entries(line):
                days[entry.day] = entry
        except ValueError as error:
            problems.append(f"第 {number} 行“{line[:40]}”{error}")
    if not days and not problems:
        problems.append("请粘贴或上传安排，每行一天，例如：2027-01-01,休,元旦。")
    if problems:
        raise InvalidInput("节假日安排没有导入，请更正下列各行。", fields={"days": problems})
    return [days[day] for day in sorted(days)]


def _entries(line: str) -> list[DayOfNotice]:
    cells = [cell.strip() for cell in re.split(r"[,，;；\t]", line)]
    if len(cells) < 2:
        raise ValueError("缺少“休”或“班”，请写成：2027-01-01,休,元旦。")
    kind, name = cells[1], cells[2][:40] if len(cells) > 2 else ""
    if kind not in FREE | WORKS:
        raise ValueError(f"的“{kind}”无法识别，请写“休”或“班”。")
    ends = [_date(part) for part in _RANGE.split(cells[0])]
    if len(ends) > 2 or ends[-1] < ends[0] or (ends[-1] - ends[0]).days > 31:
        raise ValueError("的日期范围无法识别，请写成：2027-01-01~2027-01-03,休,元旦。")
    span = (ends[-1] - ends[0]).days + 1
    return [DayOfNotice(ends[0] + timedelta(days=n), kind in WORKS, name) for n in range(span)]


def _date(text: str) -> date:
    found = _DATE.fullmatch(text.strip())
    if found is None:
        raise ValueError("的日期无法识别，请写成 2027-01-01。")
    try:
        return date(int(found[1]), int(found[2]), int(found[3]))
    except ValueError:
        raise ValueError("的日期不存在，请核对。") from None
