"""What officials fill in in a penalty case, for tests that carry one through (see processes/administrative-penalty)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.db import Database
from engine.inspection.models import Inspector
from engine.process_engine import ProcessEngine

CRITERIA = ["evidence", "punishable", "competent", "in-time"]
REVIEWED = ["主体和管辖", "事实和证据", "适用法律和裁量", "程序", "文书", "是否涉嫌犯罪"]
BASIS = "《中华人民共和国食品安全法》第三十四条、第一百二十四条"
FACTS = "经查，当事人经营超过保质期的食品三袋，货值三十元。"
AGREED = {"decision": "同意", "opinion": "同意。"}


def officers(engine: ProcessEngine | Database, department: str, count: int = 2) -> list[str]:
    """User ids of inspectors of the department whose certificates hold."""
    with engine.read() as session:
        return list(
            session.scalars(
                sa.select(Inspector.user_id)
                .where(
                    Inspector.department == department, Inspector.user_id.is_not(None), Inspector.expert.is_(False),
                    Inspector.certificate_number != "",
                )
                .order_by(Inspector.code)
                .limit(count)
            )
        )  # fmt: skip


def filing(handlers: list[str]) -> dict[str, Any]:
    return {
        "cause": "涉嫌经营超过保质期的食品", "facts": "现场发现超过保质期的食品三袋，没有进货票据。", "basis": BASIS,
        "proposal": "立案", "criteria": CRITERIA, "handlers": handlers,
    }  # fmt: skip


def investigation(obtained_on: str = "", **changes: Any) -> dict[str, Any]:
    evidence = {
        "name": "现场照片", "kind": "书证", "proves": "食品存放情况", "source": "现场拍摄", "place": "后厨",
        "obtained_by": "两名办案人员", "obtained_on": obtained_on,
    }  # fmt: skip
    return {"facts": FACTS, "evidence_list": [evidence], "outcome": "调查终结", **changes}


def report(amount: int, **changes: Any) -> dict[str, Any]:
    return {
        "facts": FACTS, "evidence": "现场照片：证明食品存放情况。", "basis": BASIS, "proposal": "给予行政处罚",
        "kinds": ["罚款"], "amount": amount, "discretion_reason": "货值较小，从轻。", "public_interest": "否",
        "complex": "否", "grave": "否", **changes,
    }  # fmt: skip


def spared() -> dict[str, Any]:
    """A report that proposes no penalty."""
    return {
        **{key: value for key, value in report(0).items() if key not in ("kinds", "amount", "discretion_reason")},
        "proposal": "不予行政处罚", "no_penalty_ground": "minor", "reason": "货值小，已当场下架，没有危害后果。",
    }  # fmt: skip


REVIEW = {"checked": REVIEWED, "decision": "同意", "opinion": "事实清楚，证据充分，程序合法。"}


def discussion(held_at: str, amount: int, present: int = 3, entitled: int = 5, **changes: Any) -> dict[str, Any]:
    members = [
        {"name": f"负责人{n}", "post": "局领导", "position": "同意", "opinion": "同意拟处理意见。"}
        for n in range(present)
    ]
    return {
        "held_at": held_at, "place": "三楼会议室", "chair": "负责人0", "recorder": "办公室记录人", "entitled": entitled,
        "members": members, "decision": "同意拟处理意见", "result": f"罚款{amount}元。", **changes,
    }  # fmt: skip


def notice(amount: int, hearing: str = "否", **changes: Any) -> dict[str, Any]:
    return {
        "kinds": ["罚款"], "amount": amount, "content": FACTS, "basis": BASIS, "hearing_right": hearing,
        "document_number": "济天市监罚告〔2026〕1号", **changes,
    }  # fmt: skip


def served(day: str, servers: list[str], receipt: list[str]) -> dict[str, Any]:
    """The form of document-service, handed over in person."""
    return {
        "action": "送达", "mode": "direct", "attempted_on": day, "servers": servers, "result": "已送达",
        "on_spot": True, "place": "当事人经营场所", "receiver": "演示负责人", "relation": "法定代表人或者负责人",
        "signed": "纸质送达回证", "receipt": receipt,
    }  # fmt: skip


def statement(day: str, kind: str = "提出陈述申辩", **changes: Any) -> dict[str, Any]:
    return {
        "kind": kind, "way": "书面", "received_on": day, "made_by": "演示负责人", "content": "货值认定有误，请求从轻。",
        **changes,
    }  # fmt: skip


def decision(amount: int, day: str, **changes: Any) -> dict[str, Any]:
    return {
        "decision": "处罚", "kinds": ["罚款"], "amount": amount, "facts": FACTS, "basis": BASIS,
        "decided_on": day, **changes,
    }  # fmt: skip


WRITTEN = {"document_number": "济天市监罚决〔2026〕1号"}
CLOSING = {"execution": "罚款已经缴清。", "goods_handling": "无", "filed": True}
