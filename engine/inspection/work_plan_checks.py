"""What a work plan must agree with as a whole: the form of the joint inspection and the way each item is checked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from engine.inspection import checklists, item_fields, tables
from engine.inspection.models import Item
from engine.settings import Settings

Faults = dict[str, list[str]]


def check_form(settings: Settings, values: Mapping[str, Any], today: date, faults: Faults) -> None:
    """What the chosen form (R34) asks for, as ``processes/tables/inspection-form.json`` says.

    Risk-classified inspections draw by the ratio table; special campaigns state what is to be put right and why.
    """
    chosen = str(values.get("form"))
    row = next((r for r in tables.rows(settings, "inspection-form", today) if r["code"] == chosen), None)
    if row is None:
        faults["form"] = [f"联查形式“{chosen}”今天不在使用，请重新选择。"]
        return
    allowed = row.get("quotas") or []
    if allowed and values.get("quota") not in allowed:
        words = {"按风险等级": "按比例表"}
        faults["quota"] = [f"{chosen}的抽取比例应选“{'、'.join(words.get(q, q) for q in allowed)}”，或者更换联查形式。"]
    if row.get("ground") and not values.get("ground"):
        faults["ground"] = [f"{chosen}须写明整治的普遍性问题。"]
    if row.get("ground") and not values.get("ground_document"):
        faults["ground_document"] = [f"{chosen}须写明依据的文件或者分析报告。"]


def check_methods(values: Mapping[str, Any], items: Sequence[Item], faults: Faults) -> None:
    """How each item is checked (R35): within the plan's methods and those its own list entry states (R23)."""
    methods = list(values.get("methods") or [])
    rows = values.get("item_methods") or []
    seen: set[str] = set()
    for n, row in enumerate(rows):
        if row["item"] not in values["items"]:
            faults[f"item_methods[{n}].item"] = ["该事项不在上面选定的抽查事项中，请更换或者删除这一行。"]
        elif row["item"] in seen:
            faults[f"item_methods[{n}].item"] = ["该事项已经指定过检查方式，请删除重复的一行。"]
        if row["method"] not in methods:
            faults[f"item_methods[{n}].method"] = [f"“检查方式”中没有选择“{row['method']}”，请增选或者更换。"]
        seen.add(row["item"])
    if any(key.startswith("item_methods") for key in faults):
        return
    chosen = checklists.methods_of(values, values["items"])
    messages = []
    if unused := [m for m in methods if m not in chosen.values()]:
        messages.append(f"没有一个事项使用“{'、'.join(unused)}”，请在“各事项的检查方式”中指定，或者取消该方式。")
    if len(methods) > 1 and checklists.ON_SITE not in methods:
        rest = [code for code in values["items"] if code not in seen]
        if rest:
            messages.append(f"请为事项 {'、'.join(rest)} 指定检查方式。")
    for item in items:
        listed = item_fields.methods(item.method)
        if item.code in chosen and listed and chosen[item.code] not in listed:
            messages.append(
                f"事项清单规定 {item.code} 的检查方式为{'、'.join(listed)}，不能采用{chosen[item.code]}；请更换方式，"
                "或者先调整事项清单。"
            )
    if messages:
        faults["methods"] = messages
    due = values.get("written_due_on")
    if due and not values["start_date"] <= due <= values["end_date"]:
        faults["written_due_on"] = ["材料提交截止日期应在检查开始日期和截止日期之间，请修改。"]
