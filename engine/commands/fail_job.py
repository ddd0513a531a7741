"""A job nobody repeats by itself any more becomes an incident an administrator can retry."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import asdict, dataclass

from engine.commands.context import CommandContext
from engine.jobs import JobFailure
from engine.models import Incident

#: Namespace of incident ids derived from job ids, so that reporting one twice is one incident.
_NAMESPACE = uuid.UUID("0192f6c4-5a10-7c3e-9a64-2f1f6f3c7d11")

#: Writes down what the failure means for the case; returns (instance id, business key).
Meaning = Callable[[CommandContext, JobFailure], tuple[str | None, str]]


@dataclass(frozen=True)
class FailJob:
    """Open the incident of ``failure``; returns its id.  A second call changes nothing."""

    failure: JobFailure
    meaning: Meaning | None = None

    def run(self, ctx: CommandContext) -> str:
        failure = self.failure
        incident_id = str(uuid.uuid5(_NAMESPACE, f"{ctx.district_id}/{failure.job_id}"))
        if ctx.session.get(Incident, incident_id) is not None:
            return incident_id
        instance_id, business_key = self.meaning(ctx, failure) if self.meaning else (None, "")
        ctx.session.add(
            Incident(
                id=incident_id, district_id=ctx.district_id, instance_id=instance_id, business_key=business_key,
                kind="job", message=failure.message, detail=asdict(failure), attempts=failure.round, created_at=ctx.now,
            )
        )  # fmt: skip
        ctx.session.flush()
        ctx.record(
            instance_id, "incident-opened",
            {"incident": incident_id, "kind": "job", "message": failure.message, "job": failure.job_id},
        )  # fmt: skip
        return incident_id
