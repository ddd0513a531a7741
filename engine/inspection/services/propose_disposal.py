"""Check what officers propose for things that are held."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.deadline_rules import DeadlineRule, find_rule
from engine.errors import InvalidInput
from engine.inspection import held_items
from engine.inspection.follow_ups import running_deadline
from engine.service_tasks import ServiceContext, service_task


@service_task("propose-disposal", title="核对处理意见")
def propose_disposal(ctx: ServiceContext) -> dict[str, str] | None:
    """Every thing held has an outcome the table ``held-outcome`` allows; an extension is one the row still allows.

    For a test the result is ``approval``: 需要 or 不需要, as the row of the measure's term says.  Raises
    :class:`InvalidInput` naming the line and the remedy.
    """
    values = dict(ctx.values or {})
    today = ctx.calendar.local_date(ctx.now)
    if values.get("action") == "申请延长":
        _check_extension(ctx)
        return None
    if values.get("action") == "送检":
        return _propose_testing(ctx, values, today)
    allowed = held_items.outcomes(ctx.settings, ctx.process_key, today)
    held = {
        item.number
        for item in held_items.of_measure(ctx.session, ctx.district_id, ctx.business_key)
        if item.state in held_items.UNDER_MEASURE
    }
    faults: dict[str, list[str]] = {}
    seen = set()
    for n, line in enumerate(values["things"]):
        if line["item"] not in held or line["item"] in seen:
            faults[f"things[{n}].item"] = ["这件物品不在本措施之下或者重复，请重新打开任务。"]
        elif line["outcome"] not in allowed:
            faults[f"things[{n}].outcome"] = ["这种措施不能这样处理，请重新选择。"]
        elif line["outcome"] in ("confiscated", "transferred", "tested") and not line.get("note"):
            faults[f"things[{n}].note"] = ["没收的写处罚决定书文号，移送的写接收机关，送检的写机构和项目。"]
        seen.add(line["item"])
    if missing := held - seen:
        faults["things"] = [f"还有 {len(missing)} 件物品没有处理意见，请重新打开任务后逐件填写。"]
    if faults:
        raise InvalidInput("处理意见需要修改。", fields=faults)
    return None


def _propose_testing(ctx: ServiceContext, values: dict[str, Any], today: date) -> dict[str, str]:
    """Whether somebody approves the test first; one begun with the earlier diagram (``test_until``) begins at once."""
    key = "test_until" if "test_until" in values else "expected_on"
    until = date.fromisoformat(str(values[key])[:10])
    if until <= today:
        raise InvalidInput("日期不对。", fields={key: ["检测预计完成日期应当在今天以后，请修改。"]})
    if key == "test_until":
        held_items.start_testing(ctx, until)
    rule = _rule(ctx)
    ground = rule and rule.ground("testing")
    return {"approval": "不需要" if ground and not ground.application else "需要"}


def _rule(ctx: ServiceContext) -> DeadlineRule | None:
    """The row of the term, in force when the measure began."""
    deadline = running_deadline(ctx.session, ctx.district_id, ctx.business_key, held_items.LIMITS[ctx.process_key])
    if deadline is None:
        return None
    started = ctx.calendar.local_date(deadline.started_at)
    return find_rule(ctx.settings, deadline.name, started, deadline.department)


def _check_extension(ctx: ServiceContext) -> None:
    deadline = running_deadline(ctx.session, ctx.district_id, ctx.business_key, held_items.LIMITS[ctx.process_key])
    rule = _rule(ctx)
    if deadline is None or rule is None or len(deadline.extensions) >= len(rule.extensions):
        fault = "期限表允许的延长已经用完，请作出处理决定。"
        raise InvalidInput("不能再延长。", fields={"action": [fault]})
