"""Keep the collective discussion of an organ's heads (集体讨论, PL57)."""

from __future__ import annotations

from engine.bpmn.timers import parse_instant
from engine.errors import InvalidInput
from engine.inspection import penalties
from engine.inspection.records import follow_up
from engine.inspection.tables import rows
from engine.service_tasks import ServiceContext, service_task


@service_task("record-discussion", title="登记集体讨论")
def record_discussion(ctx: ServiceContext) -> None:
    """Enough of the heads took part, each with an opinion, and a decision has the majority the table asks for.

    What was discussed is kept beside it: agreed to, it binds the decision.
    """
    values = dict(ctx.values or {})
    rule = rows(ctx.settings, "discussion-rule", ctx.calendar.local_date(ctx.now))[0]
    members, entitled = values.get("members") or [], int(values.get("entitled") or 0)
    faults: dict[str, list[str]] = {}
    names = [str(member["name"]) for member in members]
    if len(set(names)) < len(names):
        faults["members"] = ["同一人重复登记，请删去一行。"]
    if len(members) > entitled:
        faults["entitled"] = [f"参加 {len(members)} 人多于应到人数，请改正应到人数。"]
    elif len(members) < rule["least"] or len(members) * 100 <= entitled * rule["percent"]:
        faults["members"] = [
            f"应到 {entitled} 人，参加 {len(members)} 人，没有达到规定人数（至少 {rule['least']} 人并超过应到人数的"
            f" {rule['percent']}%），不能形成决定，请另行组织讨论。"
        ]
    agreed = sum(member["position"] == "同意" for member in members)
    if not faults and values["decision"] != "补充调查" and agreed * 100 <= entitled * rule["agree_percent"]:
        faults["decision"] = [f"同意 {agreed} 人，没有超过应到人数的 {rule['agree_percent']}%，不能形成决定。"]
    if parse_instant(values["held_at"], ctx.settings.timezone) > ctx.now:
        faults["held_at"] = ["讨论时间不能晚于现在，请在讨论之后登记。"]
    if faults:
        raise InvalidInput("集体讨论记录有误。", fields=faults)
    row = follow_up(ctx.session, ctx.district_id, ctx.business_key)
    penal, measure = penalties.current(row)
    values |= {"penal": penal, **measure.fields()}
    row.facts = {
        **row.facts, "discussion": values, "discussions": [*row.facts.get("discussions", []), values],
    }  # fmt: skip
    row.state = "已集体讨论"
