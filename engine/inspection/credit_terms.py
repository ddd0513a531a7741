"""列入期满: entries whose years are over leave their list without anyone's hand (daily job)."""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.inspection.credit_listings import LISTED, TERM_OVER
from engine.inspection.credit_models import CreditListing
from engine.models import Message

#: Entries one command looks at; the job goes on with the next ones.
CHUNK = 100


@dataclass(frozen=True)
class EndTerms:
    """Tell the cases of entries whose last day has passed, from the number ``after`` on.

    Returns the last number looked at, None when there are no more.  Again is harmless: a case that was told and
    is still busy with something else is not told twice.
    """

    after: str = ""

    def run(self, ctx: CommandContext) -> str | None:
        today = ctx.calendar.local_date(ctx.now)
        row = CreditListing
        waiting = sa.exists().where(
            Message.district_id == row.district_id, Message.business_key == row.number, Message.name == TERM_OVER,
            Message.delivered_at.is_(None),
        )  # fmt: skip
        found = ctx.session.execute(
            sa.select(row.number, row.until)
            .where(
                row.district_id == ctx.district_id, row.state == LISTED, row.until < today, row.number > self.after,
                ~waiting,
            )
            .order_by(row.number)
            .limit(CHUNK)
        ).all()  # fmt: skip
        for number, until in found:
            ctx.send_message(TERM_OVER, number, {"until": until.isoformat()})
        return found[-1].number if len(found) == CHUNK else None
