"""Bring a disagreement between organs before the joint conference."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from engine.inspection import conference
from engine.models import ProcessInstance
from engine.service_tasks import ServiceContext, service_task


@service_task("raise-hard-case", title="疑难案件提交联席会议")
def raise_hard_case(
    ctx: ServiceContext, question: str, title: str = "", units: Sequence[str] | None = None
) -> dict[str, Any]:
    """The conference advises; the organ's finding stands and nothing waits (R49–R52).  Returns ``matter``.

    ``units`` are the departments to be asked; without them the office chooses.
    """
    name = title or ctx.session.get_one(ProcessInstance, ctx.instance_id).title
    number = conference.raise_hard_case(
        ctx, origin=ctx.business_key, title=f"疑难案件：{name}", question=question, units=units or ()
    )
    return {"matter": number}
