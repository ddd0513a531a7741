"""What an official sees beside a form, and what the form offers: facts, options and defaults.

``context_provider`` makes the guest's answer to the kernel's ``form_context`` hook.  Keys are those
the forms name in ``valuesKey`` and ``defaultValueKey``; ``facts`` is a list of blocks, each with
``title`` and either ``rows`` ([label, value] pairs) or ``table`` (``head`` and ``rows``).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from engine.inspection.facts import (
    campaigns,
    case_steps,
    conference,
    credit,
    crimes,
    deadlines,
    dispatching,
    duty,
    enforcement,
    field,
    finding_corrections,
    finding_notices,
    follow_ups,
    handovers,
    hearing,
    held,
    item_adjustments,
    late_additions,
    leads,
    objections,
    penalties,
    plans,
    rectifications,
    registry,
    release,
    samples,
    service,
    special,
    summary,
    visits,
)
from engine.inspection.facts.desk import Desk, Provider
from engine.inspection.facts.summary import campaign_statistics
from engine.inspection.follow_ups import kinds
from engine.models import UserTask
from engine.settings import Settings

__all__ = ["campaign_statistics", "context_provider"]

_FORMS: dict[str, Provider] = {
    **campaigns.FORMS, **dispatching.FORMS, **summary.FORMS, **visits.FORMS, **field.FORMS, **release.FORMS,
    **penalties.FORMS, **rectifications.FORMS, **finding_notices.FORMS, **objections.FORMS, **registry.FORMS,
    **case_steps.FORMS, **item_adjustments.FORMS, **leads.FORMS, **plans.FORMS, **samples.FORMS,
    **finding_corrections.FORMS,
}  # fmt: skip
_PROCESSES: dict[str, Provider] = {
    "joint-inspection": campaigns.campaign_facts,
    "late-addition": late_additions.addition_facts,
    "inspector-substitution": dispatching.substitution_facts,
    "inspection": visits.inspection_facts,
    "department-inspection": visits.part_facts,
    "registry-change": registry.registry_facts,
    "permit-handover": handovers.handover_facts,
    "item-adjustment": item_adjustments.adjustment_facts,
    "special-inspection": special.special_facts,
    "conference-matter": conference.matter_facts,
    "duty-review": duty.review_facts,
    "rectification": rectifications.rectification_facts,
    "finding-notice": finding_notices.notice_facts,
    "objection": objections.objection_facts,
    "document-service": service.service_facts,
    "hearing": hearing.hearing_facts,
    **credit.PROCESSES,
    **deadlines.PROCESSES,
    **enforcement.PROCESSES,
    **crimes.PROCESSES,
    **held.PROCESSES,
    **leads.PROCESSES,
    **penalties.PROCESSES,
    **plans.PROCESSES,
    **finding_corrections.PROCESSES,
    **release.PROCESSES,
    **samples.PROCESSES,
}


def context_provider(settings: Settings) -> Callable[[Session, UserTask, Mapping[str, Any], datetime], dict[str, Any]]:
    """The kernel's ``form_context`` hook for these settings."""

    def form_context(session: Session, task: UserTask, data: Mapping[str, Any], now: datetime) -> dict[str, Any]:
        desk = Desk(session, settings, task, data, now)
        context: dict[str, Any] = {"facts": [], "department": task.department, **deadlines.due_days(desk)}
        by_process = _PROCESSES.get(task.process_key)
        if by_process is None and task.process_key in kinds(settings, desk.today):
            by_process = follow_ups.follow_up_facts
        for provider in (by_process, _FORMS.get(task.form_key)):
            if provider is not None:
                found = provider(desk)
                context["facts"] += found.pop("facts", [])
                context.update(found)
        return context

    return form_context
