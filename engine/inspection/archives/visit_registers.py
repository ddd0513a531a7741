"""What stands of a campaign, a visit and its publication in registers of its own, for the volume of the case.

A register asks by the business keys of the instances bound together: of the campaign, the inspection, the
departments' parts and what belongs to them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.inspection.joint_models import (
    CampaignChecklist,
    CampaignSummary,
    Commission,
    DispatchList,
    Substitution,
    Supply,
)
from engine.inspection.models import Finding, Publication
from engine.inspection.oversight_models import DutyReview
from engine.inspection.preparation import equipment_words
from engine.inspection.publication_models import PublicationCorrection, PublicationVersion, WithheldPublication
from engine.inspection.sample_models import Sample, SampleTest
from engine.inspection.visit_models import (
    Adoption,
    Evidence,
    FindingCorrection,
    RecusalApplication,
    VisitAttempt,
    WrittenMaterial,
)

Rows = list[tuple[str, list[str], list[list[str]], list[int]]]
YES, NO = "是", "否"


def visit_rows(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    """A department's visit: arrivals, materials, findings and their corrections, evidence, samples, recusals."""
    found: Rows = []
    found += _of(
        session, VisitAttempt, VisitAttempt.department_inspection, district_id, numbers, "到场记录",
        "检查 次数 时间 结果 检查人员 现场负责人 情况 执法记录仪", [4, 1, 3, 2, 4, 2, 4, 2],
        lambda r: (r.department_inspection, r.attempt, r.arrived_at, r.outcome,
                   "、".join(f"{c['name']}（{c['number']}）" for c in r.certificates), r.met, r.situation, r.recording),
        (VisitAttempt.department_inspection, VisitAttempt.attempt),
    )  # fmt: skip
    found += _of(
        session, WrittenMaterial, WrittenMaterial.department_inspection, district_id, numbers, "书面检查材料",
        "检查 序号 材料 要求日期 截止日期 收到日期 完整 备注 催交", [4, 1, 4, 2, 2, 2, 1, 3, 3],
        lambda r: (r.department_inspection, r.serial, r.name, r.asked_on, r.due_on, r.received_on,
                   YES if r.complete else NO, r.remarks, "；".join(f"{t['on']} {t['by']}" for t in r.reminders)),
        (WrittenMaterial.department_inspection, WrittenMaterial.serial),
    )  # fmt: skip
    found += _of(
        session, Finding, Finding.department_inspection, district_id, numbers, "检查结果",
        "检查 事项 已检查 发现问题 方式 类别 条款 处置 情况", [4, 2, 1, 1, 2, 1, 4, 2, 5],
        lambda r: (r.department_inspection, r.item, YES if r.checked else NO, YES if r.problem else NO, r.method,
                   r.category, r.clause, r.handling, r.note),
        (Finding.department_inspection, Finding.item),
    )  # fmt: skip
    found += _of(
        session, FindingCorrection, FindingCorrection.department_inspection, district_id, numbers, "检查结论更正",
        "检查 事项 原来 更正后 缘由和理由 提出人 审核人 时间", [4, 2, 4, 4, 4, 2, 2, 3],
        lambda r: (r.department_inspection, r.item or "结论", _said(r.old), _said(r.new), f"{r.cause}：{r.reason}",
                   r.proposed_by, r.reviewed_by, r.at),
        (FindingCorrection.at, FindingCorrection.item),
    )  # fmt: skip
    found += _of(
        session, Adoption, Adoption.department_inspection, district_id, numbers, "采用的结论和意见",
        "检查 事项 种类 代替检查 来源 文号 日期 内容", [4, 2, 3, 1, 3, 3, 2, 5],
        lambda r: (r.department_inspection, r.item, r.kind, YES if r.replaces else NO, r.source, r.number, r.dated_on,
                   r.conclusion),
        (Adoption.department_inspection, Adoption.at, Adoption.id),
    )  # fmt: skip
    found += _of(
        session, Evidence, Evidence.department_inspection, district_id, numbers, "证据",
        "检查 种类 名称 事项 取得人 取得时间 地点 SHA-256", [4, 1, 3, 2, 2, 3, 3, 5],
        lambda r: (r.department_inspection, r.kind, r.name, r.item, r.taken_by, r.taken_at, r.place, r.sha256),
        (Evidence.department_inspection, Evidence.taken_at, Evidence.id),
    )  # fmt: skip
    found += _of(
        session, Sample, Sample.department_inspection, district_id, numbers, "送检样品",
        "编号 事项 样品 数量和备样 封样编号 抽样人和时间 签名 状态和结果 复检", [4, 2, 3, 3, 2, 4, 3, 3, 4],
        lambda r: (r.number, r.item, f"{r.name} {r.specification}", f"{r.quantity}；{r.reserve}", r.seal,
                   f"{'、'.join(r.taken_by)} {_cell(r.taken_at)} {r.place}", f"{r.signed} {r.signer}",
                   f"{r.state} {r.result}{r.not_sent_reason}",
                   f"{r.retest} {_cell(r.retest_on)} {r.retest_reason}" if r.retest else ""),
        (Sample.number,),
    )  # fmt: skip
    found += _of(
        session, SampleTest, SampleTest.sample, district_id, numbers, "样品检验",
        "样品 次数 机构 委托书 项目 送检 报告 收到 结果 结论 告知", [4, 1, 3, 2, 3, 2, 3, 2, 1, 4, 3],
        lambda r: (r.sample, r.round, f"{r.laboratory} {r.accreditation}", r.commission_number, r.asked,
                   f"{r.sent_on} {r.sent_by}", f"{r.report_number} {_cell(r.reported_on)}", r.received_on, r.result,
                   r.conclusion, f"{_cell(r.told_on)} {r.told_how} {r.recipient}"),
        (SampleTest.sample, SampleTest.round),
    )  # fmt: skip
    return found + _of(
        session, RecusalApplication, RecusalApplication.department_inspection, district_id, numbers, "回避申请",
        "检查 申请人 理由 时间 决定 理由 此前的检查 递补", [4, 2, 4, 3, 2, 4, 2, 2],
        lambda r: (r.department_inspection, r.applicant, r.reason, r.requested_at, r.decision, r.ground, r.prior_work,
                   r.successor),
        (RecusalApplication.requested_at, RecusalApplication.id),
    )  # fmt: skip


def publication_rows(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    """What was made public of the case, every version of it, corrections, and what was withheld on which ground."""
    about = sa.select(Publication.id).where(Publication.district_id == district_id, Publication.subject.in_(numbers))
    found = _of(
        session, Publication, Publication.subject, district_id, numbers, "公示",
        "编号 种类 状态 公示时间 依据 回执 公示至", [4, 2, 2, 3, 4, 3, 2],
        lambda r: (r.subject, r.kind, r.state, r.published_at, r.legal_ground, r.receipt, r.public_until),
        (Publication.subject, Publication.kind),
    )  # fmt: skip
    found += _about(
        session, PublicationVersion, about, "公示的各个版本", "版本 环节 内容 变更 说明 回执 人员 时间",
        [1, 2, 8, 5, 4, 2, 2, 3],
        lambda r: (r.number, r.stage, _content(r.content),
                   "；".join(f"{c.get('label')}：{c.get('old') or '—'} → {c.get('new')}" for c in r.changes), r.note,
                   r.receipt, r.by_name, r.at),
        (PublicationVersion.publication_id, PublicationVersion.number),
    )  # fmt: skip
    own = sa.or_(PublicationCorrection.number.in_(numbers), PublicationCorrection.publication_id.in_(about))
    corrections = session.scalars(
        sa.select(PublicationCorrection)
        .where(PublicationCorrection.district_id == district_id, own)
        .order_by(PublicationCorrection.number)
    ).all()
    found += _table(
        "公示更正、撤回", "编号 种类 原因 公开的说明 更正 状态 生效", [4, 1, 2, 4, 6, 2, 3],
        [(r.number, r.kind, r.cause, r.reason,
          "；".join(f"{c.get('label', c.get('cell'))}：{c.get('old', '')} → {c.get('new')}" for c in r.changes),
          r.state, r.applied_at) for r in corrections],
    )  # fmt: skip
    return found + _about(
        session, WithheldPublication, about, "不予公开", "依据 说明 复查日期 决定人 批准人 决定时间 公开时间",
        [4, 4, 2, 2, 2, 3, 3],
        lambda r: (r.article, r.note, r.review_on, r.decided_by, r.approved_by, r.decided_at, r.ended_at),
        (WithheldPublication.decided_at,),
    )  # fmt: skip


def duty_rows(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    """A review of somebody's conduct; only its own volume asks for it, and only its readers may read that."""
    return _of(
        session, DutyReview, DutyReview.number, district_id, numbers, "尽职免责认定",
        "编号 工作 被认定人员 情形 结果 认定文号 提出时间 认定时间", [3, 4, 3, 2, 2, 3, 3, 3],
        lambda r: (r.number, r.case, f"{r.person_name} {r.person_post}", r.cause, r.outcome, r.document_number,
                   r.opened_at, r.issued_at),
        (DutyReview.number,),
    )  # fmt: skip


def campaign_rows(session: Session, district_id: str, numbers: Sequence[str]) -> Rows:
    """A joint inspection's own registers: checklists, supplies, help from outside, dispatch, substitutions, summary."""
    found = _of(
        session, CampaignChecklist, CampaignChecklist.campaign, district_id, numbers, "检查表",
        "序号 对象类型 检查内容", [1, 3, 12],
        lambda r: (r.position, "、".join(r.kinds) or "全部", "\n".join(str(one.get("content")) for one in r.lines)),
        (CampaignChecklist.campaign, CampaignChecklist.position),
    )  # fmt: skip
    found += _of(
        session, Supply, Supply.campaign, district_id, numbers, "人员和装备", "部门 人员 车辆 装备 联系人",
        [2, 1, 1, 6, 3],
        lambda r: (r.department, str(r.inspectors), str(r.vehicles), "、".join(equipment_words(r)), r.contact),
        (Supply.department,),
    )  # fmt: skip
    found += _of(
        session, Commission, Commission.campaign, district_id, numbers, "委托协助",
        "部门 种类 名称 参加人员 事项 委托书 利害关系声明 解除", [2, 2, 3, 3, 4, 2, 3, 3],
        lambda r: (r.department, r.kind, r.name, r.members, r.mandate, r.document_number, r.declaration,
                   f"{_cell(r.ended_at)} {r.ended_reason}" if r.ended_at else ""),
        (Commission.at, Commission.id),
    )  # fmt: skip
    found += _of(
        session, DispatchList, DispatchList.campaign, district_id, numbers, "派发单",
        "编号 部门 单位 检查 状态 签收人 签收时间 退回", [4, 2, 3, 5, 2, 2, 3, 4],
        lambda r: (r.number, r.department, r.unit_name, "、".join(r.inspections), r.state, r.received_by_name,
                   r.received_at, "；".join(f"{b.get('unit_name')}：{b.get('reason')}" for b in r.returns)),
        (DispatchList.number,),
    )  # fmt: skip
    replaced = sa.or_(
        Substitution.campaign.in_(numbers), Substitution.department_inspection.in_(numbers),
        Substitution.number.in_(numbers),
    )  # fmt: skip
    substitutions = session.scalars(
        sa.select(Substitution).where(Substitution.district_id == district_id, replaced).order_by(Substitution.number)
    ).all()
    found += _table(
        "更换检查人员", "编号 检查 人员 事由 理由 状态 递补 决定人 决定时间", [4, 4, 2, 2, 4, 2, 3, 2, 3],
        [(r.number, r.department_inspection, r.inspector, r.cause, r.reason, r.state,
          "、".join(str(s.get("successor")) for s in r.successors), r.decided_by_name, r.decided_at)
         for r in substitutions],
    )  # fmt: skip
    return found + _of(
        session, CampaignSummary, CampaignSummary.campaign, district_id, numbers, "抽查情况汇总表",
        "任务 文号 状态 编制人 编制时间 审批人 审批时间 内容", [3, 3, 2, 2, 3, 2, 3, 8],
        lambda r: (r.campaign, r.document_number, r.state, r.compiled_by_name, r.compiled_at, r.approved_by_name,
                   r.approved_at, _content(r.words)),
        (CampaignSummary.campaign,),
    )  # fmt: skip


def _of(
    session: Session, model: Any, key: Any, district_id: str, numbers: Sequence[str], title: str, head: str,
    widths: list[int], cells: Any, order: Sequence[Any],
) -> Rows:  # fmt: skip
    where = (model.district_id == district_id, key.in_(numbers))
    return _table(title, head, widths, map(cells, session.scalars(sa.select(model).where(*where).order_by(*order))))


def _about(
    session: Session, model: Any, about: Any, title: str, head: str, widths: list[int], cells: Any,
    order: Sequence[Any],
) -> Rows:  # fmt: skip
    found = session.scalars(sa.select(model).where(model.publication_id.in_(about)).order_by(*order))
    return _table(title, head, widths, map(cells, found))


def _table(title: str, head: str, widths: list[int], rows: Any) -> Rows:
    found = [[_cell(value) for value in row] for row in rows]
    return [(title, head.split(), found, widths)] if found else []


def _cell(value: Any) -> str:
    if isinstance(value, datetime | date):
        return value.isoformat()[:10]
    return str(value).strip() if value not in (None, "") else "—"


def _content(value: Mapping[str, Any]) -> str:
    return "\n".join(f"{key}：{_flat(words)}" for key, words in value.items() if words not in (None, "", []))


def _flat(value: Any) -> str:
    if isinstance(value, Mapping):
        return " ".join(_flat(one) for one in value.values())
    return "、".join(map(_flat, value)) if isinstance(value, list) else str(value)


def _said(value: Mapping[str, Any]) -> str:
    """A finding or a conclusion before or after its correction."""
    if "problem" in value:
        head = "发现问题" if value["problem"] else "未发现问题"
        return "；".join(filter(None, [head, *(str(value.get(key) or "") for key in ("clause", "note"))]))
    return "；".join(str(value[key]) for key in ("facts", "basis", "handling") if value.get(key)) or "未发现问题"
