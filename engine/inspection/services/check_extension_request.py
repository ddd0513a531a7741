"""Look at an application for an extension before it goes to whoever decides."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection.deadline_extensions import request_of
from engine.service_tasks import ServiceContext, service_task


@service_task("check-extension-request", title="核对延期申请")
def check_extension_request(ctx: ServiceContext) -> None:
    """The deadline must be open and not overdue, and the time asked for as the deadline table has it."""
    deadline, allowed = request_of(ctx.session, ctx.settings, ctx.data, ctx.now)
    wanted = (ctx.values or {}).get("rule")
    if allowed.rule is not None and wanted != allowed.rule:
        raise InvalidInput(
            "延长的时间由期限表规定。",
            fields={"rule": [f"期限表规定“{deadline.label}”延长 {allowed.rule}，请照此填写。"]},
        )
