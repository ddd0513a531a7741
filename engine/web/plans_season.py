"""Who has filed the year's plan (R26), and firms that are visited too often."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from engine.inspection.gate_alarms import firm_alarms, inspector_names, object_names, pair_alarms
from engine.inspection.gate_frequency import Frequency
from engine.inspection.opening import OFFICE
from engine.inspection.plan_season import points, season_year, standings
from engine.inspection.plans import last_day
from engine.web.context import database, now, settings
from engine.web.csv_export import csv_response
from engine.web.guards import requires_role
from engine.web.navigation import NavItem

blueprint = Blueprint("season", __name__)
WATCHERS = frozenset({OFFICE, "监管督查"})
NAV = (NavItem("频次预警", "season.alarms", "warning", 56, "/visit-alarms", roles=WATCHERS, group="监管"),)
SHOWN = 200


@blueprint.get("/plans/filing")
@requires_role(*WATCHERS)
def board() -> ResponseReturnValue:
    """Departments and their plans of a year, those not filed first."""
    typed = request.args.get("year", "")
    today = now().date()
    year = int(typed) if typed.isdecimal() and len(typed) == 4 and int(typed) > 1 else season_year(today)
    last = last_day(settings(), year)
    with database().read() as session:
        rows = standings(session, settings().district_id, year, today, last)
        if request.args.get("format") == "csv":
            return csv_response(
                f"年度计划备案情况-{year}.csv",
                ("部门", "状态", "等待环节", "备案公布时间", f"是否超过{last.month}月{last.day}日"),
                [
                    (s.name, s.state, s.waiting, _day(s.plan.filed_at if s.plan else None), "是" if s.late else "否")
                    for s in rows
                ],
            )
    return render_template(
        "plan_filing.html", rows=rows, year=year, today=today, last=last, points=points(settings(), year, today),
        filed=sum(s.filed for s in rows), years=range(season_year(today), season_year(today) - 4, -1),
    )  # fmt: skip


def _day(moment: object) -> str:
    return f"{moment:%Y-%m-%d}" if moment else ""


@blueprint.get("/visit-alarms")
@requires_role(*WATCHERS)
def alarms() -> ResponseReturnValue:
    """Frequency alarms of the calendar year: signals of risk, no ranking of anybody."""
    today, district = now().date(), settings().district_id
    with database().read() as session:
        firms = firm_alarms(session, settings(), district, today)
        pairs = pair_alarms(session, settings(), district, today)
        names = object_names(session, district, [*(a.uscc for a in firms), *(p.uscc for p in pairs)])
        people = inspector_names(session, district, [p.inspector for p in pairs])
    if request.args.get("format") == "csv":
        return csv_response(
            f"频次预警-{today}.csv", ("检查对象", "统一社会信用代码", "预警线", "次数", "最近一次"),
            [(names.get(a.uscc, ""), a.uscc, a.alarm.label, a.visits, a.last) for a in firms],
        )  # fmt: skip
    return render_template(
        "visit_alarms.html", firms=firms[:SHOWN], total=len(firms), pairs=pairs[:SHOWN], names=names, people=people,
        limits=Frequency(settings(), today).alarms, today=today,
    )  # fmt: skip
