"""专项检查 (R47): opened by an organ, approved by the county-level government, filed, and carried out by a draw.

Nobody picks who is inspected: what is approved is a scope, and the campaign that carries it out may only
narrow it.  Whether its visits count in the yearly cap was decided by the table of the diagram.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, NotFound
from engine.inspection.models import Campaign, Item
from engine.inspection.numbers import next_number
from engine.inspection.opening import OFFICER
from engine.inspection.oversight_models import SpecialInspection
from engine.inspection.plan_facts import scope_words
from engine.settings import Settings

PROCESS = "special-inspection"
ORDERED = "上级部署"
DRAFT, IN_APPROVAL, TO_FILE, HANDED_OVER, WITHDRAWN = "起草", "审批中", "待备案", "已转随机抽取", "已撤回"
STATES = (DRAFT, IN_APPROVAL, TO_FILE, HANDED_OVER, WITHDRAWN)
WITHHELD = "不予公开"

#: Parts of the scope in which an empty choice means everything.
_NARROWED = {"regions": "所在街道", "kinds": "对象类型", "industries": "行业"}


@dataclass(frozen=True)
class OpenSpecialInspection:
    """Begin a special inspection of ``department``; returns its number.

    Raises :class:`Forbidden` unless the actor is an officer in charge there.
    """

    department: str

    def run(self, ctx: CommandContext) -> str:
        if not ctx.actor.has_role(OFFICER, self.department):
            raise Forbidden("只有本部门的承办人可以提出专项检查。")
        year = ctx.today[:4]
        serial = next_number(ctx.session, ctx.district_id, f"special/{self.department}/{year}")
        number = f"{self.department}-专项-{year}-{serial:04d}"
        ctx.session.add(
            SpecialInspection(
                id=new_id(), district_id=ctx.district_id, number=number, department=self.department, created_at=ctx.now
            )
        )
        ctx.session.flush()
        ctx.start_process(PROCESS, number, {}, title=f"专项检查 {number}", department=self.department)
        return number


def special_inspection(session: Session, district_id: str, number: str) -> SpecialInspection:
    """The special inspection ``number``.  Raises :class:`NotFound`."""
    row = session.scalar(
        sa.select(SpecialInspection).where(
            SpecialInspection.district_id == district_id, SpecialInspection.number == number
        )
    )
    if row is None:
        raise NotFound(f"专项检查 {number} 不存在。")
    return row


def carried_out_by(session: Session, campaign: Campaign) -> SpecialInspection | None:
    """The special inspection that ``campaign`` carries out, or None."""
    return session.scalar(
        sa.select(SpecialInspection).where(
            SpecialInspection.district_id == campaign.district_id, SpecialInspection.campaign == campaign.number
        )
    )


def prefilled(session: Session, campaign: Campaign, today: date) -> dict[str, Any]:
    """What was approved as values of the work-plan form; empty for a campaign of another origin."""
    row = carried_out_by(session, campaign)
    if row is None:
        return {}
    content = row.content
    values = {
        key: content[key]
        for key in ("items", "participants", "regions", "kinds", "industries", "methods")
        if content.get(key)
    }
    values |= {"name": row.name, "quota": "统一比例", "ratio": content["ratio"], "ordered": not row.counts_in_cap}
    if not row.counts_in_cap:
        values["superior_document"] = content.get("superior_document") or ""
    values["start_date"] = max(str(content["start_date"])[:10], today.isoformat())
    values["end_date"] = max(str(content["end_date"])[:10], values["start_date"])
    return values


def check_within(session: Session, campaign: Campaign, values: dict[str, Any], faults: dict[str, list[str]]) -> None:
    """A work plan may narrow what was approved and never widen it; the exception from the cap is as approved.

    Without an approved and filed special inspection there is no exception: nobody grants it to themselves.

    Adds to ``faults`` by the work-plan form's field names and sets ``ordered`` in ``values``.
    """
    row = carried_out_by(session, campaign)
    if row is None:
        if values.get("ordered"):
            faults.setdefault("ordered", []).append(
                "上级部署的专项检查须经批准、备案：请在“专项检查”页提出，批准后从那里转入抽取；本任务请取消勾选。"
            )
        return
    approved, said = row.content, f"超出专项检查 {row.number} 批准的范围，请改回或者另行报批。"
    for key, word in (("items", "事项"), ("participants", "参与部门")):
        if beyond := sorted(set(values.get(key) or []) - set(approved.get(key) or [])):
            faults.setdefault(key, []).append(f"{word} {'、'.join(beyond)} {said}")
    for key, word in _NARROWED.items():
        allowed, chosen = set(approved.get(key) or []), set(values.get(key) or [])
        if allowed and (not chosen or chosen - allowed):
            faults.setdefault(key, []).append(f"{word}{said}")
    if values["start_date"] < str(approved["start_date"])[:10]:
        faults.setdefault("start_date", []).append(f"检查开始日期{said}")
    if values["end_date"] > str(approved["end_date"])[:10]:
        faults.setdefault("end_date", []).append(f"检查截止日期{said}")
    values["ordered"] = not row.counts_in_cap
    if not row.counts_in_cap:
        values["superior_document"] = approved.get("superior_document") or ""


def organs(row: SpecialInspection) -> list[str]:
    """The organs that take part, the initiating one first."""
    return [row.department, *(row.content.get("participants") or [])]


def item_names(session: Session, row: SpecialInspection) -> list[str]:
    """The approved items by code and name, in the order chosen."""
    codes = list(row.content.get("items") or [])
    found = session.execute(
        sa.select(Item.code, Item.name).where(Item.district_id == row.district_id, Item.code.in_(codes))
    )
    names = {code: name for code, name in found}
    return [f"{code} {names.get(code, '')}".strip() for code in codes]


def described(
    session: Session, settings: Settings, row: SpecialInspection, names: Mapping[str, str], today: date
) -> list[tuple[str, str]]:
    """The proposal as officials read it, label and value; empty before it was first submitted."""
    content = row.content
    if not content:
        return []
    cap = "计入年度频次上限" if row.counts_in_cap else "上级部署，不计入年度频次上限"
    pairs = [
        ("名称", row.name),
        ("发起部门", names.get(row.department, row.department)),
        ("参与部门", "、".join(names.get(p, p) for p in content.get("participants") or [])),
        ("事由", str(content.get("reason_kind") or "")),
        ("上级文件", str(content.get("superior_document") or "")),
        ("突出问题和依据", str(content.get("problem") or "")),
        ("抽查事项", "；".join(item_names(session, row))),
        ("检查对象范围", scope_words(settings, content, today)),
        ("抽取比例", f"{content.get('ratio')}%"),
        ("检查方式", "、".join(content.get("methods") or [])),
        ("检查时间", f"{content.get('start_date')} 至 {content.get('end_date')}"),
        ("年度频次", cap if row.approver else ""),
        ("批准", f"{row.approver} {row.approval_number} {row.approved_on or ''}".strip() if row.approved_on else ""),
        ("备案号", row.filing_number),
        ("公开", str(content.get("publish") or "")),
        ("不予公开的依据", str(content.get("legal_ground") or "")),
    ]
    return [(label, value) for label, value in pairs if value]


def public_content(
    session: Session, settings: Settings, row: SpecialInspection, names: Mapping[str, str], today: date
) -> dict[str, Any]:
    """What the public reads: the scope and who approved it; never who will be drawn."""
    content = row.content
    return {
        "专项检查名称": row.name,
        "发起部门": names.get(row.department, row.department),
        "参与部门": [names.get(p, p) for p in content.get("participants") or []],
        "事由": str(content["reason_kind"]),
        "抽查事项": item_names(session, row),
        "检查对象范围": scope_words(settings, content, today),
        "抽取比例": f"{content['ratio']}%",
        "检查时间": f"{content['start_date']} 至 {content['end_date']}",
        "批准文号": row.approval_number,
        "备案号": row.filing_number,
        "检查对象的确定": "全部通过双随机抽取确定",
    }
