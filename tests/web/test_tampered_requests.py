"""What somebody types into the address bar, posts by hand or uploads is answered, never a failure of the server."""

from __future__ import annotations

import io
from urllib.parse import unquote

import pytest

from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.conftest import Clock
from tests.support.journey import Office, install
from tests.support.pages import Browser, District

ID = "0192e0a0-0000-7000-8000-000000000000"
NO_ID = "x" * 36
ADDRESSES = (
    "/outside-visits?year=0000", "/outside-visits/export.csv?year=0000", "/plans/filing?year=0000",
    f"/objects/duplicates?after={'9' * 20}~{ID}", f"/changes?after={NO_ID}", f"/imports?after={NO_ID}",
    f"/handovers?after={NO_ID}", "/campaigns?after=0001-01-01T00:00:00%2B14:00~x", f"/public/log?head={'[' * 3000}",
)  # fmt: skip


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    make = request.getfixturevalue(f"new_{request.param}_url")
    url: str = make()
    return url


def _system(engine: ProcessEngine, clock: Clock) -> District:
    install(engine)
    return District(create_app(engine.settings, engine), engine, Office(engine), "", clock)


def _upload(browser: Browser, name: str, content: bytes) -> int:
    data = {"kind": "objects", "file": (io.BytesIO(content), name)}
    return browser.post("/imports", data, page="/imports", content_type="multipart/form-data").status_code


def test_nothing_typed_or_sent_makes_the_server_fail(engine: ProcessEngine, clock: Clock) -> None:
    system = _system(engine, clock)
    office, officer = system.sign_in("office"), system.sign_in("scjg-officer")
    failed = [path for path in ADDRESSES for one in (office, officer) if one.get(path).status_code >= 500]
    assert failed == []
    path = "/inspectors/SCJG-001"
    assert officer.post(f"{path}/leave/x/withdraw", {}, page=path).status_code == 404
    assert officer.post(f"{path}/recusals/x/lift", {}, page=path).status_code == 404
    saved = {"page": "objects", "name": "我的", "query": "q=1\r\nSet-Cookie: a=b"}
    assert "\n" not in officer.post("/saved-filters", saved, page="/objects").headers["Location"]
    team = {"code": "T1", "name": "队", "serves": ["SCJG", "A\0B"], "new": "1"}
    assert office.post("/enforcement-teams", team, page="/enforcement-teams").status_code == 400
    assert _upload(office, "名\0录.csv", b"a") == 400
    head = "统一社会信用代码,名称"
    assert _upload(office, "宽.csv", (head + ",x" * 1_000_000 + "\n").encode()) in (303, 422)
    assert _upload(office, "损坏.csv", f"{head}\n91370105MA0000001X,甲\0乙\n".encode()) == 303
    for path in ("/items/export.csv", "/outside-visits/template.csv", "/handovers/template.csv"):
        said = officer.get(path).headers["Content-Disposition"]
        assert said.isascii() and ".csv" in unquote(said) and not unquote(said).isascii()
