"""Issue the determination (尽职免责认定书)."""

from __future__ import annotations

from typing import Any

from engine.inspection import duty_reviews
from engine.inspection.numbers import next_number
from engine.service_tasks import ServiceContext, service_task


@service_task("issue-duty-review", title="出具尽职免责认定")
def issue_duty_review(ctx: ServiceContext) -> dict[str, Any]:
    """The outcome stands from now on, a commendation too (R54); returns ``document_number`` and ``outcome``."""
    row = duty_reviews.duty_review(ctx.session, ctx.district_id, ctx.business_key)
    year = ctx.calendar.local_date(ctx.now).year
    serial = next_number(ctx.session, ctx.district_id, f"duty-determination/{year}")
    row.document_number = f"尽职认定〔{year}〕{serial}号"
    row.outcome, row.state, row.issued_at = str(row.finding["outcome"]), duty_reviews.ISSUED, ctx.now
    ctx.record("duty-determined", {"number": row.number, "outcome": row.outcome})
    return {"document_number": row.document_number, "outcome": row.outcome}
