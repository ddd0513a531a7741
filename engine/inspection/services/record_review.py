"""Keep the review of a department's result."""

from __future__ import annotations

import sqlalchemy as sa

from engine.errors import InvalidInput
from engine.inspection.leads import conclude_merged_inspection
from engine.inspection.models import DepartmentInspection
from engine.inspection.records import department_inspection
from engine.inspection.visit_models import RecusalApplication
from engine.models import UserTask
from engine.service_tasks import ServiceContext, service_task

_RECORD, _CONCLUSION = "检查记录", "检查结论"


@service_task("record-review", title="登记结果审核")
def record_review(ctx: ServiceContext) -> None:
    """Agreed: the result may be told and published; returned: back to the record or the conclusion with the reason.

    Leads that joined the inspection go on with its conclusion (R45).  Nothing is agreed while the head has decided
    that the check must be done again after a recusal (PL43).
    Raises :class:`InvalidInput` also for a return to a step that was never taken.
    """
    values = dict(ctx.values or {})
    row = department_inspection(ctx.session, ctx.district_id, ctx.business_key)
    if values.get("decision") == "同意":
        if _to_be_repeated(ctx, row):
            raise _refusal("decision", "机关负责人已决定回避，此前的检查要由递补的人员重新进行，请退回检查记录。")
        row.reviewed_at, row.state = ctx.now, "待公示"
        conclude_merged_inspection(ctx, row)
        return
    if values.get("return_to") == _CONCLUSION and not row.conclusion:
        raise _refusal("return_to", "本次检查没有形成结论，请退回检查记录。")
    if values.get("return_to") == _RECORD and "site_check" not in row.record:
        raise _refusal("return_to", "本次没有进行现场检查，没有笔录可以补正，请退回检查结论。")
    row.state = "待结论" if values.get("return_to") == _CONCLUSION else "检查中"


def _to_be_repeated(ctx: ServiceContext, row: DepartmentInspection) -> bool:
    """Whether a recusal was decided with 重新检查 and no record was made since."""
    decided = ctx.session.scalar(
        sa.select(sa.func.max(RecusalApplication.decided_at)).where(
            RecusalApplication.district_id == ctx.district_id,
            RecusalApplication.department_inspection == row.number, RecusalApplication.prior_work == "重新检查",
        )
    )  # fmt: skip
    if decided is None:
        return False
    recorded = ctx.session.scalar(
        sa.select(sa.func.max(UserTask.closed_at)).where(
            UserTask.instance_id == ctx.instance_id, UserTask.element_id == "site_check",
            UserTask.state == "completed",
        )
    )  # fmt: skip
    return recorded is None or recorded <= decided


def _refusal(field: str, message: str) -> InvalidInput:
    return InvalidInput(message, fields={field: [message]})
