"""Fill the place of an inspector who cannot go, by the draw's rule."""

from __future__ import annotations

from typing import Any

from engine.inspection import substitutions
from engine.service_tasks import ServiceContext, service_task


@service_task("fill-substitution", title="按规则更换检查人员")
def fill_substitution(ctx: ServiceContext) -> dict[str, Any]:
    """The next candidate of that slot takes every visit the request means; each change joins the draw's record.

    Raises :class:`ServiceTaskFailed` when nobody of the department is left or no visit is open any more.
    """
    row = substitutions.substitution(ctx.session, ctx.district_id, ctx.business_key)
    row.successors = substitutions.fill(ctx, row)
    return {"count": len(row.successors)}
