"""What the forms of a department's visit offer and begin with: nothing the system knows is typed again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime, time
from typing import Any

import sqlalchemy as sa

from engine.inspection import (
    adoptions,
    checklists,
    commissions,
    preparation,
    recusals,
    tables,
    visits,
    written_materials,
)
from engine.inspection.facts.desk import Desk, Provider, local, rows, table
from engine.inspection.facts.exemptions import exemption_facts
from engine.inspection.facts.options import departments
from engine.inspection.models import DrawnObject, Finding, Item

_MAIN = ("实地核查", "书面检查", "网络监测")


def _items(desk: Desk) -> list[Item]:
    statement = sa.select(Item).where(Item.district_id == desk.district_id, Item.code.in_(desk.part.items))
    return list(desk.session.scalars(statement.order_by(Item.code)))


def _adopting(desk: Desk) -> dict[str, Any]:
    """Options of the list 采用的结论和意见."""
    results = adoptions.known_results(desk.session, desk.part)
    return {
        "item_options": [{"value": i.code, "label": f"{i.code} {i.name}"} for i in _items(desk)],
        "adopted_kinds": tables.options(desk.settings, "adopted-kind", desk.today),
        "known_results": [
            {
                "value": row.number,
                "label": f"{desk.organ(row.department)} {local(desk, row.visit_ended_at)[:10]} "
                f"{adoptions.result_words(desk.session, desk.settings, row, desk.today)[:60]}",
            }
            for row in results
        ],
    }  # fmt: skip


def _visit_notice(desk: Desk) -> dict[str, Any]:
    plan = desk.campaign.plan
    methods = checklists.methods_of(plan, desk.part.items)
    used = [method for method in _MAIN if method in methods.values()]
    firm = desk.inspection.object
    assisting = commissions.assisting(desk.session, desk.part)
    found: dict[str, Any] = {
        **_adopting(desk),
        "method": used[0] if used else visits.ON_SITE,
        "notice_mode": plan.get("notice_mode"),
        "planned_at": _planned(desk),
        "contact": firm.get("contact") or firm.get("legal_representative") or None,
        "materials": plan.get("written_materials") if "书面检查" in used else None,
        "asked_materials": _asked(plan) if "书面检查" in used else [],
        "departure": preparation.departure_options(desk.session, desk.settings, desk.part, desk.today),
        "facts": [],
    }
    if assisting:
        found["facts"].append(
            table(
                "委托协助（只协助，不计入检查人员）", ["机构或专家", "委托事项", "参加人员"],
                [[c.name, c.mandate, c.members or ""] for c in assisting],
            )
        )  # fmt: skip
    return found


def _asked(plan: Mapping[str, Any]) -> list[dict[str, str]]:
    """The materials the work plan names, one a line or between semicolons."""
    named = re.split(r"[\n；;]+", str(plan.get("written_materials") or ""))
    return [{"name": name.strip()[:200]} for name in named if len(name.strip()) > 1]


def _materials(desk: Desk) -> dict[str, Any]:
    """What was asked for, as it stands now."""
    return {
        "materials": [
            {
                "serial": str(row.serial), "name": row.name, "remarks": row.remarks,
                **({"received_on": row.received_on.isoformat(), "complete": "是" if row.complete else "否"}
                   if row.received_on else {}),
            }
            for row in written_materials.of_part(desk.session, desk.part)
        ]
    }  # fmt: skip


def _planned(desk: Desk) -> str | None:
    """The day proposed with the draw, at nine; a team moves it when it does not suit."""
    day = desk.session.scalar(
        sa.select(DrawnObject.visit_on).where(
            DrawnObject.district_id == desk.district_id, DrawnObject.draw_id == desk.inspection.draw_id,
            DrawnObject.uscc == desk.inspection.uscc,
        )
    )  # fmt: skip
    return datetime.combine(day, time(9), desk.settings.timezone).isoformat() if day else None


def _arrival(desk: Desk) -> dict[str, Any]:
    """Who may go in today; a lapsed certificate is said before anybody stands at the door."""
    people = visits.team(desk.session, desk.part)
    lapsed = [(p.name, why) for p in people if (why := visits.why_not_certified(p, desk.today))]
    certified = [p for p in people if not visits.why_not_certified(p, desk.today)]
    known = desk.part.record.get("arrival") or {}
    assisting = commissions.assisting(desk.session, desk.part)
    facts = [rows("不能执法", *lapsed, ("怎么办", "先办理人员替换，再到场检查"))] if lapsed else []
    return {
        "facts": facts,
        "arrived_at": desk.now.astimezone(desk.settings.timezone).replace(second=0, microsecond=0).isoformat(),
        "address": known.get("address") or desk.inspection.object.get("address"),
        "certified_team": [
            {
                "value": p.code,
                "label": f"{p.name} 执法证 {p.certificate_number}"
                + (f"（有效期至 {p.certificate_until}）" if p.certificate_until else ""),
            }
            for p in people
        ],
        "certified_codes": [p.code for p in certified],
        "entry_outcomes": tables.options(desk.settings, "entry-outcome", desk.today),
        "present_person": (desk.part.record.get("notice") or {}).get("notified_person"),
        "experts": "；".join(f"{c.name} {c.members or ''}".strip() for c in assisting)[:200] or None,
        "recording": known.get("recording"),
    }


def _site_check(desk: Desk) -> dict[str, Any]:
    notice, arrival = desk.part.record.get("notice") or {}, desk.part.record.get("arrival") or {}
    known = desk.part.record.get("site_check") or {}
    replaced = adoptions.replaced_items(desk.session, desk.part)
    methods = checklists.methods_of(desk.campaign.plan, desk.part.items)
    items = _items(desk)
    lines = checklists.part_lines(desk.session, desk.part)
    names = {item.code: item.name for item in items}
    return {
        "facts": [
            table(
                "检查内容", ["序号", "事项", "检查内容", "依据"],
                [[line.number, names.get(line.item, line.item), line.content, line.legal_basis] for line in lines],
            )
        ],
        "previous": known,
        "method": visits.ON_SITE if arrival else notice.get("method") or visits.ON_SITE,
        "recording": arrival.get("recording"),
        **_adopting(desk),
        "findings": known.get("findings")
        or [
            {
                "item": code, "name": names.get(code, ""), "checked": "采用" if code in replaced else "是",
                "method": methods[code] if methods[code] in _MAIN else visits.ON_SITE, "problem": "否",
            }
            for code in desk.part.items
        ],
        "problem_categories": problem_categories(desk),
        "handling_codes": problem_handlings(desk),
        "sample_kinds": tables.options(desk.settings, "sample-kind", desk.today),
    }  # fmt: skip


def problem_categories(desk: Desk) -> list[dict[str, str]]:
    """Result categories that state a problem, as options."""
    found = tables.rows(desk.settings, "result-category", desk.today)
    return [{"value": r["code"], "label": r["name"]} for r in found if r.get("problem")]


def problem_handlings(desk: Desk) -> list[dict[str, str]]:
    """Ways of handling a problem, as options."""
    found = tables.rows(desk.settings, "handling", desk.today)
    return [{"value": r["code"], "label": r["name"]} for r in found if r.get("problem")]


def clauses(desk: Desk) -> str:
    """Every clause the record names, once each."""
    found = desk.session.scalars(
        sa.select(Finding.clause)
        .where(
            Finding.district_id == desk.district_id, Finding.department_inspection == desk.part.number, Finding.problem
        )
        .order_by(Finding.item)
    )
    return "；".join(dict.fromkeys(c for c in found if c))


def _found(desk: Desk) -> str | None:
    """The facts as the record tells them, for the inspectors to complete."""
    notes = desk.session.scalars(
        sa.select(Finding.note)
        .where(
            Finding.district_id == desk.district_id, Finding.department_inspection == desk.part.number, Finding.problem
        )
        .order_by(Finding.item)
    )
    told = "；".join(dict.fromkeys(note.rstrip("。；") for note in notes if note))
    ended = desk.part.visit_ended_at
    if not told or ended is None:
        return None
    day = ended.astimezone(desk.settings.timezone)
    place = (desk.part.record.get("arrival") or {}).get("address") or desk.inspection.object.get("address") or ""
    return f"{day.year}年{day.month}月{day.day}日在{place}检查：{told}。"


def _conclusion(desk: Desk) -> dict[str, Any]:
    found = desk.session.execute(
        sa.select(Finding.category, Finding.handling)
        .where(
            Finding.district_id == desk.district_id, Finding.department_inspection == desk.part.number, Finding.problem
        )
        .order_by(Finding.category.desc(), Finding.item)
    ).all()
    worst = found[0] if found else None
    handlings = list(dict.fromkeys(row.handling for row in found))
    return {
        **_adopting(desk),
        **exemption_facts(desk),
        "clauses": clauses(desk),
        "found": _found(desk),
        "previous": desk.part.conclusion,
        "departments": departments(desk),
        "worst_category": worst.category if worst else None,
        "worst_handling": worst.handling if worst else None,
        "other_handlings": handlings[1:],
        "result_categories": problem_categories(desk),
        "handling_codes": problem_handlings(desk),
    }


def _review(desk: Desk) -> dict[str, Any]:
    return {"return_to": "检查结论" if desk.part.conclusion else "检查记录"}


def _recusal(desk: Desk) -> dict[str, Any]:
    """What was asked, told by the row: the message may have come while this task was being opened."""
    asked = recusals.undecided(desk.session, desk.district_id, desk.part.number)
    request = desk.data.get("recusal_requested") or {}
    return {
        "facts": [
            rows(
                "回避申请",
                ("申请人", asked.applicant if asked else request.get("applicant")),
                ("理由", asked.reason if asked else request.get("reason")),
                ("申请时间", local(desk, asked.requested_at) if asked else ""),
                ("检查进度", "现场检查已经结束" if desk.part.visit_ended_at else "检查正在进行，没有停止"),
            )
        ],
        "team": [{"value": p.code, "label": f"{p.name}（{p.code}）"} for p in visits.team(desk.session, desk.part)],
        "recusal_inspector": (asked.inspector if asked else request.get("inspector")) or None,
    }


def _result_notice(desk: Desk) -> dict[str, Any]:
    arrival = desk.part.record.get("arrival") or {}
    met = "，".join(str(arrival[k]) for k in ("present_person", "present_post") if arrival.get(k))
    return {"present_person": met or desk.inspection.object.get("legal_representative") or None}


#: Providers by form key.
FORMS: dict[str, Provider] = {
    "visit-notice": _visit_notice,
    "written-materials": _materials,
    "arrival": _arrival,
    "site-check": _site_check,
    "conclusion": _conclusion,
    "result-review": _review,
    "recusal-decision": _recusal,
    "result-notice": _result_notice,
}
