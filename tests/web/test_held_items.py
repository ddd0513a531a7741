"""在管物品: who sees what is held, where and until when; what is overdue stands out; nothing disappears unsigned."""

from __future__ import annotations

import io
import re
import zipfile

import sqlalchemy as sa
from flask.testing import FlaskClient

from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.inspection.held_models import HeldItem
from engine.web.app import create_app
from tests.limits.test_measures import APPROVED, apply, give_back, serve
from tests.support.limits import LimitDistrict

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')


def signed_in(limits: LimitDistrict, login: str) -> FlaskClient:
    client = create_app(limits.engine.settings, limits.engine).test_client()
    token = _TOKEN.search(client.get("/sign-in").text)
    assert token is not None
    reply = client.post("/sign-in", data={"csrf_token": token[1], "login": login, "password": DEMO_PASSWORD})
    assert reply.status_code == 303
    return client


def test_what_is_held_is_listed_until_somebody_signs_and_overdue_things_stand_out(limits: LimitDistrict) -> None:
    number = apply(limits, "evidence-preservation")
    limits.do(number, "approve", APPROVED)
    serve(limits, number)
    with limits.engine.read() as session:
        oil = session.scalars(sa.select(HeldItem).where(HeldItem.name == "散装食用油")).one()

    officer = signed_in(limits, "scjg-inspector1")
    page = officer.get("/held-items").text
    assert "散装食用油" in page and "蓝色塑料桶" in page and "市场监管局涉案物品库" in page and "2026-03-11" in page
    assert "散装食用油" not in officer.get("/held-items?view=overdue").text
    assert "散装食用油" not in officer.get("/held-items?q=包装袋").text
    assert "散装食用油" not in officer.get("/held-items?state=扣押").text
    assert 'aria-current="true"' in officer.get("/held-items?view=waiting").text
    trail = officer.get(f"/held-items/{oil.id}").text
    assert "证据可能被转移" in trail and "先行登记保存1/物品-1" in trail

    stranger = signed_in(limits, "wjj-inspector1")  # another organ: neither in the list nor by its address
    assert "散装食用油" not in stranger.get("/held-items").text
    assert stranger.get(f"/held-items/{oil.id}").status_code == 404
    assert officer.get("/held-items/nonsense").status_code == 404
    assert signed_in(limits, "designer").get("/held-items").status_code == 403
    supervisor = signed_in(limits, "supervisor")
    assert "散装食用油" in supervisor.get("/held-items?department=SCJG").text
    assert "散装食用油" not in supervisor.get("/held-items?department=WJJ").text

    limits.clock.travel("2026-03-12T09:00")  # nobody decided: lifted by law, and still in the store
    limits.run_timers()
    late = signed_in(limits, "scjg-inspector1")
    page = late.get("/held-items?view=overdue").text
    assert "2026-03-11 届满，应当退还" in page and page.count("待退还</span>") == 2
    table = late.get("/held-items/export.csv?view=overdue").get_data().decode("utf-8-sig")
    assert "散装食用油" in table and ",是," in table and "市场监督管理局" in table
    book = late.get("/held-items/export.xlsx")
    assert "xl/worksheets/sheet1.xml" in zipfile.ZipFile(io.BytesIO(book.get_data())).namelist()

    give_back(limits, number)
    ended = signed_in(limits, "scjg-inspector1")
    assert "散装食用油" not in ended.get("/held-items").text
    assert "散装食用油" in ended.get("/held-items?view=ended").text
    assert "签收：演示负责人" in ended.get(f"/held-items/{oil.id}").text
