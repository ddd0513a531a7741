"""Keep the minutes of a meeting and what it came to."""

from __future__ import annotations

from datetime import date
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import conference, conference_posts
from engine.service_tasks import ServiceContext, service_task


@service_task("record-conference-meeting", title="登记会议情况")
def record_conference_meeting(ctx: ServiceContext) -> dict[str, Any]:
    """Who attended is kept by post, with who held it on that day; a resolution may give units tasks.

    Raises :class:`InvalidInput` for a meeting in the future, a post named twice, a task due before the meeting.
    """
    values = dict(ctx.values or {})
    row = conference.matter(ctx.session, ctx.district_id, ctx.business_key)
    day, today = date.fromisoformat(values["held_on"]), ctx.calendar.local_date(ctx.now)
    faults: dict[str, list[str]] = {}
    if day > today:
        faults["held_on"] = ["会议日期晚于今天，请在会议召开之后登记。"]
    attendance = [dict(one) for one in values.get("attendance") or []]
    seen: set[str] = set()
    for n, one in enumerate(attendance):
        if one["post"] in seen:
            faults[f"attendance[{n}].post"] = ["同一职务登记了两次，请删除一行。"]
        seen.add(one["post"])
    tasks = [dict(one) for one in values.get("assignments") or []]
    for n, one in enumerate(tasks):
        if one["due_on"] < values["held_on"]:
            faults[f"assignments[{n}].due_on"] = ["落实期限早于会议日期，请修改。"]
    if faults:
        raise InvalidInput("会议情况有内容需要修改。", fields=faults)
    held_by = conference_posts.holders(ctx.session, ctx.district_id, day)
    names = {post.code: post.name for post in conference_posts.posts(ctx.settings, day)}
    for one in attendance:
        one |= {"name": names.get(one["post"], one["post"]), "holder": held_by.get(one["post"], "")}
    row.meeting = {**values, "attendance": attendance, "assignments": tasks}
    row.advice = values.get("advice") or ""
    row.state = conference.TO_SIGN if values["result"] != "补充后再议" else conference.TO_PREPARE
    return {"attendance": attendance}
