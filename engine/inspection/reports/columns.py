"""The columns of the file, from the data table: which field of which step each fills."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from engine.inspection import tables
from engine.settings import Settings

#: What the template is prefilled with; the first names the inspection.
NUMBER, OBJECT, USCC, ITEM, ITEM_NAME = "检查编号", "检查对象", "统一社会信用代码", "事项编码", "抽查事项"
PREFILLED = (NUMBER, OBJECT, USCC, ITEM, ITEM_NAME)
#: Steps a file can fill, in their order.
ELEMENTS = ("prepare_visit", "arrive", "site_check", "conclude")
_YES, _NO = (
    frozenset({"是", "√", "Y", "y", "1", "true", "TRUE"}),
    frozenset({"否", "×", "N", "n", "0", "false", "FALSE"}),
)


class Unreadable(ValueError):
    """A cell that is not what its column holds; the message says it in Chinese."""


@dataclass(frozen=True)
class Column:
    """One column; ``listed`` is the form's list it belongs to, a row an item."""

    name: str
    element: str
    key: str
    note: str
    listed: str
    required: bool
    flag: bool
    time: bool
    constant: str | None
    default: str
    labels: Mapping[str, str]  # name → code

    def read(self, text: str, zone: ZoneInfo) -> Any:
        """The field's value; None for a blank.  Raises :class:`Unreadable`."""
        text = (self.constant if self.constant is not None else text.strip()) or self.default
        if not text:
            if self.required:
                raise Unreadable(f"“{self.name}”没有填写。")
            return None
        if self.flag:
            if text not in _YES | _NO:
                raise Unreadable(f"“{self.name}”请填是或者否。")
            return text in _YES
        if self.time:
            return _moment(self.name, text, zone)
        if self.labels and text not in self.labels.values():
            if text not in self.labels:
                raise Unreadable(f"“{self.name}”里的“{text}”不在代码表里，请填写：{'、'.join(self.labels)}。")
            return self.labels[text]
        return text


def _moment(name: str, text: str, zone: ZoneInfo) -> str:
    try:
        found = datetime.fromisoformat(text.replace("/", "-").replace("：", ":"))
    except ValueError:
        raise Unreadable(f"“{name}”请写成 2026-03-02 09:30 的样子。") from None
    return found.replace(tzinfo=found.tzinfo or zone).isoformat()


def columns(settings: Settings, on: date) -> list[Column]:
    """Every column, those filled by the system too, in the table's order."""
    return [
        Column(
            row["name"], row["element"], row["key"], row.get("note", ""), row.get("list", ""),
            bool(row.get("required")), bool(row.get("flag")), bool(row.get("time")), row.get("constant"),
            row.get("default", ""),
            {str(r["name"]): str(r["code"]) for r in tables.rows(settings, row["table"], on)} if "table" in row else {},
        )
        for row in tables.rows(settings, "report-column", on)
    ]  # fmt: skip


def heads(found: Sequence[Column]) -> list[str]:
    """The head of the file."""
    return [*PREFILLED, *(c.name for c in found if c.constant is None)]
