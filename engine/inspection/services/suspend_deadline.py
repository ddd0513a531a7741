"""Let a statutory deadline stand still."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.service_tasks import ServiceContext, service_task


@service_task("suspend-deadline", title="中止期限")
def suspend_deadline(
    ctx: ServiceContext, name: str, ground: str, reason: str, business_key: str | None = None, since: str | None = None
) -> None:
    """The time from ``since`` (else now) until it is resumed does not count.

    ``ground`` is a code that the deadline table allows for the deadline ``name``, e.g. hearing.
    """
    began = parse_instant(since, ctx.settings.timezone) if since else None
    ctx.suspend_deadline(business_key or ctx.business_key, name, reason, ground=ground, since=began)
