"""Keep the head's decision on the chair's recusal."""

from __future__ import annotations

from typing import Any

from engine.inspection import hearing_acts
from engine.service_tasks import ServiceContext, service_task


@service_task("decide-hearing-recusal", title="登记主持人回避决定")
def decide_hearing_recusal(ctx: ServiceContext) -> dict[str, Any]:
    """Returns ``next``: appoint or again."""
    return hearing_acts.decide_recusal(ctx)
