"""Every page of a running campaign opens on SQLite and on PostgreSQL."""

from __future__ import annotations

import pytest

from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.conftest import Clock
from tests.support.journey import APPROVALS, VISITS, Office, install, open_campaign, standard_answers, work_plan
from tests.support.pages import Browser, District

DRAW = "CN-370105-SCJG-2026-0001"


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    make = request.getfixturevalue(f"new_{request.param}_url")
    url: str = make()
    return url


def test_lists_cases_lanes_and_batches_open(engine: ProcessEngine, clock: Clock) -> None:
    install(engine)
    office = Office(engine)
    number = open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["YJJ"]), problem_in="SCJG")
    office.do_all("draft_work_plan", *APPROVALS, "gate_check")
    for step in ("log_commitment", "reveal", "organ_approval", "sign_for_receipt", *VISITS):
        office.do_all(step)
    district = District(create_app(engine.settings, engine), engine, office, number, clock)
    task = district.task("review", "YJJ")
    inspection = task.business_key.rpartition("/")[0]
    section, officer = district.sign_in("yjj-section"), district.sign_in("scjg-officer")
    for path in ("/inbox", "/inbox/done", "/inbox/claimable?q=饭&process=inspection", "/batch/review"):
        section.text(path)
    for path in (
        f"/tasks/{task.id}",
        f"/tasks/{task.id}/print",
        f"/cases/{task.instance_id}/progress",
        "/campaigns?q=餐饮&after=2030-01-01T00:00:00%2B00:00~X",
        f"/campaigns/{number}",
        "/inspections?q=餐&state=待公示",
        f"/inspections/{inspection}",
        "/plans?year=2026",
    ):
        officer.text(path)
    public = Browser(district.app.test_client())
    for path in ("", "/record.pdf", "/record.zip"):
        assert public.get(f"/public/draws/{DRAW}{path}").status_code == 200
    assert "没有改动或删除" in public.text("/public/log?line=2&size=1")
    firm = office.open_tasks("review")[0].business_key.split("/")[1]
    assert "door-proof" in officer.text(f"/inspections/{DRAW}/{firm}/door-proof?download=1")
    witness = district.sign_in("witness1")
    assert "抽取完成" in witness.text(f"/draws/{DRAW}/witness") and "抽取完成" in witness.text(
        f"/draws/{DRAW}/ceremony"
    )
    assert witness.get(f"/draws/{DRAW}/record.pdf").mimetype == "application/pdf"
    data = {"task": task.id, f"version-{task.id}": task.version, "decision": "同意"}
    assert "已办结 1 项" in section.post("/batch/review", data, page="/batch/review").text
    assert officer.get("/tasks/not-an-id").status_code == 404
