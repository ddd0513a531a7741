"""Keep one of the two letters to a registered address."""

from __future__ import annotations

from typing import Any

from engine.inspection import credit_case, credit_letters
from engine.inspection.credit_letters import AGAIN, CONTACTED, FIRST, day
from engine.service_tasks import ServiceContext, service_task


@service_task("record-contact-letter", title="登记专用信函")
def record_contact_letter(ctx: ServiceContext) -> None:
    """The second letter is refused outside the days the table allows; unanswered, it establishes the ground.

    When the last of these days passed without it, both are sent anew and the first one stays on record.
    """
    values, row = dict(ctx.values or {}), credit_case.of(ctx)
    letters: dict[str, Any] = dict(row.facts.get("letters") or {})
    first = letters.get(FIRST) if ctx.element_id != FIRST else None
    today = ctx.calendar.local_date(ctx.now)
    if first is not None and values["result"] == AGAIN:
        credit_letters.check_missed(ctx.settings, first, today)
        lost = [*(row.facts.get("letters_before") or []), {**first, "missed": values["reason"]}]
        row.facts = {**row.facts, "letters": {}, "letters_before": lost}
        return
    credit_letters.check(ctx.settings, values, first, today)
    credit_case.keep(row, "letters", {**letters, ctx.element_id: values})
    if first is not None and values["result"] != CONTACTED:
        proposal = row.facts["proposal"]
        credit_case.establish(ctx, row, proposal["list"], day(values["result_on"]))
