"""抽样送检: samples taken at a visit, waited for by the items that depend on them.

Each sample has a process of its own (``sample-testing``), opened when the record names it.  The department's result
waits until all are settled; the publication's deadline stands still meanwhile only if its row in the deadline table
names the ground ``testing``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.data_tables import rows as table_rows
from engine.db import new_id
from engine.deadline_rules import find_rule
from engine.errors import InvalidInput, NotFound
from engine.inspection.follow_ups import open_follow_up, running_deadline
from engine.inspection.models import DepartmentInspection
from engine.inspection.sample_models import Sample, SampleTest
from engine.service_tasks import ServiceContext
from engine.settings import Settings

PROCESS = "sample-testing"
TO_SEND, TESTING, TO_TELL, ASKING, TO_RETEST = "待送检", "检验中", "待告知", "复检期内", "待送复检"
SETTLED, NOT_SENT = "已有结论", "未送检"
FAILED = "不合格"
#: Deadlines of a sample, rows of the deadline table.
RESULT, NOTICE, RETEST = "sample-result", "sample-notice", "sample-retest"
#: The ground on which the publication's deadline may stand still, if its row names it.
GROUND = "testing"
MESSAGE = "samples-settled"


def of_part(session: Session, part: DepartmentInspection) -> list[Sample]:
    """The samples of a department's inspection that are to be tested, in the order they were taken."""
    return list(
        session.scalars(
            sa.select(Sample)
            .where(Sample.district_id == part.district_id, Sample.department_inspection == part.number)
            .order_by(Sample.at, Sample.number)
        )
    )


def of_number(session: Session, district_id: str, number: str) -> Sample:
    """One sample by the business key of its process.  Raises :class:`NotFound`."""
    row = session.scalar(sa.select(Sample).where(Sample.district_id == district_id, Sample.number == number))
    if row is None:
        raise NotFound(f"样品 {number} 不存在。")
    return row


def tests_of(session: Session, district_id: str, numbers: Sequence[str]) -> list[SampleTest]:
    """The tests of some samples, the first before the second."""
    return list(
        session.scalars(
            sa.select(SampleTest)
            .where(SampleTest.district_id == district_id, SampleTest.sample.in_(numbers))
            .order_by(SampleTest.sample, SampleTest.round)
        )
    )


def latest(ctx: ServiceContext) -> SampleTest:
    """The test at hand of the sample whose process this is: the last one."""
    return tests_of(ctx.session, ctx.district_id, [ctx.business_key])[-1]


def waiting(session: Session, part: DepartmentInspection) -> list[Sample]:
    """Samples of the part without a final result."""
    return [row for row in of_part(session, part) if row.settled_at is None]


def pending_items(session: Session, part: DepartmentInspection) -> set[str]:
    """Items whose result is not known before a sample is settled (待检验结果)."""
    return {row.item for row in waiting(session, part)}


def kind(settings: Settings, code: str, ctx: ServiceContext) -> Mapping[str, Any]:
    """The row of the table ``sample-kind``: how long a second test may be asked for, and on what basis."""
    found = table_rows(settings, "sample-kind", ctx.calendar.local_date(ctx.now))
    return next((row for row in found if row["code"] == code), {})


def keep(ctx: ServiceContext, part: DepartmentInspection, values: Mapping[str, Any], *, place: str) -> int:
    """Open a process for every sample to be tested that is not known by its seal; returns how many are waited for.

    Raises :class:`InvalidInput` by row for an item of another department, a seal named twice, no signature where
    one was promised, and for a sample left out that was already on its way.
    """
    wanted = [(n, row) for n, row in enumerate(values.get("samples") or []) if row.get("testing") == "是"]
    known = {row.seal: row for row in of_part(ctx.session, part)}
    faults: dict[str, list[str]] = {}
    seen: set[str] = set()
    for n, row in wanted:
        if row.get("item") not in part.items:
            faults[f"samples[{n}].item"] = ["请选择本部门本次检查的事项。"]
        if row["seal"] in seen:
            faults[f"samples[{n}].seal"] = ["封样编号重复，每个样品一个编号。"]
        seen.add(str(row["seal"]))
        if row.get("signed") == "签名" and not (values.get("sample_signature") or row["seal"] in known):
            faults["sample_signature"] = ["抽样单写明当事人签名的，请当事人在这里签名；没有签名的，请改选实际情况。"]
    lost = [row.seal for row in known.values() if row.seal not in seen]
    if lost:
        faults["samples"] = [f"封样编号 {'、'.join(lost)} 的样品已经登记，不能删去；不再送检的，在送检环节登记原因。"]
    if faults:
        raise InvalidInput("抽样的内容需要修改。", fields=faults)
    taken = [c["name"] for c in (part.record.get("arrival") or {}).get("certificates") or []] or [ctx.actor.name]
    for _, row in wanted:
        if row["seal"] in known:
            continue
        opened = open_follow_up(ctx, PROCESS, part.number, {"sample": row["name"], "item": row["item"]})
        ctx.session.add(
            Sample(
                id=new_id(), district_id=ctx.district_id, number=opened.number, department_inspection=part.number,
                department=part.department, item=row["item"], kind=row["kind"], name=row["name"],
                specification=row.get("specification") or "", quantity=row["quantity"],
                reserve=row.get("reserve") or "", seal=row["seal"], intended_for=row.get("sent_to") or "",
                signed=row["signed"], signer=row.get("signer") or "", taken_by=taken, taken_at=ctx.now,
                place=place[:400], at=ctx.now,
            )
        )  # fmt: skip
        opened.state = TO_SEND
    ctx.session.flush()
    return len(waiting(ctx.session, part))


def stand_still(ctx: ServiceContext, part: DepartmentInspection) -> None:
    """Let the part's publication deadline stand still while samples are tested, if its row allows the ground."""
    deadline = running_deadline(ctx.session, part.district_id, part.number, "publication")
    if deadline is None or deadline.suspended_at is not None or not waiting(ctx.session, part):
        return
    day = ctx.calendar.local_date(deadline.started_at)
    rule = find_rule(ctx.settings, "publication", day, part.department)
    if rule is not None and rule.ground(GROUND) is not None:
        ctx.suspend_deadline(part.number, "publication", "样品正在检验，等待结果。", ground=GROUND)


def settle(ctx: ServiceContext, row: Sample, state: str) -> None:
    """The sample has its final result; with the last one the department's inspection goes on."""
    row.state, row.settled_at = state, ctx.now
    ctx.session.flush()
    part = ctx.session.scalars(
        sa.select(DepartmentInspection).where(
            DepartmentInspection.district_id == ctx.district_id,
            DepartmentInspection.number == row.department_inspection,
        )
    ).one()  # fmt: skip
    if waiting(ctx.session, part):
        return
    deadline = running_deadline(ctx.session, ctx.district_id, part.number, "publication")
    if deadline is not None and deadline.suspended_at is not None and deadline.suspensions[-1]["ground"] == GROUND:
        ctx.resume_deadline(part.number, "publication", "检验结果已经确定。")
    ctx.send_message(MESSAGE, part.number)
