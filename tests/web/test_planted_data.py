"""Nothing protected gets out: planted wherever it can be typed, looked for wherever the public or a stranger reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.inspection.leads import NewLead, open_lead
from engine.inspection.models import InspectedObject, Inspector
from engine.web.app import create_app
from tests.support.limits import LEAD, LimitDistrict
from tests.support.pages import District
from tests.support.planted import Planter, crawl, found_in

PUBLIC = (
    "/public", "/public/results", "/public/results.json", "/public/results.xml", "/public/plans.json",
    "/public/penalties", "/public/penalties.json", "/public/penalties.xml", "/public/specials.json",
    "/public/draws/log.json", "/public/log", "/public/log/head.json", "/public/verify", "/robots.txt", "/sitemap.xml",
    "/health", "/public/publications/none", "/nothing/here", "/inbox", "/cases/none/progress", "/chain/none",
)  # fmt: skip


#: Answers without which a step cannot be gone on with.
CHOSEN = {
    "arrival": {"entry_code": "未扫码", "outcome": "可以检查", "recusal_asked": "不申请"},
    "publication-preview": {"decision": "公示", "masks": []},
}
#: Kinds that begin with something their origin has to have, reached through it.
STARTED_BY_OTHERS = {"document-service", "penalty-enforcement"}
#: A credit grade as no text of the product has it.
GRADE = "绝密K7"


@dataclass(frozen=True)
class Report:
    """Enter a lead with a reporter whose every word is planted."""

    planter: Planter

    def run(self, ctx: CommandContext) -> str:
        say = self.planter.text
        new = NewLead(
            LEAD, "投诉举报", ctx.now.date(), say("case-lead.title"), say("case-lead.content"),
            {"name": "济南示例商行", "phone": say("case-lead.subject", 20)}, True, say("case-lead.reporter", 20),
            say("case-lead.contact", 90),
        )  # fmt: skip
        return open_lead(ctx, new).number


@pytest.fixture
def pages(limits: LimitDistrict) -> District:
    app = create_app(limits.engine.settings, limits.engine)
    return District(app, limits.engine, limits.office, "SCJG-抽查-2026-0001", limits.clock)


def kinds(limits: LimitDistrict) -> list[dict[str, Any]]:
    """Rows of the kinds of follow-ups, the penalty first: others need one to come of."""
    table = limits.engine.settings.process_dir / "tables" / "follow-up-kind.json"
    rows = json.loads(table.read_text("utf-8"))["rows"]
    return sorted(rows, key=lambda row: row["code"] != "administrative-penalty")


def is_public(limits: LimitDistrict, where: str) -> bool:
    """Whether the words of a field are public once protected values in them are taken out (public-field.json)."""
    table = limits.engine.settings.process_dir / "tables" / "public-field.json"
    rows = json.loads(table.read_text("utf-8"))["rows"]
    return where.rpartition(".")[2] in {row["field"] for row in rows if row["treatment"] == "核对后公开"}


def test_nothing_protected_reaches_a_public_page_or_the_pages_of_another_department(
    limits: LimitDistrict, pages: District
) -> None:
    planter = Planter(limits)
    planter.chosen = CHOSEN
    limits.deploy("case-lead", *(row["code"] for row in kinds(limits)))
    with limits.engine.database.write() as session:
        session.execute(sa.update(InspectedObject).values(risk_grade=GRADE))
    planter.fill_open(8, "department-inspection", times=2)
    opened = {"department-inspection": limits.part}
    for row in kinds(limits):
        if row["code"] not in STARTED_BY_OTHERS:
            origin = next((opened[kind] for kind in row["from"] if kind in opened), "")
            opened[row["code"]] = limits.open(row["code"], origin or opened.get("administrative-penalty", ""))
    limits.open("document-service", opened["administrative-penalty"], document="行政处罚决定书")
    limits.engine.execute(Report(planter), actor=limits.office.login(f"{LEAD.lower()}-officer"))
    planter.fill_open(12)
    with limits.engine.read() as session:
        phones = {*session.scalars(sa.select(InspectedObject.phone)), *session.scalars(sa.select(Inspector.phone))}
    secrets = set(planter.where)
    assert {where.partition("#")[0] for where in planter.where.values()} >= {
        *(row["code"] for row in kinds(limits)),
        "case-lead",
    }

    public = crawl(pages.app.test_client(), PUBLIC, 150)
    assert len(public) > len(PUBLIC) and any(path.startswith("/public/publications/") for path in public)
    hidden = {
        secret for secret in secrets if not (secret.startswith("〔") and is_public(limits, planter.where[secret]))
    }
    assert found_in(public, hidden | phones - {""} | {GRADE}) == []
    stranger = crawl(pages.sign_in("yjj-officer").client, ["/inbox", f"/chain/{limits.part}"], 50)
    assert len(stranger) > 30 and found_in(stranger, secrets) == []
    own = crawl(pages.sign_in(f"{LEAD.lower()}-officer").client, [f"/chain/{limits.part}"], 12)
    assert found_in(own, secrets) != []  # what is looked for can be found where it may stand
