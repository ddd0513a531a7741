"""The steps of a proposal to list somebody: what each keeps with the follow-up, and the limits it starts."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import credit_listings, records
from engine.inspection.credit_letters import day
from engine.inspection.credit_listings import Ground
from engine.inspection.models import FollowUp
from engine.service_tasks import ServiceContext

#: Limits by list: the decision is due so long after the ground was established (查实).
LIMITS = {"abnormal": "abnormal-listing", "serious": "serious-listing"}


def of(ctx: ServiceContext) -> FollowUp:
    """The follow-up this process is about."""
    return records.follow_up(ctx.session, ctx.district_id, ctx.business_key)


def keep(row: FollowUp, key: str, values: Mapping[str, Any], state: str = "") -> None:
    """Keep what a step said under ``key``."""
    row.facts = {**row.facts, key: dict(values)}
    if state:
        row.state = state


def subject_kind(row: FollowUp) -> str:
    """企业, 个体工商户, …: decides which list and which grounds there are."""
    return str(row.subject.get("subject_kind") or "")


def chosen_ground(ctx: ServiceContext, row: FollowUp, code: str, on: date) -> Ground:
    """The ground of the form.  Raises :class:`InvalidInput` when it does not hold for this kind of subject."""
    kind = subject_kind(row)
    ground = credit_listings.ground_of(ctx.settings, code, kind, on)
    if ground is None:
        raise InvalidInput(
            "列入情形不对。",
            fields={"ground": [f"该情形不适用于{kind or '类型不明的当事人'}，请从列表中选择；没有列出的不得列入。"]},
        )
    return ground


def not_later(ctx: ServiceContext, values: Mapping[str, Any], *names: str) -> None:
    """Raises :class:`InvalidInput` for days of the form that have not come yet."""
    today = ctx.calendar.local_date(ctx.now)
    late = {name: ["日期不能晚于今天，请填写实际的日期。"] for name in names if day(values[name]) > today}
    if late:
        raise InvalidInput("日期有误。", fields=late)


def establish(ctx: ServiceContext, row: FollowUp, list_code: str, on: date) -> None:
    """The ground is established (查实): the limit of the decision runs from here."""
    row.facts = {**row.facts, "established_on": on.isoformat()}
    name = LIMITS[list_code]
    ctx.set_deadline(ctx.business_key, name, started_at=datetime.combine(on, time(), ctx.settings.timezone))
