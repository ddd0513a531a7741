"""Facts of a duty review (尽职免责认定): the record generated from the history, beside every step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from engine.inspection import duty_record, duty_reviews
from engine.inspection.facts.desk import Desk, local, rows, table
from engine.inspection.facts.options import departments
from engine.inspection.oversight_models import DutyReview
from engine.models import User, UserRole

Block = dict[str, Any]
#: Roles from which a review group is formed.
REVIEWERS = ("法制审核人员", "监管督查", "科室负责人", "分管负责人")


def review_facts(desk: Desk) -> dict[str, Any]:
    row = duty_reviews.duty_review(desk.session, desk.district_id, desk.task.business_key)
    shown = [_about(desk, row), duty_table(desk, row.record), line_table(desk, row.record)]
    facts = [*finding_blocks(desk, row), *shown] if row.finding else shown
    found: dict[str, Any] = {"departments": departments(desk), "open_departments": [row.department]}
    match desk.task.element_id:
        case "accept":
            found["reviewers"] = _reviewers(desk, row)
        case "make_finding":
            found |= _finding(desk, row)
            facts = [*_said(desk), *facts]
    return {**found, "facts": facts}


def _about(desk: Desk, row: DutyReview) -> Block:
    return rows(
        "尽职免责认定", ("编号", row.number), ("被认定人员", f"{row.person_name}（{row.person_post}）"),
        ("所在机关", desk.organ(row.department)), ("工作", row.case), ("事由", row.cause), ("情形", row.facts),
        ("本人陈述", row.statement), ("本人异议", row.objection),
        ("办理记录生成于", local(desk, _moment(row.record.get("at")))),
    )  # fmt: skip


def duty_table(desk: Desk, record: Mapping[str, Any]) -> Block:
    body = [
        [n, d["duty"], d["step"], _time(desk, d["due"]) or "没有期限", _time(desk, d["done"]) or "—", d["state"],
         d["source"]]
        for n, d in enumerate(record.get("duties") or [], 1)
    ]  # fmt: skip
    head = ["序号", "职责", "步骤", "期限", "完成", "办理记录显示", "依据"]
    return table("履职清单对照（系统生成）", head, body)


def line_table(desk: Desk, record: Mapping[str, Any]) -> Block:
    body = [
        [_time(desk, line["at"]), line["who"], line["step"] or line["case"], WORDS.get(line["act"], "登记"),
         line["kept"], "本人" if line["own"] else "", f"第 {line['seq']} 条 {line['hash'][:12]}"]
        for line in record.get("lines") or []
    ]  # fmt: skip
    return table("办理记录（系统生成，不能填写）", ["时间", "人员", "步骤", "做了什么", "期限", "", "办理记录"], body)


def finding_blocks(desk: Desk, row: DutyReview) -> list[Block]:
    finding = row.finding
    duties = row.record.get("duties") or []
    body = [
        [line["duty"], duties[int(line["duty"]) - 1]["duty"], duties[int(line["duty"]) - 1]["state"], line["result"],
         line.get("reason") or ""]
        for line in finding.get("duties") or []
    ]  # fmt: skip
    return [
        rows("认定意见", ("认定结果", finding.get("outcome")), ("认定理由", finding.get("grounds")),
             ("表扬内容", finding.get("commendation")), ("对异议的答复", finding.get("reply"))),
        table("逐项认定", ["序号", "职责", "办理记录显示", "认定", "理由"], body),
    ]  # fmt: skip


WORDS = {
    "task-completed": "办结", "task-claimed": "签收", "task-released": "退回待签收", "task-reassigned": "转办",
    "task-reminded": "催办", "recusal-requested": "登记回避申请", "inspection-approved": "行政检查审批",
    "attachment-added": "上传材料",
}  # fmt: skip


def _finding(desk: Desk, row: DutyReview) -> dict[str, Any]:
    """The duties to be judged, each begun with what the record suggests."""
    duties = row.record.get("duties") or []
    offered = [
        {"value": str(n), "label": f"{n}. {d['duty']}：{d['state']}（{d['step']}）"} for n, d in enumerate(duties, 1)
    ]
    suggested = [{"duty": str(n), "result": _first_view(d["state"])} for n, d in enumerate(duties, 1)]
    previous = {k: v for k, v in row.finding.items() if k not in ("at", "by")} or {"duties": suggested}
    return {"duties": offered, "previous": previous}


def _said(desk: Desk) -> list[Block]:
    """What the members think, and why the head sent a finding back."""
    said = [one for one in desk.data.get("give_opinion") or [] if isinstance(one, dict)]
    ids = [str(one.get("item")) for one in said]
    names = {i: name for i, name in desk.session.execute(sa.select(User.id, User.name).where(User.id.in_(ids)))}
    opinions = [[names.get(str(one.get("item")), ""), one.get("position"), one.get("reason")] for one in said]
    facts = [table("成员意见", ["成员", "个人意见", "理由"], opinions)]
    refused = desk.data.get("approve_finding") or {}
    if refused.get("decision") == "退回":
        facts.append(rows("机关负责人退回", ("理由", refused.get("return_reason"))))
    return facts


def _first_view(state: str) -> str:
    """What the record suggests; the group decides."""
    return {duty_record.KEPT: "已履行", duty_record.BY_OTHERS: "不属于本人职责"}.get(state, "未履行")


def _reviewers(desk: Desk, row: DutyReview) -> list[dict[str, str]]:
    """Those who may judge: nobody who acted in the case, and not the official."""
    instances = duty_record.case_instances(desk.session, desk.district_id, row.case)
    partial = [row.person, *duty_record.people_of(desk.session, instances)]
    found = desk.session.execute(
        sa.select(User.id, User.name, User.department, User.post)
        .join(UserRole, UserRole.user_id == User.id)
        .where(User.district_id == desk.district_id, User.active, UserRole.role.in_(REVIEWERS), User.id.not_in(partial))
        .distinct()
        .order_by(User.department, User.name)
    )
    return [
        {"value": user, "label": f"{name}（{post or desk.organ(organ)}）"} for user, name, organ, post in found
    ]  # fmt: skip


def _moment(text: Any) -> datetime | None:
    return datetime.fromisoformat(str(text)) if text else None


def _time(desk: Desk, text: str) -> str:
    return local(desk, _moment(text))
