"""Facts of changes of the registries: what the row says now, what is proposed, what changed in between."""

from __future__ import annotations

from typing import Any

from engine.inspection import tables
from engine.inspection.facts.campaigns import OBJECT_KINDS
from engine.inspection.facts.desk import Desk, Provider, rows, table
from engine.inspection.facts.options import departments, items
from engine.inspection.inspector_scope import handed_over
from engine.inspection.models import Inspector
from engine.inspection.registry_edit import request_of
from engine.inspection.registry_models import ChangeRequest
from engine.inspection.registry_proposals import (
    RESUME,
    Register,
    Row,
    form_values,
    moved_since,
    register_of,
    statuses,
    words,
)


def registry_facts(desk: Desk) -> dict[str, Any]:
    """The request and the comparison, beside every form of the process."""
    request, register, row = _about(desk)
    facts = [
        rows(
            "名录变更", ("编号", request.number), ("名录", register.title), ("种类", request.kind),
            ("对象", request.name),
            (register.label(register.key), request.key), ("提出部门", desk.organ(request.department)),
            ("变更理由", request.reason),
        )
    ]  # fmt: skip
    if request.proposed and not desk.task.form_key.startswith("change-"):
        facts.append(_comparison(desk, request, register, row))
    return {"facts": facts}


def _about(desk: Desk) -> tuple[ChangeRequest, Register, Row | None]:
    request = request_of(desk.session, desk.district_id, desk.task.business_key)
    register = register_of(request.register)
    row = register.find(desk.session, desk.district_id, request.key) if request.key else None
    return request, register, row


def _comparison(desk: Desk, request: ChangeRequest, register: Register, row: Row | None) -> dict[str, Any]:
    """Every proposed field, as it was when proposed and as it would be; what moved since is said."""
    moved = moved_since(register, row, request.before)
    body = []
    for field, new in request.proposed.items():
        old = _say(desk, field, request.before.get(field))
        if field in moved:
            old += f"（核对期间已变为：{_say(desk, field, moved[field][1])}）"
        body.append([register.label(field), old, _say(desk, field, new)])
    return table("变更内容", ["字段", "现在", "拟改为"], body)


def _say(desk: Desk, field: str, value: Any) -> str:
    if field in {"supervisor", "department"} and value:
        return desk.organ(str(value))
    return words(value)


def _returned(desk: Desk) -> list[dict[str, Any]]:
    """Why the proposal came back, the latest first."""
    found = []
    for element, label in (("second_check", "复核退回"), ("check", "核对退回")):
        decision = desk.data.get(element) or {}
        if decision.get("decision") == "退回":
            found.append(rows(label, ("退回理由", decision.get("return_reason"))))
    if said := (desk.data.get("row_changed") or {}).get("message"):
        found.append(rows("未能生效", ("原因", said)))
    return found


def _present(desk: Desk, register: Register, row: Row) -> dict[str, Any]:
    """Every field of the row that says something."""
    said = [(column.header, field, getattr(row, field)) for field, column in register.fields.items()]
    shown = [(header, _say(desk, field, value)) for header, field, value in said if value not in (None, "", [], {})]
    return rows("名录中现在的内容", *shown)


def _change(desk: Desk) -> dict[str, Any]:
    request, register, row = _about(desk)
    values = form_values(register, row)
    if isinstance(row, Inspector) and (gone := handed_over(desk.session, desk.district_id, [row])):
        # An item that passed to another department goes out of the person's scope unless the officer ticks it again.
        values["items"] = [code for code in row.items if code not in gone[row.code]]
    kinds = list(dict.fromkeys([*OBJECT_KINDS, *([values["kind"]] if values.get("kind") else [])]))
    facts = [] if row is None else [_present(desk, register, row)]
    if isinstance(row, Inspector) and len(values.get("items") or []) < len(row.items):
        said = "、".join(code for code in row.items if code not in values["items"])
        facts.append(
            rows("已移交其他部门的事项", ("不再列入", said), ("说明", "下面的“对应抽查事项”已去掉，核对后提交。"))
        )
    if request.proposed:
        facts.insert(0, _comparison(desk, request, register, row))
    earlier = desk.data.get(desk.task.element_id) or {}
    # Only what was proposed comes back into the form: the other fields show what others made of them meanwhile.
    own = {*request.proposed, register.key, "reason"}
    return {
        "facts": [*_returned(desk), *facts],
        "previous": {**values, **{f: v for f, v in earlier.items() if f in own}},
        "change_kind": request.kind,
        "departments": departments(desk),
        "regions": _regions(desk, row),
        "object_kinds": [{"value": kind, "label": kind} for kind in kinds],
        "statuses": statuses(desk.settings, register.code, request.kind == RESUME, desk.today),
        "items": _items(desk, row),
    }


def _regions(desk: Desk, row: Row | None) -> list[dict[str, str]]:
    """The district's sub-districts, and whatever the row says already."""
    offered = tables.options(desk.settings, "region", desk.today)
    known = {option["value"] for option in offered}
    has = getattr(row, "regions", None) or [getattr(row, "region", "")]
    return offered + [{"value": code, "label": code} for code in has if code and code not in known]


def _items(desk: Desk, row: Row | None) -> list[dict[str, str]]:
    if not hasattr(row, "items") and desk.task.form_key != "change-inspector":
        return []
    offered = items(desk)
    known = {option["value"] for option in offered}
    return offered + [{"value": c, "label": c} for c in getattr(row, "items", None) or [] if c not in known]


#: Providers by form key.
FORMS: dict[str, Provider] = {"change-object": _change, "change-inspector": _change}
