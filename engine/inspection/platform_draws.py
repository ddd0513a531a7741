"""Take over a draw made on the provincial platform (省工作平台), with its number and receipt.

Nobody types the list again (R3–R5).  The file has one line an object and department:
统一社会信用代码, 部门代码, 检查人员编号 (two or more, separated by 、).
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import draw_record, draw_register
from engine.inspection.draws import standing_draw
from engine.inspection.models import Campaign, Draw, DrawnObject, InspectedObject, Inspector
from engine.inspection.numbers import next_number
from engine.settings import Settings

MAX_SHOWN = 20
_NUMBER = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{2,59}")


def import_draw(
    session: Session, settings: Settings, campaign: Campaign, number: str, receipt: str, drawn_at: datetime,
    content: bytes, now: datetime,
) -> Draw:  # fmt: skip
    """Write the platform's draw with its objects and pairs.

    Raises :class:`InvalidInput` listing every wrong line (the first twenty) with its remedy.
    """
    number, receipt = number.strip(), receipt.strip()
    if not _NUMBER.fullmatch(number):
        raise InvalidInput(
            "平台任务编号无效。", fields={"platform_number": ["只能含有字母、数字、点、下划线和短横线。"]}
        )
    taken = session.scalar(sa.select(Draw.id).where(Draw.district_id == campaign.district_id, Draw.draw_id == number))
    if taken is not None or standing_draw(session, campaign) is not None:
        raise InvalidInput(
            "该抽取已经导入。", fields={"platform_number": ["此编号已经导入，或本任务已有抽取，不能重复导入。"]}
        )
    text = decode(content)
    objects = _read(session, campaign, text)
    year = now.astimezone(settings.timezone).year
    # Negative serials keep imported draws apart from our own gapless series.
    serial = -next_number(session, campaign.district_id, f"draw/{campaign.lead}/{year}/platform")
    row = Draw(
        id=new_id(), district_id=campaign.district_id, draw_id=number, authority=campaign.lead, year=year,
        serial=serial, campaign=campaign.number, origin="province", state="imported",
        disclosure="protected", files={"platform.csv": text}, receipt=receipt, drawn_at=drawn_at,
    )  # fmt: skip
    session.add(row)
    session.execute(
        sa.insert(DrawnObject),
        [
            {
                "id": new_id(), "district_id": campaign.district_id, "draw_id": number, "rank": rank, "uscc": uscc,
                "stratum": "", "ticket": "", "pairs": pairs, "failed_reason": "",
            }
            for rank, (uscc, pairs) in enumerate(objects.items(), start=1)
        ],
    )  # fmt: skip
    entry = draw_register.append(
        session, campaign.district_id, now, "import", number, number, receipt, draw_record.sha256(text),
        draw_register.stamp(now, settings),
    )  # fmt: skip
    row.log_index = entry.index
    campaign.draw_id, campaign.state = number, "待行政检查审批"
    campaign.total = campaign.open_count = len(objects)
    session.flush()
    return row


def decode(content: bytes) -> str:
    """The file's text, UTF-8 or GB18030.  Raises :class:`InvalidInput`."""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(
        "文件编码无法识别。", fields={"result_file": ["请另存为 UTF-8 或 GB18030 编码的 CSV 文件后重新上传。"]}
    )


def _read(session: Session, campaign: Campaign, text: str) -> dict[str, dict[str, list[str]]]:
    """``{object: {department: [inspectors]}}`` in the order of the file."""
    departments = {campaign.lead, *campaign.participants}
    lines = list(csv.reader(io.StringIO(text)))
    rows = [(n, [cell.strip() for cell in line]) for n, line in enumerate(lines, start=1) if any(map(str.strip, line))]
    if rows and rows[0][1][0].startswith("统一社会信用代码"):
        rows = rows[1:]
    staff = {
        code: department
        for code, department in session.execute(
            sa.select(Inspector.code, Inspector.department).where(
                Inspector.district_id == campaign.district_id, ~Inspector.expert, Inspector.certificate_number != ""
            )
        )
    }
    known = _known(session, campaign.district_id, {line[0] for _, line in rows})
    faults: list[str] = []
    objects: dict[str, dict[str, list[str]]] = {}
    for n, line in rows:
        fault = _fault(line, departments, staff, known)
        if not fault and line[1] in objects.get(line[0], {}):
            fault = f"对象 {line[0]} 与部门 {line[1]} 已在前面出现，请删除重复的一行"
        if fault:
            faults.append(f"第 {n} 行：{fault}。")
            continue
        objects.setdefault(line[0], {})[line[1]] = _people(line[2])
    if not rows:
        faults.append("文件中没有名单，请从省工作平台重新导出。")
    if faults:
        more = [f"另有 {len(faults) - MAX_SHOWN} 处错误，未全部列出。"] if len(faults) > MAX_SHOWN else []
        raise InvalidInput("抽取结果名单有误。", fields={"result_file": [*faults[:MAX_SHOWN], *more]})
    return objects


def _people(cell: str) -> list[str]:
    return [part.strip() for part in re.split(r"[、,，;；]", cell) if part.strip()]


def _fault(line: list[str], departments: set[str], staff: Mapping[str, str], known: set[str]) -> str:
    """What is wrong with a line and what to do; empty when nothing is."""
    if len(line) < 3:
        return "应有三列：统一社会信用代码、部门代码、检查人员编号"
    uscc, department, people = line[0], line[1], _people(line[2])
    if uscc not in known:
        return f"检查对象名录库中没有 {uscc}，请先导入该对象"
    if department not in departments:
        return f"部门“{department}”没有参与本任务，应为 {'、'.join(sorted(departments))} 之一"
    if len(set(people)) < 2:
        return "检查人员少于两名（行政处罚法第四十二条）"
    strangers = [code for code in people if staff.get(code) != department]
    if strangers:
        return f"{'、'.join(strangers)} 不是该部门持有执法证件的检查人员，请核对编号或先更新名录库"
    return ""


def _known(session: Session, district_id: str, usccs: set[str]) -> set[str]:
    found: set[str] = set()
    wanted = sorted(usccs)
    for start in range(0, len(wanted), 500):
        found |= set(
            session.scalars(
                sa.select(InspectedObject.uscc).where(
                    InspectedObject.district_id == district_id, InspectedObject.uscc.in_(wanted[start : start + 500])
                )
            )
        )
    return found
