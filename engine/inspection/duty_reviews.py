"""尽职免责认定 (R54–R56): opened for one official in one case; exempt when the list of duties was followed.

Known to the official concerned, the review group, the head who approves and supervision, to nobody else.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection import duty_record
from engine.inspection.numbers import next_number
from engine.inspection.oversight_models import DutyReview
from engine.models import ProcessInstance, User, UserRole

PROCESS = "duty-review"
SUPERVISION, HEAD = "监管督查", "机关负责人"
TO_ACCEPT, REVIEWED, TO_APPROVE, TO_SERVE, ISSUED, DECLINED = (
    "待受理", "认定中", "待批准", "待送达", "已认定", "不予受理"
)  # fmt: skip
STATES = (TO_ACCEPT, REVIEWED, TO_APPROVE, TO_SERVE, ISSUED, DECLINED)
OWN, FOUND, ORDERED, COMMENDED = "本人申请", "监督发现", "上级交办", "表扬推荐"
CAUSES = (OWN, FOUND, ORDERED, COMMENDED)
EXEMPT, ANSWER, COMMEND = "免责", "建议追责", "表扬"
OUTCOMES = (EXEMPT, ANSWER, COMMEND)
GROUP = 3
#: Roles whose holders act in cases, and may ask for a review of what they did or answer for.
MAY_ASK = frozenset({"承办人", "科室负责人", "分管负责人", "执法检查人员", "法制审核人员", HEAD, SUPERVISION})


@dataclass(frozen=True)
class OpenDutyReview:
    """Open the review of ``person`` (login name) in ``case`` (a business key); returns its number.

    Officials ask for their own; the head of the organ and supervision ask for others'.  Raises
    :class:`InvalidInput` naming the faulty fields, :class:`Forbidden` when somebody asks for a colleague.
    """

    case: str
    person: str
    cause: str
    facts: str

    def run(self, ctx: CommandContext) -> str:
        case, facts = self.case.strip(), self.facts.strip()
        user = ctx.session.scalar(
            sa.select(User).where(User.district_id == ctx.district_id, User.login == self.person.strip(), User.active)
        )
        faults: dict[str, list[str]] = {}
        if user is None:
            faults["person"] = ["没有这个登录名，请核对被认定人员。"]
        if self.cause not in CAUSES:
            faults["cause"] = ["请选择事由。"]
        if not 5 <= len(facts) <= 2000:
            faults["facts"] = ["请用 5 至 2000 个字写明需要认定的情形。"]
        instances = duty_record.case_instances(ctx.session, ctx.district_id, case) if case else []
        if not instances:
            faults["case"] = ["没有这项工作，请填写检查、部门检查、责令改正、行政处罚或者抽查任务的编号。"]
        elif user is not None and not duty_record.took_part(ctx.session, instances, user.id):
            faults["person"] = ["办理记录中该人员没有办理或者承担过这项工作的步骤，无从认定。"]
        if faults:
            raise InvalidInput("尽职免责认定有内容需要修改。", fields=faults)
        assert user is not None
        self._allowed(ctx, user)
        return self._open(ctx, user, case, facts)

    def _allowed(self, ctx: CommandContext, user: User) -> None:
        if user.id == ctx.actor.user_id:
            if self.cause != OWN:
                raise InvalidInput("事由有误。", fields={"cause": ["本人提出的，事由请选“本人申请”。"]})
        elif self.cause == OWN:
            raise InvalidInput("事由有误。", fields={"cause": ["“本人申请”只能由本人提出。"]})
        elif not (ctx.actor.has_role(HEAD, user.department) or ctx.actor.has_role(SUPERVISION, user.department)):
            raise Forbidden("只能为本人申请；为他人提出的，由其所在机关负责人或者监管督查人员办理。")
        heads = sa.exists().where(
            UserRole.user_id == user.id, UserRole.role == HEAD, UserRole.department == user.department
        )
        if ctx.session.scalar(sa.select(heads)):
            raise InvalidInput(
                "机关负责人的尽职情况由上级机关认定，不在本系统办理。",
                fields={"person": ["被认定人员是机关负责人，请报上级机关。"]},
            )

    def _open(self, ctx: CommandContext, user: User, case: str, facts: str) -> str:
        settings = ctx.kernel.settings
        serial = next_number(ctx.session, ctx.district_id, f"duty-review/{ctx.today[:4]}")
        number = f"尽职-{ctx.today[:4]}-{serial:04d}"
        record = duty_record.generate(ctx.session, settings, ctx.district_id, case, user.id, ctx.now)
        ctx.session.add(
            DutyReview(
                id=new_id(), district_id=ctx.district_id, number=number, case=case, person=user.id,
                person_name=user.name, person_post=user.post, department=user.department, cause=self.cause,
                facts=facts, record=record, opened_by=ctx.actor.user_id, opened_at=ctx.now,
            )
        )  # fmt: skip
        ctx.session.flush()
        # No department: an instance is shown to whole departments, this one to nobody but those who act in it.
        instance = ctx.start_process(
            PROCESS, number, {"person": user.id, "organ": user.department, "rechecked": False},
            title=f"尽职免责认定 {number}",
        )  # fmt: skip
        ctx.session.execute(sa.update(ProcessInstance).where(ProcessInstance.id == instance).values(restricted=True))
        return number


def duty_review(session: Session, district_id: str, number: str) -> DutyReview:
    """The review ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(DutyReview).where(DutyReview.district_id == district_id, DutyReview.number == number)
    )
    if row is None:
        raise NotFound(f"尽职免责认定 {number} 不存在。")
    return row


def finding_faults(record: Mapping[str, object], finding: Mapping[str, object]) -> dict[str, list[str]]:
    """What is wrong with a finding: every duty of the record is judged once, and a judgement against it explained.

    A duty the record shows as kept in time cannot be called neglected without a reason, nor one it shows
    as missed be called kept.
    """
    shown = [dict(line) for line in record.get("duties") or []]  # type: ignore[attr-defined]
    judged = [dict(line) for line in finding.get("duties") or []]  # type: ignore[attr-defined]
    faults: dict[str, list[str]] = {}
    places = [str(n) for n in range(1, len(shown) + 1)]
    for n, line in enumerate(judged):
        if line["duty"] not in places or line["duty"] in [one["duty"] for one in judged[:n]]:
            faults[f"duties[{n}].duty"] = ["每项职责认定一次，请核对这一行。"]
            continue
        state = shown[int(line["duty"]) - 1]["state"]
        bare = not str(line.get("reason") or "").strip()
        against = (state == duty_record.KEPT) != (line["result"] == "已履行")
        if against and state != duty_record.BY_OTHERS and bare:
            faults[f"duties[{n}].reason"] = [f"办理记录显示“{state}”，认定为“{line['result']}”的请写明理由。"]
    if missing := [place for place in places if place not in {line["duty"] for line in judged}]:
        faults["duties"] = [f"还有第 {'、'.join(missing)} 项职责没有认定。"]
    neglected = any(line["result"] == "未履行" for line in judged)
    if finding.get("outcome") == ANSWER and not neglected:
        faults["outcome"] = ["没有认定任何一项职责未履行，不能建议追责（尽职照单免责）。"]
    if finding.get("outcome") == COMMEND and neglected:
        faults["outcome"] = ["有职责未履行，不能给予表扬。"]
    return faults
