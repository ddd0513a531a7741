"""The list of enforcements and the money on the page of one."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from engine import accounts
from engine.inspection.enforcement_models import PenaltyDebt
from engine.inspection.models import FollowUp
from engine.models import HistoryEvent, ProcessInstance, User
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.conftest import Clock
from tests.support.enforcement_desk import ENFORCEMENT, EnforcementDesk

PASSWORD = "a-long-word-2026"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_what_is_owed_is_found_filtered_exported_and_kept_from_other_departments(
    engine: ProcessEngine, clock: Clock
) -> None:
    desk = EnforcementDesk(engine, clock, kinds=["罚款", "没收违法所得"], confiscated=1200.5)
    desk.open()
    desk.pay(1000, "2026-03-02", "P1")
    with engine.database.write() as session:
        session.execute(sa.update(User).values(password_hash=accounts.hash_password(PASSWORD)))
    app = create_app(engine.settings, engine)
    officer, other = signed_in(app.test_client(), "officer"), signed_in(app.test_client(), "other")

    page = officer.get("/enforcement?view=due").text
    assert "济南示例餐饮有限公司" in page and "10,200.50" in page and "2026-03-17" in page and "逾期 " not in page
    assert "没有符合条件的处罚执行" in officer.get("/enforcement?view=overdue").text
    assert "没有符合条件的处罚执行" in officer.get("/enforcement?q=不存在").text
    assert "济南示例餐饮有限公司" not in other.get("/enforcement").text
    with engine.database.write() as session:  # everything settled: the page says so instead of looking unused
        session.execute(sa.update(PenaltyDebt).values(closed_at=clock.now))
    page = officer.get("/enforcement").text
    assert "没有未结的处罚执行" in page and "1 件都已办结" in page and 'href="/enforcement?view=closed"' in page
    with engine.database.write() as session:
        session.execute(sa.update(PenaltyDebt).values(closed_at=None))

    desk.travel("2026-03-19")  # the sessions have ended meanwhile
    officer, other = signed_in(app.test_client(), "officer"), signed_in(app.test_client(), "other")
    page = officer.get("/enforcement?view=overdue&q=济天市监罚").text
    assert "逾期 2 日" in page and "540.00" in page
    exported = officer.get("/enforcement/export.csv?view=overdue")
    assert exported.status_code == 200 and "540.00" in exported.text and ENFORCEMENT in exported.text
    assert other.get("/enforcement/export.csv").text.count("\n") == 1
    with engine.read() as session:
        told = session.scalars(sa.select(HistoryEvent.body).where(HistoryEvent.kind == "registry-exported")).all()
        instance = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == ENFORCEMENT)).one()
        assert session.scalars(sa.select(FollowUp.state).where(FollowUp.number == ENFORCEMENT)).one() == "逾期"
    assert len(told) == 2
    case = officer.get(f"/cases/{instance.id}/progress").text
    assert "应缴和已缴" in case and "加处罚款（每日 3%" in case and "P1" in case
    previews = set(re.findall(r'href="(/cases/[^"]*/documents/[^"]*\.pdf)"', case))
    assert len(previews) == 2
    for address in previews:
        assert officer.get(address).data.startswith(b"%PDF"), address


def signed_in(client: FlaskClient, login: str) -> FlaskClient:
    token = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").text)
    assert token is not None
    answer = client.post("/sign-in", data={"login": login, "password": PASSWORD, "csrf_token": token[1]})
    assert answer.status_code == 303
    return client
