"""Facts of a hand-over of permits (审管信息移交)."""

from __future__ import annotations

from typing import Any

from engine.forms.components import MAX_PICKED
from engine.inspection import permit_handovers as handovers
from engine.inspection.facts.desk import Desk, local, rows, table
from engine.inspection.facts.options import departments
from engine.inspection.registry_models import PermitHandover

#: Permits shown beside a form; the page of the hand-over has them all.
SHOWN = 100


def handover_facts(desk: Desk) -> dict[str, Any]:
    """Who hands over to whom, and the permits the step is about."""
    if desk.task.element_id == "enter_permits":
        return {"departments": [d for d in departments(desk) if d["value"] != desk.task.department]}
    state = handovers.RETURNED if desk.task.element_id == "correct" else handovers.WAITING
    permits = handovers.permits_of(desk.session, desk.district_id, desk.task.business_key, state)
    if not permits:
        return {}
    first = permits[0]
    approver = desk.organ(first.approver)
    facts = [
        rows(
            "审管信息移交", ("编号", desk.task.business_key), ("移交部门", approver),
            ("接收部门", desk.organ(first.supervisor)), ("移交时间", local(desk, first.handed_at)),
            ("许可", f"{len(permits)} 项"), ("退回理由" if state == handovers.RETURNED else "说明", first.remark),
        )
    ]  # fmt: skip
    head = ["检查对象", "许可", "编号", "发证日期", "有效期至", "发证机关"]
    body = [[_firm(p), *_permit(p)] for p in permits[:SHOWN]]
    more = "" if len(permits) <= SHOWN else f"（前 {SHOWN} 项，全部见“审管移交”页）"
    facts.append(table(f"移交的许可{more}", head, body))
    return {
        "facts": facts,
        "departments": [d for d in departments(desk) if d["value"] not in (first.approver, first.supervisor)],
        "permits": [
            {"value": p.number, "label": f"{p.permit['object']} {p.permit['name']} {p.permit['number']}"}
            for p in permits[:MAX_PICKED]
        ],
    }  # fmt: skip


def _firm(row: PermitHandover) -> str:
    return f"{row.permit['object']} {row.uscc}"


def _permit(row: PermitHandover) -> list[str]:
    facts = row.permit
    return [facts["name"], facts["number"], facts["issued"], facts["expires"] or "长期", facts["issuer"]]
