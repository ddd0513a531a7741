"""通过登记的住所无法联系: two letters, the second within the days the table allows after the first."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from engine.errors import InvalidInput, ServiceTaskFailed
from engine.inspection import tables
from engine.settings import Settings

CONTACTED, AGAIN = "已经联系上", "重新邮寄"
#: Steps of the diagram at which the letters are sent.
FIRST, SECOND = "first_letter", "second_letter"


@dataclass(frozen=True)
class Interval:
    """The days on which the second letter may be sent, both included."""

    first: date
    last: date
    legal_basis: str

    @property
    def words(self) -> str:
        return f"{self.first} 至 {self.last}"


def second_letter(settings: Settings, first_sent_on: date) -> Interval:
    """When the second letter may be sent.  Raises :class:`ServiceTaskFailed` without a row of the table."""
    row = next(iter(tables.rows(settings, "contact-letter", first_sent_on)), None)
    if row is None:
        raise ServiceTaskFailed(f"表 contact-letter 没有 {first_sent_on} 有效的行，请系统管理员补充。")
    return Interval(
        first_sent_on + timedelta(days=int(row["shortest_days"])),
        first_sent_on + timedelta(days=int(row["longest_days"])),
        row["legal_basis"],
    )


def check(settings: Settings, values: Mapping[str, Any], first: Mapping[str, Any] | None, today: date) -> None:
    """Raises :class:`InvalidInput` for days that cannot be, and for a second letter too early or too late."""
    sent_on, result_on = day(values["sent_on"]), day(values["result_on"])
    faults: dict[str, list[str]] = {}
    if sent_on > today:
        faults["sent_on"] = ["寄出日期不能晚于今天，请填写实际寄出的日期。"]
    if result_on > today or result_on < sent_on:
        faults["result_on"] = [f"结果日期应在寄出日期（{sent_on}）以后、今天以前。"]
    if first is not None:
        allowed = second_letter(settings, day(first["sent_on"]))
        if not allowed.first <= sent_on <= allowed.last:
            when = "太早" if sent_on < allowed.first else "太晚"
            remedy = "" if sent_on < allowed.first else "；没有在这几天寄出的，结果请选“从第一次信函重新邮寄”"
            faults["sent_on"] = [
                f"第二次邮寄{when}：第一次于 {first['sent_on']} 寄出，第二次应在 {allowed.words} 寄出{remedy}。"
            ]
    if faults:
        raise InvalidInput("信函的日期有误。", fields=faults)


def check_missed(settings: Settings, first: Mapping[str, Any], today: date) -> None:
    """Raises :class:`InvalidInput` while the second letter may still be sent."""
    allowed = second_letter(settings, day(first["sent_on"]))
    if today <= allowed.last:
        fault = f"第二次信函在 {allowed.words} 还可以寄出，请寄出以后登记结果；过了最后一天才能重新邮寄。"
        raise InvalidInput("还不能重新邮寄。", fields={"result": [fault]})


def day(value: Any) -> date:
    """A day of a form."""
    return date.fromisoformat(str(value)[:10])
