"""Close a transfer, let the penalty's days count again, and say what becomes of the penalty."""

from __future__ import annotations

from engine.inspection import crime_transfers as crimes
from engine.inspection.follow_ups import open_follow_up
from engine.inspection.models import FollowUp
from engine.inspection.records import follow_up
from engine.inspection.services.close_follow_up import close_follow_up
from engine.service_tasks import ServiceContext, service_task


@service_task("finish-crime-transfer", title="移送办结")
def finish_crime_transfer(ctx: ServiceContext, outcome: str) -> dict[str, str]:
    """Outcome 立案 ends the organ's own case; every other lets it go on, and a closed one is opened anew.

    A case that waited for the court ends with the conviction, as filed.  The days for a written answer to the
    procuratorate's opinion begin when its letter came.  Returns ``outcome``.
    """
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    handling = (row.facts.get("materials") or {}).get("handling")
    told = crimes.FILED if outcome == crimes.CONVICTED and handling == crimes.WAITS else outcome
    given = row.facts.get("outcome") or {}
    opinion = str(given.get("opinion") or "")
    crimes.resume_penalties(ctx, row)
    if row.closed_at is None:
        penalty = crimes.ENDS if told == crimes.FILED else crimes.GOES_ON
        payload = {"result": outcome, "opinion": opinion, "penalty": penalty}
        close_follow_up(ctx, outcome=told, payload=payload)
        for other in crimes.penalties(ctx, row):  # a penalty beside the transfer, begun by the same finding
            if other.closed_at is None and other.number != row.origin:
                ctx.send_message(
                    f"{crimes.PROCESS}-closed", other.number, {"number": row.number, "outcome": told, **payload}
                )
    row.state = f"{told}，{outcome}" if told != outcome else outcome
    if outcome not in (crimes.FILED, crimes.CONVICTED):
        _take_up(ctx, row)
    if opinion:
        ctx.set_deadline(row.number, "prosecutor-opinion", started_at=crimes.noted(row, "outcome"))
    return {"outcome": outcome}


def _take_up(ctx: ServiceContext, row: FollowUp) -> None:
    """The case is the organ's again: an open penalty goes on by the message, otherwise one is opened (rules 10).

    It comes of the penalty that ended with the transfer, else of what the transfer came of: its number is read by
    people who need not know that there was a transfer.
    """
    earlier = crimes.penalties(ctx, row)
    if all(penalty.state == crimes.CLOSED_AS_TRANSFERRED for penalty in earlier):
        origin = max((penalty.number for penalty in earlier), key=len, default=row.origin)
        facts = str((row.facts.get("report") or {}).get("facts") or "")
        open_follow_up(
            ctx, crimes.PENALTY, origin, {"cause": f"{row.subject_name}涉嫌违法案", "facts": facts}
        )  # fmt: skip
