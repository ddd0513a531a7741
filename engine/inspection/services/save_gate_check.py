"""Keep what the officer found at the gate before the lists are frozen."""

from __future__ import annotations

from typing import Any

from engine.errors import InvalidInput
from engine.inspection import records
from engine.inspection.pool import build_pool
from engine.service_tasks import ServiceContext, service_task


@service_task("save-gate-check", title="登记抽取前核对")
def save_gate_check(ctx: ServiceContext) -> dict[str, Any]:
    """Check the added exclusions and that enough people are left; the lists follow from them at the freeze.

    Raises :class:`InvalidInput` naming every faulty row, or what is short in words: now it
    can still be mended, after the freeze it cannot.
    """
    values = dict(ctx.values or {})
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    plan = ctx.data.get("draft_work_plan") or campaign.plan
    pool = build_pool(ctx.session, ctx.settings, campaign, plan, ctx.now)
    candidates, people = {i for i, _ in pool.candidates}, {c.id for c in pool.inspectors}
    faults: dict[str, list[str]] = {}
    _each(values.get("exclusions") or [], "exclusions", "uscc", candidates, "不在候选名单中，不需要排除。", faults)
    _each(values.get("absences") or [], "absences", "inspector", people, "不在可抽取人员中，不需要排除。", faults)
    if faults:
        raise InvalidInput("核对内容有误。", fields=faults)
    after = pool
    if values.get("exclusions") or values.get("absences"):
        after = build_pool(ctx.session, ctx.settings, campaign, plan, ctx.now, values)
    if not after.candidates:
        raise InvalidInput(
            "候选名单为空，请退回方案扩大检查对象范围。", fields={"exclusions": ["排除后没有候选对象。"]}
        )
    names = records.department_names(ctx.session, ctx.district_id)
    if said := after.shortage(names):
        raise InvalidInput(f"检查人员不足：{said}", fields={"absences": [f"检查人员不足：{said}"]})
    return {"candidates": len(after.candidates), "excluded": len(after.exclusions), "expected": after.expected()}


def _each(
    rows: list[dict[str, Any]], name: str, key: str, known: set[str], unknown: str, faults: dict[str, list[str]]
) -> None:
    seen: set[str] = set()
    for n, row in enumerate(rows):
        value = str(row[key])
        if value in seen:
            faults[f"{name}[{n}].{key}"] = ["已经填写过，请删除重复的一行。"]
        elif value not in known:
            faults[f"{name}[{n}].{key}"] = [f"{value} {unknown}"]
        seen.add(value)
