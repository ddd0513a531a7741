"""What the steps of a lead have in common: facts kept by step, days that make sense, what was told to whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from sqlalchemy.orm import object_session

from engine.errors import InvalidInput
from engine.inspection.lead_models import CaseLead
from engine.inspection.lead_reporters import refuse_reporter
from engine.service_tasks import ServiceContext

#: Said where an identity number stands in the place of a social credit code.
PERSONAL_NUMBER = "像是身份证号码，不是统一社会信用代码；个人请留空。"


def keep(row: CaseLead, step: str, values: Mapping[str, Any]) -> None:
    """Keep what a step submitted with the lead.  Raises :class:`InvalidInput` when it says who reported it."""
    session = object_session(row)
    assert session is not None
    refuse_reporter(session, row, values)
    row.facts = {**row.facts, step: dict(values)}


def answer_sender(ctx: ServiceContext, row: CaseLead, decision: str, reason: str = "") -> None:
    """Tell the organ that handed the lead over whether it stays here (接收) or comes back (退回): once, and finally."""
    if row.handed_from:
        on = ctx.calendar.local_date(ctx.now).isoformat()
        payload = {"decision": decision, "lead": row.number, "on": on, "reason": reason}
        ctx.send_message("lead-received", row.handed_from, payload)


def day_of(values: Mapping[str, Any], key: str) -> date | None:
    """The day of a date or a moment a form gave, or None."""
    return date.fromisoformat(str(values[key])[:10]) if values.get(key) else None


def check_told(ctx: ServiceContext, values: Mapping[str, Any], earliest: date, key: str = "told_on") -> None:
    """Raises :class:`InvalidInput` when somebody was told before there was anything to tell, or after today."""
    told = day_of(values, key)
    if told is None:
        return
    if told > ctx.calendar.local_date(ctx.now):
        raise InvalidInput("日期有误。", fields={key: ["日期晚于今天，请在办理之后登记。"]})
    if told < earliest:
        said = f"日期早于{earliest.isoformat()}，那时还没有可以告知的内容，请核对。"
        raise InvalidInput("日期有误。", fields={key: [said]})
