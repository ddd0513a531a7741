"""教育: where the law is broken but not punished, the party is educated, and that is kept (PL33, R62)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.errors import InvalidInput
from engine.inspection import exemptions
from engine.inspection.follow_ups import root_of
from engine.inspection.rectification_models import EducationRecord
from engine.service_tasks import ServiceContext


def keep(ctx: ServiceContext, values: Mapping[str, Any], case: str = "") -> EducationRecord | None:
    """Keep what the form's education fields say, one record a case; None when nothing was filled in.

    Raises :class:`InvalidInput` for a day that lies ahead and for a row the list does not hold today.
    """
    today = ctx.calendar.local_date(ctx.now)
    code = str(values.get("exemption") or "")
    if code and code not in {row["code"] for row in exemptions.listed(ctx.settings, today)}:
        raise InvalidInput("免罚清单条目不对。", fields={"exemption": ["现行清单中没有这一条，请重新选择。"]})
    if not values.get("education_on"):
        return None
    day = date.fromisoformat(str(values["education_on"])[:10])
    if day > today:
        raise InvalidInput("教育日期不对。", fields={"education_on": ["教育日期晚于今天，请填写实际教育的日期。"]})
    key = case or ctx.business_key
    subject = root_of(ctx.session, ctx.district_id, key).subject
    row = of_case(ctx.session, ctx.district_id, key)
    if row is None:
        row = EducationRecord(id=new_id(), district_id=ctx.district_id, case=key)
        ctx.session.add(row)
    row.department, row.exemption = ctx.department, code
    row.uscc, row.subject_name = subject.get("uscc") or "", subject.get("name") or ""
    row.educated_on, row.way = day, str(values["education_way"])
    row.content, row.person = str(values["education_content"]), str(values["education_person"])
    row.signature = str(values.get("education_signature") or "")
    row.by_user, row.by_name, row.at = ctx.actor.user_id, ctx.actor.name, ctx.now
    ctx.session.flush()
    ctx.record(
        "party-educated",
        {"case": key, "on": day.isoformat(), "way": row.way, "person": row.person, "exemption": code,
         "signed": bool(row.signature)},
    )  # fmt: skip
    return row


def of_case(session: Session, district_id: str, case: str) -> EducationRecord | None:
    """The record of a case, or None."""
    return session.scalar(
        sa.select(EducationRecord).where(EducationRecord.district_id == district_id, EducationRecord.case == case)
    )
