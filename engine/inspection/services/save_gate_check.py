"""Keep what the officer found at the gate before the lists are frozen."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import records
from engine.inspection.code_names import code_names
from engine.inspection.pool import build_pool
from engine.inspection.pool_outlook import Outlook, outlook
from engine.inspection.visit_merges import keep_merges
from engine.service_tasks import ServiceContext, service_task


@service_task("save-gate-check", title="登记抽取前核对")
def save_gate_check(ctx: ServiceContext) -> dict[str, Any]:
    """Check the added exclusions, the firms kept in and that enough people are left; record merges into one visit.

    The lists follow from the values at the freeze.  Raises :class:`InvalidInput` naming every
    faulty row, or what is short in words: now it can still be mended, after the freeze it cannot.
    """
    values = dict(ctx.values or {})
    campaign = records.campaign(ctx.session, ctx.district_id, ctx.business_key)
    plan = ctx.data.get("draft_work_plan") or campaign.plan
    joining = {"merge_with": values.get("merge_with") or []}
    look = outlook(ctx.session, ctx.settings, campaign, plan, ctx.now, joining)
    named = [str(row["uscc"]) for name in ("kept", "exclusions") for row in values.get(name) or []]
    candidates, people = look.candidates_among(named), {c.id for c in look.crew.inspectors}
    faults: dict[str, list[str]] = {}
    _kept(values.get("kept") or [], look, candidates, faults)
    kept = {str(row["uscc"]) for row in values.get("kept") or []}
    _each(values.get("exclusions") or [], "exclusions", "uscc", candidates, "不在候选名单中，不需要排除。", faults)
    _each(values.get("absences") or [], "absences", "inspector", people, "不在可抽取人员中，不需要排除。", faults)
    for n, row in enumerate(values.get("exclusions") or []):
        if str(row["uscc"]) in kept:
            faults[f"exclusions[{n}].uscc"] = ["这户已填在“保留的检查对象”中，不能同时排除，请删除其中一行。"]
    if faults:
        raise InvalidInput("核对内容有误。", fields=faults)
    pool = build_pool(ctx.session, ctx.settings, campaign, plan, ctx.now, values)
    if not pool.size:
        raise InvalidInput(
            "候选名单为空，请退回方案扩大检查对象范围。", fields={"exclusions": ["排除后没有候选对象。"]}
        )
    names = code_names(ctx.session, ctx.settings, ctx.district_id, ctx.calendar.local_date(ctx.now))
    if said := pool.shortage(names):
        raise InvalidInput(f"检查人员不足：{said}", fields={"absences": [f"检查人员不足：{said}"]})
    merged = keep_merges(ctx.session, campaign, pool.joined, ctx.actor, ctx.now)
    return {
        "candidates": pool.size,
        "excluded": len(pool.exclusions),
        "expected": pool.expected(),
        "merged": merged,
    }


def _kept(
    rows: list[dict[str, Any]], look: Outlook, candidates: Collection[str], faults: dict[str, list[str]]
) -> None:  # fmt: skip
    """A firm may stay in only where the rule that keeps it out allows it for that reason."""
    seen: set[str] = set()
    for n, row in enumerate(rows):
        uscc, (bar, _) = str(row["uscc"]), look.barred.get(str(row["uscc"]), (None, ""))
        if uscc in seen:
            faults[f"kept[{n}].uscc"] = ["已经填写过，请删除重复的一行。"]
        elif uscc in candidates:
            faults[f"kept[{n}].uscc"] = [f"{uscc} 本来就在候选名单中，不需要保留。"]
        elif bar is None:
            faults[f"kept[{n}].uscc"] = [f"{uscc} 不是因为频次排除的，不能保留；需要列入的，请退回方案修改范围。"]
        elif not bar.may_keep:
            faults[f"kept[{n}].uscc"] = [f"{bar.reason}；按频次表不得保留，在办任务中的请选“合并进门”。"]
        elif row["reason"] not in bar.may_keep:
            allowed = "、".join(bar.may_keep)
            faults[f"kept[{n}].reason"] = [f"{bar.reason}；只有下列理由可以保留：{allowed}。"]
        seen.add(uscc)


def _each(
    rows: list[Mapping[str, Any]], name: str, key: str, known: Collection[str], unknown: str,
    faults: dict[str, list[str]],
) -> None:  # fmt: skip
    seen: set[str] = set()
    for n, row in enumerate(rows):
        value = str(row[key])
        if value in seen:
            faults[f"{name}[{n}].{key}"] = ["已经填写过，请删除重复的一行。"]
        elif value not in known:
            faults[f"{name}[{n}].{key}"] = [f"{value} {unknown}"]
        seen.add(value)
