"""Accept an objection or refuse it; more time when other departments must verify."""

from __future__ import annotations

from engine.errors import InvalidInput
from engine.inspection import objections, records
from engine.inspection.follow_ups import running_deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("accept-objection", title="登记异议受理")
def accept_objection(ctx: ServiceContext) -> None:
    """Asking others takes the extension of the deadline table: once, and only before the limit is over."""
    values = dict(ctx.values or {})
    row, _ = objections.of_task(ctx)
    asked = values.get("assistants") or []
    if row.department in asked:
        message = "不用列出本部门，本部门在下一步核实。"
        raise InvalidInput("协助核实的部门不对。", fields={"assistants": [message]})
    running = running_deadline(ctx.session, ctx.district_id, ctx.business_key, objections.DEADLINE)
    if asked and running is not None and not running.extensions:
        if running.due_at is not None and running.due_at < ctx.now:
            message = "答复期限已经届满，不能再延长；请选“否”，由本部门核实并说明逾期原因。"
            raise InvalidInput("不能延长。", fields={"needs_others": [message]})
        names = records.department_names(ctx.session, ctx.district_id)
        reason = f"需要{'、'.join(names.get(code, code) for code in asked)}协助核实"
        ctx.extend_deadline(ctx.business_key, objections.DEADLINE, reason, approved_by=ctx.actor.name)
    row.state, row.facts = ("核实中" if values["decision"] == "受理" else "待答复"), {**row.facts, "acceptance": values}
