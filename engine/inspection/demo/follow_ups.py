"""Leads and follow-ups of the demo district in different states, made by the same commands as officials' work.

They belong to one department that does not take part in the campaign of the tutorial.  Nothing is made while
the processes are not deployed, or when the district has leads already.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.add_attachment import AddAttachment
from engine.commands.complete_task import CompleteTask
from engine.inspection.lead_entry import RegisterLead
from engine.inspection.lead_models import CaseLead
from engine.inspection.models import InspectedObject, Inspector
from engine.inspection.open_follow_up import OpenFollowUp
from engine.models import ProcessDefinition, ProcessInstance, TaskCandidate, User, UserRole, UserTask
from engine.process_engine import ProcessEngine

DEPARTMENT = "ZJJ"
NEEDED = frozenset({"case-lead", "rectification", "administrative-penalty", "document-service"})
#: Title and content of each lead; what happens to it is in :func:`show_follow_ups`.
LEADS = (
    ("反映工地夜间施工（演示）", "反映施工单位夜间超时施工、噪声扰民，没有公告延长施工的证明（演示数据，内容虚构）。"),
    ("反映临边防护缺失（演示）", "反映楼层临边没有防护栏杆，材料堆放超出限制（演示数据，内容虚构）。"),
    ("反映无资质承揽工程（演示）", "反映装饰公司没有资质证书承揽工程，现场没有施工许可牌（演示数据，内容虚构）。"),
    ("反映使用不合格保温材料（演示）", "反映外墙保温材料没有复验报告就使用，现场有拆封的包装（演示数据，内容虚构）。"),
    ("反映物业收费标准（演示）", "反映物业服务收费与合同约定不一致，要求退还差额（演示数据，内容虚构）。"),
)


def show_follow_ups(engine: ProcessEngine) -> int:
    """Make them; returns how many leads were made.

    One waits for acceptance, one has an order to correct whose report is awaited, one a penalty case the head
    is asked to file, one a penalty the party was told of, in whose period for statements a hearing may be asked
    for, and one was refused and is closed.
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
    _, ordered, filed, told, refused = [
        _lead(engine, uscc, title, content) for uscc, (title, content) in zip(subjects, LEADS, strict=True)
    ]
    penalty = "administrative-penalty"
    for number, kind in ((ordered, "rectification"), (filed, penalty), (told, penalty)):
        _submit(engine, number, "accept", {"decision": "受理"})
        _open(engine, number, kind)
    day = engine.clock().astimezone(engine.settings.timezone).date()
    _submit(engine, f"{ordered}/rectification", "issue_order", {
        "content": "立即补齐楼层临边的防护栏杆，清理超出限制堆放的材料。", "mode": "限期改正", "term": "15d",
        "delivery": "当场交付", "served_on": day.isoformat(), "method": "直接送达", "receiver": "演示·项目经理",
        "rights_told": True,
    })  # fmt: skip
    _file(engine, f"{filed}/penalty")
    _tell(engine, f"{told}/penalty", day.isoformat())
    _submit(engine, refused, "accept", {
        "decision": "不予受理", "refusal_ground": "not-violation",
        "reason": "属于物业服务合同纠纷，可以向人民法院起诉或者申请调解。",
    })  # fmt: skip
    _submit(engine, refused, "section_check", {"decision": "同意", "opinion": "同意。"})
    return len(LEADS)


#: Of the penalty that is told of.
BASIS = "《建设工程质量管理条例》第三十一条、第六十五条"
FACTS = "经查，当事人将没有复验报告的外墙保温材料用于工程，货值一万二千元，已停止使用（演示数据，内容虚构）。"
PENALTY = {"kinds": ["罚款"], "amount": 60_000}


def _file(engine: ProcessEngine, number: str) -> Sequence[str]:
    """Ask the head to file the case; returns its two handlers."""
    with engine.read() as session:
        pair = session.scalars(
            sa.select(Inspector.user_id)
            .where(
                Inspector.department == DEPARTMENT, Inspector.user_id.is_not(None), Inspector.expert.is_(False),
                Inspector.certificate_number != "", Inspector.certificate_until >= engine.clock().date(),
            )
            .order_by(Inspector.code)
            .limit(2)
        ).all()  # fmt: skip
    _submit(engine, number, "file_case", {
        "cause": "涉嫌违反建设工程管理规定", "facts": FACTS, "basis": BASIS, "proposal": "立案", "handlers": pair,
        "criteria": ["evidence", "punishable", "competent", "in-time"],
    })  # fmt: skip
    return [str(each) for each in pair]


def _tell(engine: ProcessEngine, number: str, day: str) -> None:
    """Take a penalty from its filing to the served notice: the five working days for a statement run."""
    pair = _file(engine, number)
    evidence = "现场照片：证明材料堆放和包装情况。"
    _submit(engine, number, "approve_filing", {"decision": "立案"})
    _submit(engine, number, "investigate", {
        "facts": FACTS, "outcome": "调查终结",
        "evidence_list": [{
            "name": "现场照片", "kind": "书证", "proves": "材料堆放和包装情况", "source": "现场拍摄",
            "place": "施工现场", "obtained_by": "两名办案人员", "obtained_on": day,
        }],
    })  # fmt: skip
    _submit(engine, number, "write_report", {
        "facts": FACTS, "evidence": evidence, "basis": BASIS, "proposal": "给予行政处罚", **PENALTY,
        "discretion_reason": "主动停止使用，从轻。", "public_interest": "否", "complex": "否", "grave": "否",
    })  # fmt: skip
    agreed = {
        "checked": ["主体和管辖", "事实和证据", "适用法律和裁量", "程序", "文书", "是否涉嫌犯罪"], "decision": "同意",
        "opinion": "事实清楚，证据充分，程序合法。",
    }  # fmt: skip
    for review in ("legal_review", "case_review"):
        _submit(engine, number, review, agreed, if_open=True)
    members = [{"name": f"演示·负责人{n}", "post": "局领导", "position": "同意", "opinion": "同意。"} for n in "甲乙丙"]
    _submit(engine, number, "collective_discussion", {
        "held_at": engine.clock().isoformat(), "place": "三楼会议室", "chair": "演示·负责人甲", "entitled": 5,
        "recorder": "演示·记录人", "members": members, "decision": "同意拟处理意见", "result": "罚款六万元。",
    }, if_open=True)  # fmt: skip
    _submit(engine, number, "notice", {
        **PENALTY, "content": FACTS, "basis": BASIS, "hearing_right": "是",
        "document_number": "济天住建罚告〔2026〕演示1号",
    })  # fmt: skip
    with engine.read() as session:
        service = session.scalars(
            sa.select(UserTask).where(UserTask.business_key.startswith(f"{number}/service"), UserTask.state == "open")
        ).one()
        server = _holder(session, service.role)
    receipt = engine.execute(
        AddAttachment(service.id, "receipt", "送达回证（演示）.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n"),
        actor=server,
    )
    _submit(engine, service.business_key, service.element_id, {
        "action": "送达", "mode": "direct", "attempted_on": day, "servers": pair, "result": "已送达", "on_spot": True,
        "place": "当事人经营场所", "receiver": "演示·项目经理", "relation": "法定代表人或者负责人",
        "signed": "纸质送达回证", "receipt": [receipt],
    })  # fmt: skip


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


def _submit(
    engine: ProcessEngine, number: str, element: str, values: Mapping[str, Any], *, if_open: bool = False
) -> None:
    with engine.read() as session:
        task = session.scalars(
            sa.select(UserTask).where(
                UserTask.business_key == number, UserTask.element_id == element, UserTask.state == "open"
            )
        ).one_or_none()
        if task is None and if_open:
            return
        assert task is not None, f"{element} of {number} is not open"
        named = (
            task.assignee_id
            or session.scalars(
                sa.select(TaskCandidate.user_id).where(TaskCandidate.task_id == task.id).order_by(TaskCandidate.user_id)
            ).first()
        )
        actor = _person(session, named) if named else _holder(session, task.role)
    engine.execute(CompleteTask(task.id, task.version, dict(values)), actor=actor)


def _person(session: Session, user_id: str) -> Actor:
    user = session.get_one(User, user_id)
    roles = session.execute(sa.select(UserRole.department, UserRole.role).where(UserRole.user_id == user_id))
    return Actor(user.id, user.name, user.department, frozenset(f"{d}/{r}" for d, r in roles))


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
