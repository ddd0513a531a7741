"""更换检查人员: an inspector who cannot go (leave, illness, own recusal, certificate) is replaced by the draw's rule.

Asked for on the inspection's page, decided by the organ's head, filled from the frozen list: nobody names a successor.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound, ServiceTaskFailed
from engine.inspection import draw_changes, draws, records, tables
from engine.inspection.draw_changes import Successor
from engine.inspection.joint_models import Substitution
from engine.inspection.models import DepartmentInspection, Draw, Inspection, Inspector
from engine.models import ProcessInstance
from engine.service_tasks import ServiceContext

PROCESS = "inspector-substitution"
WAITING, REPLACED, REFUSED = "待决定", "已更换", "不予更换"
ASKING = ("承办人", "执法检查人员", "科室负责人")


def substitution(session: Session, district_id: str, number: str) -> Substitution:
    """The row of process ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(Substitution).where(Substitution.district_id == district_id, Substitution.number == number)
    )
    if row is None:
        raise NotFound(f"更换检查人员 {number} 不存在。")
    return row


def of_part(session: Session, district_id: str, part: str) -> list[Substitution]:
    """Substitutions asked for at one department inspection, the oldest first."""
    return list(
        session.scalars(
            sa.select(Substitution)
            .where(Substitution.district_id == district_id, Substitution.department_inspection == part)
            .order_by(Substitution.at, Substitution.id)
        )
    )


@dataclass(frozen=True)
class RequestSubstitution:
    """Ask the organ's head to have an inspector replaced; returns the number of the request.

    ``whole_campaign`` means all visits of the campaign the person has not ended yet.  Raises :class:`Forbidden` for
    anybody outside the department, :class:`Conflict` when the visit is over, the platform drew, or a request for the
    same person waits, :class:`InvalidInput` naming every faulty field.
    """

    part: str
    inspector: str
    cause: str
    reason: str
    whole_campaign: bool = False

    def run(self, ctx: CommandContext) -> str:
        part = records.department_inspection(ctx.session, ctx.district_id, self.part)
        if not any(ctx.actor.has_role(role, part.department) for role in ASKING):
            raise Forbidden("更换检查人员由本部门的承办人、检查人员或者科室负责人提出。")
        if part.visit_ended_at is not None:
            raise Conflict("该部门的检查已经结束，不再更换检查人员。")
        self._check(ctx, part)
        # Locked: two requests at once follow one another, so that each counts the one before.
        inspection = records.locked_inspection(ctx.session, ctx.district_id, part.inspection)
        if records.draw(ctx.session, ctx.district_id, inspection.draw_id).origin == "province":
            raise Conflict("本次抽取在省工作平台完成，请在平台更换检查人员后重新导入。")
        waiting = sa.exists().where(
            Substitution.district_id == ctx.district_id, Substitution.campaign == part.campaign,
            Substitution.inspector == self.inspector, Substitution.state == WAITING,
            sa.or_(Substitution.department_inspection == part.number, Substitution.whole_campaign),
        )  # fmt: skip
        if ctx.session.scalar(sa.select(waiting)):
            raise Conflict("已有一项更换该人员的申请等待机关负责人决定，请在决定作出后再提出。")
        number = f"{part.number}/更换/{len(of_part(ctx.session, ctx.district_id, part.number)) + 1}"
        ctx.session.add(
            Substitution(
                id=new_id(), district_id=ctx.district_id, number=number, campaign=part.campaign,
                department_inspection=part.number, department=part.department, inspector=self.inspector,
                cause=self.cause, reason=self.reason.strip(), whole_campaign=self.whole_campaign,
                requested_by_name=ctx.actor.name, at=ctx.now,
            )
        )  # fmt: skip
        ctx.session.flush()
        ctx.start_process(
            PROCESS,
            number,
            {"part": part.number, "inspection": part.inspection, "campaign": part.campaign, "origin": part.number},
            title=f"更换检查人员：{inspection.object['name']}",
            department=part.department,
            departments=[inspection.departments[0]],
        )
        return number

    def _check(self, ctx: CommandContext, part: DepartmentInspection) -> None:
        faults: dict[str, list[str]] = {}
        if self.inspector not in part.inspectors:
            faults["inspector"] = ["该人员不是本次检查的检查人员，请重新选择。"]
        if self.cause not in {r["code"] for r in _causes(ctx)}:
            faults["cause"] = ["请选择更换的原因。"]
        if not 4 <= len(self.reason.strip()) <= 500:
            faults["reason"] = ["请写明情况和依据，4 至 500 个字，例如假期起止日期、请假单号。"]
        if faults:
            raise InvalidInput("更换检查人员" + "".join(m for found in faults.values() for m in found), fields=faults)


def _causes(ctx: CommandContext) -> list[dict[str, object]]:
    settings = ctx.kernel.settings
    return tables.rows(settings, "substitution-cause", ctx.now.astimezone(settings.timezone).date())


def fill(ctx: ServiceContext, row: Substitution) -> list[dict[str, object]]:
    """Replace the person in every open job the request means; ``[{objects, successor}]``.

    Raises :class:`ServiceTaskFailed` when no visit is open any more or nobody is left for one of them.
    """
    cause = next(
        (r for r in tables.rows(ctx.settings, "substitution-cause", ctx.calendar.local_date(ctx.now))
         if r["code"] == row.cause), {},
    )  # fmt: skip
    words = f"{cause.get('name', row.cause)}：{row.reason}"
    done: list[dict[str, object]] = []
    handled: set[str] = set()
    for inspection in _open_inspections(ctx, row):
        if inspection.uscc in handled:
            continue
        draw = draws.locked(ctx.session, ctx.district_id, inspection.draw_id)
        successor = draw_changes.replace_inspector(
            ctx.session, ctx.settings, draw, inspection.uscc, row.department, row.inspector, words,
            ctx.actor.user_id, ctx.now, recused=bool(cause.get("recusal")),
        )  # fmt: skip
        if successor is None:
            raise ServiceTaskFailed(
                f"“{inspection.object['name']}”没有可以递补的检查人员。请增加本部门具备资格的人员后重试，或者不予更换。",
                "nobody-left",
            )
        handled.update(successor.objects)
        hand_over(ctx, draw, row.department, row.inspector, successor)
        done.append({"objects": list(successor.objects), "successor": successor.inspector})
        ctx.record(
            "inspector-replaced",
            {"draw_id": draw.draw_id, "inspector": row.inspector, "successor": successor.inspector, "cause": words},
        )
    if not done:
        raise ServiceTaskFailed("该人员已经没有尚未结束的检查，不需要更换，请选择“不予更换”。")
    return done


def _open_inspections(ctx: ServiceContext, row: Substitution) -> list[Inspection]:
    part = DepartmentInspection
    found = ctx.session.execute(
        sa.select(part, Inspection)
        .join(Inspection, sa.and_(Inspection.district_id == part.district_id, Inspection.number == part.inspection))
        .where(
            part.district_id == ctx.district_id, part.campaign == row.campaign, part.department == row.department,
            part.visit_ended_at.is_(None),
        )
        .order_by(part.number)
    ).all()  # fmt: skip
    return [
        inspection
        for mine, inspection in found
        if row.inspector in mine.inspectors and (row.whole_campaign or mine.number == row.department_inspection)
    ]


def hand_over(ctx: ServiceContext, draw: Draw, department: str, inspector: str, successor: Successor) -> None:
    """The visits of the job that are not over pass to the successor; what was visited stays with who visited it."""
    parts = ctx.session.execute(
        sa.select(DepartmentInspection, ProcessInstance.id)
        .join(
            Inspection,
            sa.and_(
                Inspection.district_id == DepartmentInspection.district_id,
                Inspection.number == DepartmentInspection.inspection,
            ),
        )
        .join(
            ProcessInstance,
            sa.and_(
                ProcessInstance.district_id == DepartmentInspection.district_id,
                ProcessInstance.process_key == "department-inspection",
                ProcessInstance.business_key == DepartmentInspection.number,
            ),
        )
        .where(
            DepartmentInspection.district_id == ctx.district_id,
            DepartmentInspection.department == department,
            DepartmentInspection.visit_ended_at.is_(None),
            Inspection.draw_id == draw.draw_id,
            Inspection.uscc.in_(successor.objects),
        )
    )
    for part, instance_id in parts:
        part.inspectors = [successor.inspector if code == inspector else code for code in part.inspectors]
        if instance_id != ctx.instance_id:
            # Another instance: its open tasks are offered to the successor right after this step.
            ctx.enqueue("refresh-tasks", f"{instance_id}/{ctx.now.isoformat()}", {"instance_id": instance_id})


def person(session: Session, district_id: str, code: str) -> str:
    """An inspector's name with the code."""
    name = session.scalar(sa.select(Inspector.name).where(Inspector.district_id == district_id, Inspector.code == code))
    return f"{name}（{code}）" if name else code
