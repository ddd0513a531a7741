"""Plans: their rows, keeping a draft, and making an approved one public with its version (R24–R29)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import publication, publication_release, records, tables
from engine.inspection.item_validity import why_not_checkable
from engine.inspection.models import Item, Plan
from engine.inspection.plan_facts import quota_words, scope_words
from engine.inspection.plan_models import PlanVersion
from engine.periods import parse_rule
from engine.service_tasks import ServiceContext
from engine.settings import Settings

JOINT = "联合"
DEPARTMENT = "部门"
WITHHELD = "不予公开"
IN_FORCE = ("已备案公布", "已印发")

Row = dict[str, Any]


def checked_rows(session: Session, plan: Plan, rows: Sequence[Mapping[str, Any]]) -> list[Row]:
    """The rows with a code each, in the order given (R25).

    Raises :class:`InvalidInput` naming every faulty field: dates, doubled codes and names, items
    that may not be checked, departments whose items are missing or do not take part.
    """
    faults: dict[str, list[str]] = {}
    items = _items(session, plan.district_id, rows)
    names = records.department_names(session, plan.district_id)
    taken = {str(row.get("code")) for row in rows if row.get("code")} | _used_codes(session, plan)
    kept: list[Row] = []
    seen: dict[str, set[str]] = {"code": set(), "name": set()}
    for n, given in enumerate(rows):
        row = dict(given)
        row["participants"] = [p for p in row.get("participants") or [] if p != row["initiator"]]
        row["code"] = row.get("code") or _next_code(taken)
        taken.add(row["code"])
        for key, word in (("code", "序号"), ("name", "名称")):
            if row[key] in seen[key]:
                faults[f"tasks[{n}].{key}"] = [f"任务{word}“{row[key]}”重复，请修改。"]
            seen[key].add(row[key])
        if (said := _wrong_dates(row, plan.year)) or (said := _wrong_items(row, items, names)):
            faults[f"tasks[{n}].{said[0]}"] = [said[1]]
        if plan.kind == DEPARTMENT and plan.department not in (row["initiator"], *row["participants"]):
            faults[f"tasks[{n}].initiator"] = ["本部门既不是发起部门也不是参与部门，请核对。"]
        kept.append(row)
    if faults:
        raise InvalidInput("计划中有任务需要修改。", fields=faults)
    return kept


def withheld(rows: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """Rows that are not to be made public; each states its legal ground."""
    return [row for row in rows if row.get("publish") == WITHHELD]


def publish_plan(ctx: ServiceContext, state: str) -> dict[str, Any]:
    """Put a plan in force as its first version, filed and published at this moment (R26, R27).

    Returns ``published_at`` and whether the end of January was kept.
    """
    row = records.plan(ctx.session, ctx.district_id, ctx.business_key)
    ctx.session.add(
        PlanVersion(
            id=new_id(), district_id=ctx.district_id, plan=row.business_key, version=1, number=ctx.business_key,
            content=row.content, document_number=row.document_number, state="已生效",
            prepared_by=(ctx.data.get("draft_plan") or {}).get("prepared_by"), created_at=ctx.now,
            effective_at=ctx.now,
        )
    )  # fmt: skip
    row.state = state
    return _release(ctx, row, row.business_key, {})


def publish_version(ctx: ServiceContext) -> dict[str, Any]:
    """Put an adjusted plan in force as a new version; the old one stays readable (R28)."""
    version = records.plan_version(ctx.session, ctx.district_id, ctx.business_key)
    row = records.plan(ctx.session, ctx.district_id, version.plan)
    row.content = {**row.content, **version.content}
    row.document_number = version.document_number or row.document_number
    version.state, version.effective_at = "已生效", ctx.now
    reason, _ = publication.redact_text(ctx.settings, version.reason, ctx.calendar.local_date(ctx.now))
    return {
        "version": version.version,
        **_release(ctx, row, version.number, {"调整理由": reason, "版本": f"第 {version.version} 版"}),
    }


def _release(ctx: ServiceContext, row: Plan, subject: str, more: Mapping[str, Any]) -> dict[str, Any]:
    """File and publish at the same time; filing never gates publication."""
    row.published_at = ctx.now
    if row.kind == JOINT:
        row.issued_at = ctx.now
    else:
        row.filed_at = ctx.now
    today = ctx.calendar.local_date(ctx.now)
    kept = publication.keep(
        ctx.session, district_id=ctx.district_id, kind="plan", subject=subject, department=row.department,
        preview=publication.Preview(public_content(ctx.session, ctx.settings, row, today) | dict(more), []),
        state="published",
    )  # fmt: skip
    publication_release.release(ctx, kept)
    return {"published_at": ctx.now.isoformat(), "in_time": today <= last_day(ctx.settings, row.year)}


def last_day(settings: Settings, year: int) -> date:
    """The day by which the plans of ``year`` are filed and published (R26)."""
    month_day, _ = parse_rule(tables.limit(settings, "plan-filing", date(year, 1, 1)).rule)
    return date(year, *divmod(month_day, 100))


def public_content(session: Session, settings: Settings, plan: Plan, today: date) -> dict[str, Any]:
    """What the public reads of a plan; rows withheld from it are only counted."""
    names = records.department_names(session, plan.district_id)
    rows = plan.content.get("tasks", [])
    hidden = withheld(rows)
    content = {
        "计划名称": plan.name,
        "年度": plan.year,
        "文号": plan.document_number,
        "制定机关": names.get(plan.department, plan.department),
        "抽查任务": [
            {
                "任务名称": row["name"], "抽查事项": row["items"], "检查对象范围": scope_words(settings, row, today),
                "抽查比例": quota_words(row), "发起部门": names.get(row["initiator"], row["initiator"]),
                "参与部门": [names.get(p, p) for p in row.get("participants") or []],
                "抽查时限": f"{row['start_date']} 至 {row['end_date']}",
                "联查形式": row.get("form") or "", "检查方式": "、".join(row.get("methods") or []),
            }
            for row in rows if row not in hidden
        ],
    }  # fmt: skip
    if hidden:
        content["不予公开的任务"] = f"{len(hidden)} 项，依法不予公开"
    return content


def _used_codes(session: Session, plan: Plan) -> set[str]:
    """Codes of every version in force so far: a new row never takes over the campaigns of one that was dropped."""
    contents = session.scalars(
        sa.select(PlanVersion.content).where(
            PlanVersion.district_id == plan.district_id,
            PlanVersion.plan == plan.business_key,
            PlanVersion.effective_at.is_not(None),
        )
    )
    return {str(row.get("code")) for content in contents for row in content.get("tasks", [])}


def _next_code(taken: set[str]) -> str:
    number = 1
    while f"{number:02d}" in taken:
        number += 1
    return f"{number:02d}"


def _wrong_dates(row: Row, year: int) -> tuple[str, str] | None:
    if str(row["end_date"]) < str(row["start_date"]):
        return "end_date", "截止日期早于开始日期，请修改。"
    if str(row["start_date"])[:4] != str(year):
        return "start_date", f"任务应当在 {year} 年内开始，请修改。"
    return None


def _wrong_items(row: Row, items: Mapping[str, Item], names: Mapping[str, str]) -> tuple[str, str] | None:
    own = {row["initiator"], *row["participants"]}
    first, last = (date.fromisoformat(str(row[key])[:10]) for key in ("start_date", "end_date"))
    messages = []
    for code in row["items"]:
        item = items.get(code)
        if item is None:
            messages.append(f"事项 {code} 不在抽查事项清单中。")
        elif why := why_not_checkable(item, first, last):
            messages.append(f"事项 {code}{why}。")
        elif item.department not in own:
            messages.append(
                f"事项 {code} 所属的{names.get(item.department, item.department)}没有参与，请增加参与部门。"
            )
    covered = {items[code].department for code in row["items"] if code in items}
    if not messages and (idle := [names.get(d, d) for d in sorted(own - covered)]):
        messages.append(f"{'、'.join(idle)}没有抽查事项，请为其选择事项或取消参与。")
    return ("items", "".join(messages)) if messages else None


def _items(session: Session, district_id: str, rows: Sequence[Mapping[str, Any]]) -> dict[str, Item]:
    codes = sorted({code for row in rows for code in row["items"]})
    found = session.scalars(sa.select(Item).where(Item.district_id == district_id, Item.code.in_(codes)))
    return {item.code: item for item in found}
