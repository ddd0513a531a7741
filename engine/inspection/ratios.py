"""How large a share of each stratum is drawn: one ratio for all, a superior's rule, or the decision table (R10–R14).

A stratum gathers all objects of one ratio, so that nobody can tell from it whether a grade, a
credit mark or complaints made the ratio; the names ``S1``, ``S2`` … follow an order that tells
nothing either, for the record is shown to people who may not know a grade.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.bpmn.decisions import Decisions, load_decisions
from engine.errors import ServiceTaskFailed
from engine.inspection.draw import digest_hex
from engine.inspection.models import Campaign
from engine.inspection.object_traits import Traits
from engine.models import ProcessDefinition, ProcessInstance
from engine.settings import Settings

BY_GRADE = "按风险等级"
SUPERIOR = "上级规定"
UNIFORM = "统一比例"
ALL = "ALL"
PROCESS = "joint-inspection"
TABLE = "ratio.dmn"


@dataclass(frozen=True)
class RatioTable:
    """The decision table and the process version it was deployed with; 0 is the shipped file."""

    text: str
    version: int


def by_grade(plan: Mapping[str, Any]) -> bool:
    """Does the plan draw by the decision table, so that strata depend on what is never public?"""
    return plan.get("quota", UNIFORM) in (BY_GRADE, SUPERIOR)


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
    table: RatioTable, plan: Mapping[str, Any], traits: Collection[Traits], salt: str
) -> tuple[dict[Traits, str], dict[str, int]]:
    """``({traits: stratum}, {stratum: ppm})``; one stratum when the ratio is uniform.

    ``salt`` (the campaign's number) only orders the names.
    Raises :class:`ServiceTaskFailed` when the table gives no whole number up to 1,000,000.
    """
    if not by_grade(plan):
        return dict.fromkeys(traits, ALL), {ALL: uniform_ppm(plan)}
    superior = uniform_ppm(plan) if plan.get("quota") == SUPERIOR else None
    share = {each: _share(table, each, superior) for each in traits}
    order = sorted(set(share.values()), key=lambda ppm: digest_hex("sha256", f"{salt}|{ppm}"))
    name_of = {ppm: f"S{number}" for number, ppm in enumerate(order, start=1)}
    return {each: name_of[ppm] for each, ppm in share.items()}, {name: ppm for ppm, name in name_of.items()}


def ratio_table(session: Session, settings: Settings, campaign: Campaign | None = None) -> RatioTable:
    """The table the campaign's own process version was deployed with; without one, that of the version in force."""
    definition = sa.select(ProcessDefinition.bundle, ProcessDefinition.version)
    if campaign is None:
        definition = definition.where(
            ProcessDefinition.district_id == settings.district_id,
            ProcessDefinition.key == PROCESS,
            ProcessDefinition.current,
        )
    else:
        definition = definition.join(ProcessInstance, ProcessInstance.definition_id == ProcessDefinition.id).where(
            ProcessInstance.district_id == campaign.district_id,
            ProcessInstance.process_key == PROCESS,
            ProcessInstance.business_key == campaign.number,
        )
    found = session.execute(definition).first()
    if found is not None and TABLE in (found.bundle or {}):
        return RatioTable(str(found.bundle[TABLE]), found.version)
    path = settings.process_dir / PROCESS / TABLE
    try:
        return RatioTable(path.read_text("utf-8"), 0)
    except FileNotFoundError:
        raise ServiceTaskFailed("缺少抽取比例表 ratio.dmn，请重新部署联合抽查流程。") from None


def _share(table: RatioTable, traits: Traits, superior: int | None) -> int:
    answer = _load(table.text).decide(
        "ratio",
        {
            "risk_grade": traits.risk_grade or None,
            "key_item": traits.key_item,
            "credit": traits.credit or None,
            "special": traits.special,
            "complaints": traits.complaints,
            "superior_ppm": superior,
        },
    )
    share = answer.get("ppm") if isinstance(answer, dict) else answer
    if not isinstance(share, int | float) or not 0 <= share <= 1_000_000 or share != int(share):
        raise ServiceTaskFailed("抽取比例表对某一类对象没有给出 0 至 1,000,000 之间的整数，请核对比例表。")
    return int(share)


@lru_cache(maxsize=8)
def _load(text: str) -> Decisions:
    return load_decisions(text)
