"""How large a share of each stratum is drawn: one ratio for all, or by risk grade from the decision table.

Strata are named ``S1``, ``S2`` … in the order of their grades: a stratum's name must not
tell a grade, for the record is shown to people who may not know it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.bpmn.decisions import Decisions, load_decisions
from engine.errors import ServiceTaskFailed
from engine.inspection.models import Campaign
from engine.models import ProcessDefinition, ProcessInstance
from engine.settings import Settings

BY_GRADE = "按风险等级"
UNIFORM = "统一比例"
ALL = "ALL"
PROCESS = "joint-inspection"
TABLE = "ratio.dmn"


def by_grade(plan: Mapping[str, Any]) -> bool:
    """Does the plan draw by risk grade?"""
    return bool(plan.get("quota", UNIFORM) == BY_GRADE)


def uniform_ppm(plan: Mapping[str, Any]) -> int:
    """The plan's one ratio (percent, at most four decimals) in parts per million."""
    try:
        ppm = Decimal(str(plan["ratio"])) * 10_000
    except (KeyError, InvalidOperation):
        raise ServiceTaskFailed("工作方案没有写明抽取比例，请退回方案填写“统一比例”。") from None
    if not 0 < ppm <= 1_000_000 or ppm != int(ppm):
        raise ServiceTaskFailed(f"抽取比例 {plan['ratio']}% 无效，应大于 0、不超过 100，最多四位小数。")
    return int(ppm)


def strata(
    session: Session, settings: Settings, campaign: Campaign, plan: Mapping[str, Any], grades: Collection[str]
) -> tuple[dict[str, str], dict[str, int]]:
    """``({grade: stratum}, {stratum: ppm})`` of the grades present; one stratum when the ratio is uniform."""
    if not by_grade(plan):
        return dict.fromkeys(grades, ALL), {ALL: uniform_ppm(plan)}
    table = _load(_table_text(session, settings, campaign))
    name_of: dict[str, str] = {}
    ppm: dict[str, int] = {}
    for number, grade in enumerate(sorted(grades), start=1):
        answer = table.decide("ratio", {"risk_grade": grade or None})
        share = answer.get("ppm") if isinstance(answer, dict) else answer
        if not isinstance(share, int | float) or not 0 <= share <= 1_000_000 or share != int(share):
            raise ServiceTaskFailed("抽取比例表对某一风险等级没有给出 0 至 1,000,000 之间的整数，请核对比例表。")
        name_of[grade], ppm[f"S{number}"] = f"S{number}", int(share)
    return name_of, ppm


def _table_text(session: Session, settings: Settings, campaign: Campaign) -> str:
    """The table the campaign's own process version was deployed with, else the shipped one."""
    bundle = session.scalar(
        sa.select(ProcessDefinition.bundle)
        .join(ProcessInstance, ProcessInstance.definition_id == ProcessDefinition.id)
        .where(
            ProcessInstance.district_id == campaign.district_id,
            ProcessInstance.process_key == PROCESS,
            ProcessInstance.business_key == campaign.number,
        )
    )
    if bundle and TABLE in bundle:
        return str(bundle[TABLE])
    path = settings.process_dir / PROCESS / TABLE
    try:
        return path.read_text("utf-8")
    except FileNotFoundError:
        raise ServiceTaskFailed("缺少抽取比例表 ratio.dmn，请重新部署联合抽查流程。") from None


@lru_cache(maxsize=8)
def _load(text: str) -> Decisions:
    return load_decisions(text)
