"""Leads and follow-ups of the demo district in different states, made by the same commands as officials' work.

They belong to one department that does not take part in the campaign of the tutorial.  Nothing is made while
the processes are not deployed, or when the district has leads already.
"""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from engine.commands.add_attachment import AddAttachment
from engine.inspection.demo.desk import holder, open_follow_up, register, submit
from engine.inspection.lead_models import CaseLead
from engine.inspection.models import InspectedObject, Inspector
from engine.models import ProcessDefinition, UserTask
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
        register(engine, DEPARTMENT, uscc, title, content)
        for uscc, (title, content) in zip(subjects, LEADS, strict=True)
    ]
    penalty = "administrative-penalty"
    for number, kind in ((ordered, "rectification"), (filed, penalty), (told, penalty)):
        submit(engine, number, "accept", {"decision": "受理"})
        open_follow_up(engine, number, kind)
    day = engine.clock().astimezone(engine.settings.timezone).date()
    submit(engine, f"{ordered}/rectification", "issue_order", {
        "content": "立即补齐楼层临边的防护栏杆，清理超出限制堆放的材料。", "mode": "限期改正", "term": "15d",
        "delivery": "当场交付", "served_on": day.isoformat(), "method": "直接送达", "receiver": "演示·项目经理",
        "rights_told": True,
    })  # fmt: skip
    file_case(engine, f"{filed}/penalty", DEPARTMENT)
    _tell(engine, f"{told}/penalty", day.isoformat())
    submit(engine, refused, "accept", {
        "decision": "不予受理", "refusal_ground": "not-violation",
        "reason": "属于物业服务合同纠纷，可以向人民法院起诉或者申请调解。",
    })  # fmt: skip
    submit(engine, refused, "section_check", {"decision": "同意", "opinion": "同意。"})
    return len(LEADS)


#: Of the penalty that is told of.
BASIS = "《建设工程质量管理条例》第三十一条、第六十五条"
FACTS = "经查，当事人将没有复验报告的外墙保温材料用于工程，货值一万二千元，已停止使用（演示数据，内容虚构）。"
PENALTY = {"kinds": ["罚款"], "amount": 60_000}


def file_case(engine: ProcessEngine, number: str, department: str, *, approved: bool = False) -> Sequence[str]:
    """Ask the head to file the case, and have it ``approved``; returns its two handlers."""
    with engine.read() as session:
        pair = session.scalars(
            sa.select(Inspector.user_id)
            .where(
                Inspector.department == department, Inspector.user_id.is_not(None), Inspector.expert.is_(False),
                Inspector.certificate_number != "", Inspector.certificate_until >= engine.clock().date(),
            )
            .order_by(Inspector.code)
            .limit(2)
        ).all()  # fmt: skip
    submit(engine, number, "file_case", {
        "cause": "涉嫌违反建设工程管理规定", "facts": FACTS, "basis": BASIS, "proposal": "立案", "handlers": pair,
        "criteria": ["evidence", "punishable", "competent", "in-time"],
    })  # fmt: skip
    if approved:
        submit(engine, number, "approve_filing", {"decision": "立案"})
    return [str(each) for each in pair]


def report_case(engine: ProcessEngine, number: str, department: str, *, complex_case: bool = False) -> Sequence[str]:
    """Take a penalty from its filing to its review; a complex case goes to legal review."""
    day = engine.clock().astimezone(engine.settings.timezone).date().isoformat()
    pair = file_case(engine, number, department, approved=True)
    submit(engine, number, "investigate", {
        "facts": FACTS, "outcome": "调查终结",
        "evidence_list": [{
            "name": "现场照片", "kind": "书证", "proves": "材料堆放和包装情况", "source": "现场拍摄",
            "place": "施工现场", "obtained_by": "两名办案人员", "obtained_on": day,
        }],
    })  # fmt: skip
    submit(engine, number, "write_report", {
        "facts": FACTS, "evidence": "现场照片：证明材料堆放和包装情况。", "basis": BASIS,
        "proposal": "给予行政处罚", **PENALTY, "discretion_reason": "主动停止使用，从轻。", "public_interest": "否",
        "complex": "是" if complex_case else "否", "grave": "否",
    })  # fmt: skip
    return pair


def _tell(engine: ProcessEngine, number: str, day: str) -> None:
    """Take a penalty from its filing to the served notice: the five working days for a statement run."""
    pair = report_case(engine, number, DEPARTMENT)
    agreed = {
        "checked": ["主体和管辖", "事实和证据", "适用法律和裁量", "程序", "文书", "是否涉嫌犯罪"], "decision": "同意",
        "opinion": "事实清楚，证据充分，程序合法。",
    }  # fmt: skip
    for review in ("legal_review", "case_review"):
        submit(engine, number, review, agreed, if_open=True)
    members = [{"name": f"演示·负责人{n}", "post": "局领导", "position": "同意", "opinion": "同意。"} for n in "甲乙丙"]
    submit(engine, number, "collective_discussion", {
        "held_at": engine.clock().isoformat(), "place": "三楼会议室", "chair": "演示·负责人甲", "entitled": 5,
        "recorder": "演示·记录人", "members": members, "decision": "同意拟处理意见", "result": "罚款六万元。",
    }, if_open=True)  # fmt: skip
    submit(engine, number, "notice", {
        **PENALTY, "content": FACTS, "basis": BASIS, "hearing_right": "是",
        "document_number": "济天住建罚告〔2026〕演示1号",
    })  # fmt: skip
    with engine.read() as session:
        service = session.scalars(
            sa.select(UserTask).where(UserTask.business_key.startswith(f"{number}/service"), UserTask.state == "open")
        ).one()
        server = holder(session, service.role, DEPARTMENT)
    receipt = engine.execute(
        AddAttachment(service.id, "receipt", "送达回证（演示）.pdf", "application/pdf", b"%PDF-1.4\n%%EOF\n"),
        actor=server,
    )
    submit(engine, service.business_key, service.element_id, {
        "action": "送达", "mode": "direct", "attempted_on": day, "servers": pair, "result": "已送达", "on_spot": True,
        "place": "当事人经营场所", "receiver": "演示·项目经理", "relation": "法定代表人或者负责人",
        "signed": "纸质送达回证", "receipt": [receipt],
    })  # fmt: skip
