"""A newcomer to the demo district finds something on the first page of every post."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa

from engine.inspection.demo.accounts import DEMO_LOGINS
from engine.inspection.demo.first_pages import NEEDED, show_first_pages
from engine.inspection.roles import ROLES
from engine.models import Incident
from engine.web.app import create_app
from engine.web.purposes import PURPOSES
from tests.conftest import Clock
from tests.support.journey import Office, install
from tests.support.pages import District, engine_on, settings_for

#: Login → step that waits in its inbox, or what the page says the post is for.
FIRST = {
    "scjg-officer": "决定是否受理", "scjg-section": "科室负责人审核", "scjg-deputy": "分管负责人审核",
    "scjg-head": "机关负责人批准", "scjg-inspector1": "调查取证", "scjg-inspector2": "调查取证",
    "scjg-legal": "法制审核", "witness1": "登记随机因子摘要", "witness2": "登记随机因子摘要",
    "witness3": "登记随机因子摘要", "office": "会前准备", "district": "区政府批准", "supervisor": "受理并组成小组",
    "designer": "查看、检查和部署流程图", "admin": "处理异常和报送", "auditor": "核验办理记录",
    "wjj-section": "审核工作方案、检查结果和公示",
}  # fmt: skip
#: A working day, and the last minutes of a year before a public holiday.
DAYS = {
    "working-day": datetime(2026, 3, 2, 2, tzinfo=UTC),
    "last-evening-of-the-year": datetime(2026, 12, 31, 15, 30, tzinfo=UTC),
}


@pytest.mark.parametrize("day", DAYS)
def test_every_demo_login_finds_work_or_a_purpose_on_its_first_page(
    sqlite_template: Path, tmp_path: Path, day: str
) -> None:
    path, clock = tmp_path / "first.db", Clock(DAYS[day])
    shutil.copyfile(sqlite_template, path)
    settings_for(path).data_dir.mkdir()
    engine = engine_on(settings_for(path), clock)
    assert show_first_pages(engine) == 0  # nothing while the processes are not deployed
    install(engine, objects=300, inspectors=150, items=60, processes=NEEDED)
    assert (show_first_pages(engine), show_first_pages(engine)) == (12, 0)
    district = District(create_app(engine.settings, engine), engine, Office(engine), "", clock)
    shown = {login.login for login in DEMO_LOGINS if login.login.isascii() and "…" not in login.login}
    assert shown <= set(FIRST)
    for login, said in FIRST.items():
        page = district.sign_in(login).text("/inbox")
        assert said in page, login
    assert set(PURPOSES) == set(ROLES)
    linked = district.sign_in("auditor").text("/inbox")
    assert 'href="/audit/draws">抽取审计' in linked
    board = district.sign_in("supervisor").text("/board")
    assert "SCJG-线索-2026-0001" in board and "已超期" in board
    with engine.read() as session:
        assert session.scalar(sa.select(sa.func.count()).select_from(Incident)) == 0
    engine.database.dispose()
