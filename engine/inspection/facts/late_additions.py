"""What officials see beside the forms of a late addition (补充名单)."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from engine.inspection.facts.desk import Desk, rows, table
from engine.inspection.models import InspectedObject


def addition_facts(desk: Desk) -> dict[str, Any]:
    """The draw, what is proposed, and after a return its reason."""
    proposed = desk.data.get("propose_additions") or {}
    facts = [
        rows(
            "补充名单", ("抽查任务", desk.campaign.name), ("原抽取编号", desk.data.get("parent_draw")),
            ("补充编号", desk.data.get("draw_id")), ("说明", proposed.get("note")),
        )
    ]  # fmt: skip
    listed = proposed.get("additions") or []
    if listed and desk.task.form_key != "late-addition":
        found = desk.session.execute(
            sa.select(InspectedObject.uscc, InspectedObject.name, InspectedObject.address).where(
                InspectedObject.district_id == desk.district_id,
                InspectedObject.uscc.in_([str(row["uscc"]) for row in listed]),
            )
        )
        names = {uscc: (name, address) for uscc, name, address in found}
        body = [[*names.get(row["uscc"], ("", "")), row["uscc"], row["reason"]] for row in listed]
        facts.append(table("补充的检查对象", ["检查对象", "地址", "统一社会信用代码", "没有列入的原因和依据"], body))
    for opinion in desk.data.get("organ_agreement") or []:
        if opinion.get("decision") == "退回" and desk.task.form_key == "late-addition":
            facts.append(rows(f"{desk.organ(str(opinion.get('item')))}退回", ("理由", opinion.get("return_reason"))))
    return {"facts": facts, "previous": proposed if desk.task.form_key == "late-addition" else {}}
