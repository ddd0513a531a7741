"""Facts of a conference matter (联席会议事项): the question, the units' opinions, the meeting, what is to be done."""

from __future__ import annotations

from typing import Any

from engine.inspection import conference, conference_posts, tables
from engine.inspection.conference_models import ConferenceMatter
from engine.inspection.facts.desk import Desk, rows, table
from engine.inspection.facts.options import departments

Block = dict[str, Any]
#: Who may preside.
PRESIDING = ("总召集人", "召集人", "副召集人")


def matter_facts(desk: Desk) -> dict[str, Any]:
    row = conference.matter(desk.session, desk.district_id, desk.task.business_key)
    units = departments(desk)
    kinds = tables.options(desk.settings, "conference-matter-kind", desk.today)
    if desk.task.form_key == "conference-proposal":
        previous = {**row.content, "action": "提交办公室"} if row.content else {}
        return {"facts": _returned(desk), "previous": previous, "matter_kinds": kinds, "member_units": units}
    found: dict[str, Any] = {
        "facts": [proposal(desk, row)], "member_units": units, "departments": units, "units": row.units,
        "today": desk.today.isoformat(),
    }  # fmt: skip
    if row.opinions or row.state not in (conference.TO_PREPARE, conference.CIRCULATED):
        found["facts"].append(opinion_table(desk, row))
    if desk.task.element_id == "hold_meeting":
        found |= _meeting(desk, row)
        refused = desk.data.get("sign_resolution") or {}
        if refused.get("decision") == "退回":
            found["facts"] = [rows("召集人退回", ("理由", refused.get("return_reason"))), *found["facts"]]
    elif row.meeting:
        found["facts"] += minutes(desk, row)
    if desk.task.element_id in ("report_follow_through", "check_follow_through"):
        found["facts"] = [_assignment(desk, row), *found["facts"]]
    if desk.task.element_id == "urge_follow_through":
        left = [a for a in conference.assignments_of(desk.session, desk.district_id, row.number)
                if a.state != conference.DONE]  # fmt: skip
        found["open_departments"] = list(dict.fromkeys(a.unit for a in left))
        body = [[a.serial, desk.organ(a.unit), a.task, a.due_on, a.state] for a in left]
        found["facts"] = [table("没有落实的任务", ["序号", "单位", "任务", "期限", "状态"], body), *found["facts"]]
    return found


def proposal(desk: Desk, row: ConferenceMatter) -> Block:
    content = row.content
    prepared = content.get("preparation") or {}
    return rows(
        "联席会议事项", ("编号", row.number), ("种类", row.kind), ("名称", row.title),
        ("提出单位", desk.organ(row.proposer)), ("来自", row.origin), ("问题", content.get("question")),
        ("依据", content.get("basis")), ("办公室整理的情况", prepared.get("summary")),
        ("请各单位研究的问题", prepared.get("focus")),
        ("性质", "联席会议统筹协调、只提建议，不改变任何部门的检查结论"),
    )  # fmt: skip


def opinion_table(desk: Desk, row: ConferenceMatter) -> Block:
    said = {one["unit"]: one for one in row.opinions}
    body = [
        [desk.organ(unit), one["position"], one["opinion"], one["signed_by"], one["on"]]
        if (one := said.get(unit)) else [desk.organ(unit), "没有反馈", "", "", ""]
        for unit in row.units
    ]  # fmt: skip
    return table("成员单位意见", ["单位", "意见", "具体意见", "审定人", "日期"], body)


def minutes(desk: Desk, row: ConferenceMatter) -> list[Block]:
    meeting = row.meeting
    posts = {p.code: p.name for p in conference_posts.posts(desk.settings, desk.today)}
    found = [
        rows(
            "会议情况", ("方式", meeting.get("way")), ("日期", meeting.get("held_on")), ("地点", meeting.get("place")),
            ("主持", posts.get(str(meeting.get("chair")), meeting.get("chair"))), ("记录要点", meeting.get("minutes")),
            ("结果", meeting.get("result")), ("决议（建议）", meeting.get("advice")),
            ("需要补充", meeting.get("return_reason")), ("决议文号", row.resolution_number),
        ),
        table(
            "出席情况", ["职务", "担任人员", "到会", "受委托人员"],
            [[a["name"], a["holder"], a["presence"], a.get("deputy") or ""] for a in meeting.get("attendance") or []],
        ),
    ]  # fmt: skip
    if meeting.get("assignments"):
        body = [[n, desk.organ(a["unit"]), a["task"], a["due_on"]] for n, a in enumerate(meeting["assignments"], 1)]
        found.append(table("落实任务", ["序号", "单位", "任务", "期限"], body))
    return found


def _meeting(desk: Desk, row: ConferenceMatter) -> dict[str, Any]:
    posts = conference_posts.posts(desk.settings, desk.today)
    held = conference_posts.holders(desk.session, desk.district_id, desk.today)

    def option(post: conference_posts.Post) -> dict[str, str]:
        return {"value": post.code, "label": f"{post.name}（{held.get(post.code) or '暂缺'}）"}

    previous = dict(row.meeting)
    if not previous:
        taking_part = {row.proposer, *row.units}
        previous["attendance"] = [
            {"post": p.code, "presence": "出席"} for p in posts if p.place != "成员" or p.department in taking_part
        ]
    return {
        "posts": [option(p) for p in posts],
        "chairs": [option(p) for p in posts if p.place in PRESIDING],
        "previous": previous,
    }


def _assignment(desk: Desk, row: ConferenceMatter) -> Block:
    task = dict(desk.data["assignment"])
    kept = conference.assignment(desk.session, desk.district_id, row.number, int(task["serial"]))
    refused = desk.data.get("check_follow_through") or {}
    reason = refused.get("return_reason") if desk.task.element_id == "report_follow_through" else None
    return rows(
        "落实任务", ("决议文号", row.resolution_number), ("单位", desk.organ(kept.unit)), ("任务", kept.task),
        ("期限", kept.due_on), ("落实情况", kept.report), ("办公室退回的理由", reason),
    )  # fmt: skip


def _returned(desk: Desk) -> list[Block]:
    opinion = desk.data.get("prepare") or {}
    if opinion.get("decision") != "退回补充":
        return []
    return [rows("联席会议办公室退回补充", ("理由", opinion.get("return_reason")))]
