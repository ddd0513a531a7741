"""Leads and follow-ups of the demo district in different states, made by the same commands as officials' work.

They belong to one department that does not take part in the campaign of the tutorial.  Nothing is made while
the processes are not deployed, or when the district has leads already.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.complete_task import CompleteTask
from engine.inspection.lead_entry import RegisterLead
from engine.inspection.lead_models import CaseLead
from engine.inspection.models import InspectedObject
from engine.inspection.open_follow_up import OpenFollowUp
from engine.models import ProcessDefinition, ProcessInstance, User, UserRole, UserTask
from engine.process_engine import ProcessEngine

DEPARTMENT = "ZJJ"
NEEDED = frozenset({"case-lead", "rectification", "administrative-penalty"})
#: Title and content of each lead; what happens to it is in :func:`show_follow_ups`.
LEADS = (
    ("反映工地夜间施工（演示）", "反映施工单位夜间超时施工、噪声扰民，没有公告延长施工的证明（演示数据，内容虚构）。"),
    ("反映临边防护缺失（演示）", "反映楼层临边没有防护栏杆，材料堆放超出限制（演示数据，内容虚构）。"),
    ("反映无资质承揽工程（演示）", "反映装饰公司没有资质证书承揽工程，现场没有施工许可牌（演示数据，内容虚构）。"),
    ("反映物业收费标准（演示）", "反映物业服务收费与合同约定不一致，要求退还差额（演示数据，内容虚构）。"),
)


def show_follow_ups(engine: ProcessEngine) -> int:
    """Make them; returns how many leads were made.

    One waits for acceptance, one has an order to correct whose report is awaited, one a penalty case to be
    filed, and one was refused and is closed.
    """
    with engine.read() as session:
        deployed = set(session.scalars(sa.select(ProcessDefinition.key).where(ProcessDefinition.current)))
        if not deployed >= NEEDED or session.scalar(sa.select(sa.func.count()).select_from(CaseLead)):
            return 0
        subjects = session.scalars(
            sa.select(InspectedObject.uscc)
            .where(InspectedObject.kind == "企业", InspectedObject.industry.startswith("E"))
            .order_by(InspectedObject.uscc)
            .limit(len(LEADS))
        ).all()
    _, ordered, filed, refused = [
        _lead(engine, uscc, title, content) for uscc, (title, content) in zip(subjects, LEADS, strict=True)
    ]
    for number, kind in ((ordered, "rectification"), (filed, "administrative-penalty")):
        _submit(engine, number, "accept", {"decision": "受理"})
        _open(engine, number, kind)
    day = engine.clock().astimezone(engine.settings.timezone).date()
    _submit(engine, f"{ordered}/rectification", "issue_order", {
        "content": "立即补齐楼层临边的防护栏杆，清理超出限制堆放的材料。", "mode": "限期改正", "term": "15d",
        "delivery": "当场交付", "served_on": day.isoformat(), "method": "直接送达", "receiver": "演示·项目经理",
        "rights_told": True,
    })  # fmt: skip
    _submit(engine, refused, "accept", {
        "decision": "不予受理", "refusal_ground": "not-violation",
        "reason": "属于物业服务合同纠纷，可以向人民法院起诉或者申请调解。",
    })  # fmt: skip
    _submit(engine, refused, "section_check", {"decision": "同意", "opinion": "同意。"})
    return len(LEADS)


def _lead(engine: ProcessEngine, uscc: str, title: str, content: str) -> str:
    day = (engine.clock() - timedelta(days=1)).astimezone(engine.settings.timezone).date()
    values = {
        "department": DEPARTMENT, "source": "投诉举报", "received_on": day.isoformat(), "real_name": "匿名",
        "uscc": uscc, "title": title, "content": content,
    }  # fmt: skip
    with engine.read() as session:
        clerk = _holder(session, "承办人")
    number: str = engine.execute(RegisterLead(values), actor=clerk)
    return number


def _open(engine: ProcessEngine, number: str, kind: str) -> None:
    with engine.read() as session:
        case = session.scalars(sa.select(ProcessInstance.id).where(ProcessInstance.business_key == number)).one()
        clerk = _holder(session, "承办人")
    engine.execute(OpenFollowUp(case, kind), actor=clerk)


def _submit(engine: ProcessEngine, number: str, element: str, values: Mapping[str, Any]) -> None:
    with engine.read() as session:
        task = session.scalars(
            sa.select(UserTask).where(
                UserTask.business_key == number, UserTask.element_id == element, UserTask.state == "open"
            )
        ).one()
        actor = _holder(session, task.role)
    engine.execute(CompleteTask(task.id, task.version, dict(values)), actor=actor)


def _holder(session: Session, role: str) -> Actor:
    """Who holds a role in the department, as somebody signed in."""
    user = session.scalars(
        sa.select(User)
        .join(UserRole, UserRole.user_id == User.id)
        .where(UserRole.department == DEPARTMENT, UserRole.role == role, User.department == DEPARTMENT)
        .order_by(User.login)
    ).first()
    assert user is not None, f"the demo district has nobody for {role}"
    return Actor(user.id, user.name, DEPARTMENT, frozenset({f"{DEPARTMENT}/{role}"}))
