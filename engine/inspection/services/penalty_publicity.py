"""Judge whether a penalty is public, and for how long (公示期)."""

from __future__ import annotations

from typing import Any

from engine.inspection import penalty_publicity as publicity
from engine.inspection import records
from engine.service_tasks import ServiceContext, service_task


@service_task("penalty-publicity", title="判定处罚信息公示期")
def penalty_publicity(ctx: ServiceContext) -> dict[str, Any]:
    """By the tables of the day of decision.

    Returns ``publish``, ``severity``, ``shortest`` and ``longest`` (months) and ``basis``.
    """
    period = publicity.period_of(ctx.settings, records.follow_up(ctx.session, ctx.district_id, ctx.business_key))
    return {
        "publish": period.published, "severity": period.severity, "shortest": period.shortest,
        "longest": period.longest, "basis": period.legal_basis,
    }  # fmt: skip
