"""Is an entry of a visit outside the draw in order?  One set of rules for the form and for files."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.errors import InvalidInput
from engine.inspection import records, tables
from engine.inspection import uscc as credit_codes
from engine.inspection.item_validity import not_checkable
from engine.inspection.models import InspectedObject
from engine.inspection.opening import OFFICE, OFFICER
from engine.inspection.registry_import.report import HINT, REJECTED, RowProblem
from engine.inspection.registry_import.rows import department_key
from engine.settings import Settings

#: Who may enter visits: officers their own department's, the conference office every organ's.
ENTERING = (OFFICER, OFFICE)

LABELS = {
    "uscc": "统一社会信用代码", "object_name": "检查对象名称", "organ": "检查机关", "kind": "检查类型",
    "visited_on": "检查日期", "items": "检查事项编码", "order_document": "部署文号", "approved_by": "批准人",
    "approved_on": "批准日期", "urgent_reason": "事后批准理由",
}  # fmt: skip


@dataclass
class Judge:
    """Judges one entry after the other; ``found`` holds what is wrong with the last one."""

    session: Session
    settings: Settings
    district_id: str
    actor: Actor
    today: date
    found: list[RowProblem] = field(default_factory=list)

    def complete(self, record: Mapping[str, Any], line: int = 0) -> dict[str, Any] | None:
        """The entry ready for the table, or None when it cannot be taken; ``found`` says everything about it."""
        self.found = []
        entry = dict(record)
        self._organ(entry, line)
        self._object(entry, line)
        self._kind(entry, line)
        self._items(entry, line)
        self._approval(entry, line)
        return None if any(problem.level == REJECTED for problem in self.found) else entry

    def refused(self) -> InvalidInput:
        """The last entry's faults as a form shows them."""
        faults: dict[str, list[str]] = {}
        names = {label: name for name, label in LABELS.items()}
        for problem in self.found:
            if problem.level == REJECTED:
                name = names.get(problem.field, problem.field)
                said = f"“{problem.field}”{problem.message}，{problem.remedy}"
                faults.setdefault("department" if name == "organ" else name, []).append(said)
        return InvalidInput(f"有 {len(faults)} 项需要改正。", fields=faults)

    def _say(self, line: int, level: str, name: str, value: Any, message: str, remedy: str) -> None:
        self.found.append(RowProblem(line, level, LABELS[name], str(value or ""), message, remedy))

    @cached_property
    def _departments(self) -> dict[str, str]:
        return records.department_names(self.session, self.district_id)

    @cached_property
    def _by_name(self) -> dict[str, str]:
        return {department_key(text): code for code, name in self._departments.items() for text in (code, name)}

    @cached_property
    def _kinds(self) -> list[str]:
        return [str(row["code"]) for row in tables.rows(self.settings, "outside-visit-kind", self.today)]

    def _organ(self, entry: dict[str, Any], line: int) -> None:
        typed = entry["organ"]
        code = self._by_name.get(department_key(typed), "")
        entry["department"], entry["organ"] = code, self._departments.get(code, typed)
        if self.actor.has_role(OFFICE):
            if not code:
                remedy = "已按所填名称登记；属于本系统部门的请改用部门全称。"
                self._say(line, HINT, "organ", typed, "不是本系统的部门", remedy)
        elif not code or not self.actor.has_role(OFFICER, code):
            remedy = "其他部门的检查由该部门或者联席会议办公室登记。"
            self._say(line, REJECTED, "organ", typed, "不是您可以登记的部门", remedy)

    def _object(self, entry: dict[str, Any], line: int) -> None:
        code = entry["uscc"] = credit_codes.normalise(entry["uscc"])
        try:
            doubts = credit_codes.doubts(code)
        except ValueError:
            self._say(line, REJECTED, "uscc", code, "不是18位字母或数字", "请按营业执照填写18位统一社会信用代码。")
            return
        known = self.session.scalar(
            sa.select(InspectedObject.name).where(
                InspectedObject.district_id == self.district_id, InspectedObject.uscc == code
            )
        )
        entry["object_name"] = entry.get("object_name") or known or ""
        if known is None:
            if not entry["object_name"]:
                self._say(line, REJECTED, "object_name", "", "为空，名录库中也没有这户", "请填写名称，或核对信用代码。")
            level = "名录库中没有这户" + (f"，且{'、'.join(doubts)}" if doubts else "")
            self._say(line, HINT, "uscc", code, level, "请核对信用代码；不在名录库的不影响抽取。")

    def _kind(self, entry: dict[str, Any], line: int) -> None:
        typed = entry["kind"]
        entry["kind"] = next((kind for kind in self._kinds if typed in (kind, kind.removesuffix("检查"))), "")
        if not entry["kind"]:
            self._say(line, REJECTED, "kind", typed, "不是检查类型", f"请填写：{'、'.join(self._kinds)}。")
        if entry["visited_on"] > self.today:
            self._say(line, REJECTED, "visited_on", entry["visited_on"], "晚于今天", "请核对日期，检查之后再登记。")
        if entry.get("ordered_from_above") and not entry.get("order_document"):
            remedy = "上级部署的不计入年度频次，须写明部署文件的文号。"
            self._say(line, REJECTED, "order_document", "", "没有填写", remedy)

    def _items(self, entry: dict[str, Any], line: int) -> None:
        codes = entry["items"] = list(entry.get("items") or [])
        day = entry["visited_on"]
        for code, reason in not_checkable(self.session, self.district_id, codes, day, day).items() if codes else ():
            unknown = reason.startswith("不在")
            remedy = "请核对事项编码。" if unknown else "只有已公布、当日有效的事项可以检查，请核对。"
            self._say(line, REJECTED if unknown else HINT, "items", code, reason, remedy)

    def _approval(self, entry: dict[str, Any], line: int) -> None:
        """Approved beforehand by the organ's head, urgent ones afterwards with the reason (国办发〔2024〕54号)."""
        day, approved = entry["visited_on"], entry.get("approved_on")
        if approved is None or not entry.get("approved_by"):
            self._say(
                line, HINT, "approved_by", "", "没有批准人或批准日期", "检查应当事先经行政机关负责人批准，请补登。"
            )
        elif approved > self.today:
            self._say(line, REJECTED, "approved_on", approved, "晚于今天", "请核对批准日期。")
        elif approved > day and not entry.get("urgent_reason"):
            remedy = "紧急情况先检查、后补办批准的，请写明理由。"
            self._say(line, REJECTED, "urgent_reason", "", "批准晚于检查，没有写明理由", remedy)
