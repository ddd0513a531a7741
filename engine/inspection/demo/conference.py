"""The demo district's conference: every post held by somebody fictitious, named after the post."""

from __future__ import annotations

from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.db import new_id
from engine.inspection.conference_models import ConferenceTenure
from engine.inspection.conference_posts import posts
from engine.settings import Settings

_FIRST_DAY = date(2025, 1, 1)


def load_conference(session: Session, settings: Settings, now: datetime) -> None:
    """Fill the posts that nobody ever held; a second call changes nothing."""
    known = set(
        session.scalars(sa.select(ConferenceTenure.post).where(ConferenceTenure.district_id == settings.district_id))
    )
    for post in posts(settings, now.astimezone(settings.timezone).date()):
        if post.code not in known:
            session.add(
                ConferenceTenure(
                    id=new_id(), district_id=settings.district_id, post=post.code,
                    holder=f"演示·{post.name}（虚构）"[:64], first_day=_FIRST_DAY,
                    notice_number="演示〔2025〕1号", noticed_on=_FIRST_DAY,
                    note="演示数据，人员为虚构", entered_by_name="演示数据", entered_at=now,
                )
            )  # fmt: skip
