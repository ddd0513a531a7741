"""Taking a penalty off the public pages because it was annulled or changed: within three working days (PL48)."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from engine.inspection import corrections, records
from engine.inspection.corrections import CORRECT, WITHDRAW, Applying
from engine.inspection.penalty_publicity import ANNULLED


def withdraw_penalty_publication(
    ctx: Applying, penalty_number: str, reason: str, document: str, *, changed: bool = False,
    since: date | None = None,
) -> str | None:  # fmt: skip
    """Open the application that withdraws (``changed``: corrects) what is public of a penalty; returns its number.

    ``reason`` and ``document`` (number of the decision that annulled it) are told to who handles it; its three
    working days run from ``since`` (None: now).  An annulled penalty that is not public yet never becomes it:
    then, and when nothing is public any more, None.  Again is harmless: the application under way is returned.
    Raises :class:`NotFound` when there is no such penalty.
    """
    penalty = records.follow_up(ctx.session, ctx.district_id, penalty_number)
    today = ctx.now.astimezone(ctx.settings.timezone).date()
    if not changed and ANNULLED not in penalty.facts:
        noted: dict[str, Any] = {"reason": reason, "document": document, "on": (since or today).isoformat()}
        penalty.facts = {**penalty.facts, ANNULLED: noted}
    row = records.publication(ctx.session, ctx.district_id, "penalty", penalty_number)
    if row is None or row.state != "published":
        return None
    if known := corrections.under_way(ctx.session, row):
        return known
    started_at = datetime.combine(since, time(), ctx.settings.timezone) if since else ctx.now
    return corrections.open_application(
        ctx, row, CORRECT if changed else WITHDRAW, origin=penalty_number, started_at=started_at,
        cause="changed" if changed else "annulled", reason=f"{reason}（{document}）" if document else reason,
    )  # fmt: skip
