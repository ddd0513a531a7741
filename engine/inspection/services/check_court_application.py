"""May the court be asked to enforce a penalty now (ACL53, ACL54)?"""

from __future__ import annotations

from engine.calendar import Calendar
from engine.errors import InvalidInput
from engine.inspection import enforcement as e
from engine.inspection import enforcement_steps as steps
from engine.inspection.enforcement_models import PenaltyDebt
from engine.inspection.tables import limit
from engine.periods import Period, count
from engine.service_tasks import ServiceContext, service_task


@service_task("check-court-application", title="核对强制执行申请")
def check_court_application(ctx: ServiceContext) -> None:
    """Refused while a review or lawsuit is pending or execution is stayed, before the party's time for them is over,
    before ten working days after the reminder, and when nothing is owed and no duty refused.
    """
    row = steps.own(ctx)
    reasons = []
    if any(pause.until is None for pause in e.pauses_of(ctx.session, row)):
        reasons.append("行政复议或者行政诉讼尚未办结，现在不能申请人民法院强制执行；请等结果登记以后再提交。")
    if row.stayed_since is not None:
        reasons.append(f"{row.stayed_since} 起停止执行，恢复执行以后再提交。")
    if row.remedy_ends_on is None or row.remedy_ends_on >= steps.today(ctx):
        reasons.append("当事人申请复议、提起诉讼的期限还没有届满。")
    ends = reminder_ends(ctx, ctx.calendar, row)
    if ends is None or ends >= steps.today(ctx).isoformat():
        reasons.append(f"催告的期限{f'到 {ends} ' if ends else ''}尚未届满。")
    rest = e.balance(ctx.session, ctx.settings, ctx.calendar, row, steps.today(ctx)).rest_sum
    if not rest and not steps.refused(row.duties):
        reasons.append("罚没款项已经缴清，也没有登记为拒不履行的处罚内容，不需要申请。")
    if reasons:
        raise InvalidInput("现在不能申请强制执行。", fields={"court": reasons})


def reminder_ends(ctx: ServiceContext, calendar: Calendar, row: PenaltyDebt) -> str | None:
    """The last day the party has after the reminder, None before it was served."""
    if row.reminded_on is None:
        return None
    start = steps.morning(ctx, row.reminded_on)
    due = count(calendar, Period(limit(ctx.settings, "reminder", row.reminded_on).rule, start)).due_at
    return calendar.local_date(due).isoformat() if due else None
