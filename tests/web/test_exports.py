"""Every file somebody signed in takes out is on record, whichever route sends it."""

from __future__ import annotations

import inspect
import json
import re
import sys
from types import ModuleType
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Blueprint, Response, make_response

from engine.inspection.registry_export import EXPORTED
from engine.models import Attachment, HistoryEvent, ProcessInstance
from engine.web.app import MODULES, create_app
from engine.web.downloads import name_file
from engine.web.exports import BLANK, TOLD
from engine.web.guards import guard_of, public, signed_in
from tests.support.pages import District

#: Addresses whose files the prepared district has, by who may ask for them; {x} is filled in by the test.
WALKED = {
    "scjg-officer": (
        "/credit.csv", "/credit.csv?tab=measures", "/chain.pdf/{part}", "/chain.xlsx/{part}", "/leads/export.csv",
        "/enforcement/export.csv", "/held-items/export.xlsx", "/outside-visits/export.csv", "/inspectors/export.csv",
        "/items/export.csv", "/publicity/export.csv", "/campaigns/{campaign}/checklist.pdf",
        "/campaigns/{campaign}/reports/YJJ.csv", "/draws/{draw}/record.pdf", "/attachments/{attachment}",
        "/inspections/{inspection}/door-proof?download=1", "/cases/{instance}/documents/{document}.pdf",
        "/cases/{instance}/documents/{document}.docx", "/objects/export/csv",
    ),
    "supervisor": ("/board.csv", "/plans/filing?format=csv", "/visit-alarms?format=csv"),
}  # fmt: skip
#: Routes whose files need more than the district has; all of them pass the same place, which a view of its own shows.
OTHERS = {
    "archives.download", "archives.link", "summaries.as_pdf", "summaries.as_workbook", "conference.succession_notice",
    "documents.kept", "documents.editable", "handovers.permits_csv", "items_lists.export", "leads.download",
    "publicity.download", "registry_import.errors_csv", "registry_import.missing_csv", "reports.problems", "gate.show",
}  # fmt: skip


def taken(district: District) -> list[Any]:
    """What the history says was taken out, in its order."""
    with district.engine.read() as session:
        rows = sa.select(HistoryEvent.actor_name, HistoryEvent.body).where(HistoryEvent.kind == EXPORTED)
        return list(session.execute(rows.order_by(HistoryEvent.seq)).all())


def senders(app: Any) -> set[str]:
    """Endpoints behind a guard whose view, or a function of its module it calls, names a file for its answer."""
    sends = re.compile(r"\b(name_file|csv_response|table_response|send_file)\(")
    found = set()
    for rule in app.url_map.iter_rules():
        view, guard = app.view_functions[rule.endpoint], guard_of(app.view_functions[rule.endpoint])
        if guard is None or guard.kind == "public":
            continue
        known, waiting = {view}, [view]
        while waiting:
            source = inspect.getsource(waiting.pop())
            if sends.search(source):
                found.add(rule.endpoint)
            for name in re.findall(r"\b(_\w+)\(", source):
                called = vars(sys.modules[view.__module__]).get(name)
                if inspect.isfunction(called) and called not in known:
                    known.add(called)
                    waiting.append(called)
    return found


@pytest.fixture
def places(district: District) -> dict[str, str]:
    """What stands in the addresses."""
    with district.engine.read() as session:
        part = session.scalars(
            sa.select(ProcessInstance.business_key)
            .where(ProcessInstance.process_key == "department-inspection", ProcessInstance.department == "SCJG")
            .order_by(ProcessInstance.business_key)
        ).first()
        instance = session.scalars(sa.select(ProcessInstance).where(ProcessInstance.business_key == part)).one()
        file = Attachment(
            district_id=instance.district_id, instance_id=instance.id, field="x", file_name="<b>笔录</b>.pdf",
            media_type="application/pdf", size=4, sha256="0" * 64, content=b"%PDF", uploaded_by=None,
            uploaded_at=district.clock(), meta={},
        )  # fmt: skip
    with district.engine.database.write() as session:
        session.add(file)
        session.flush()
        attachment = file.id
    assert part is not None
    return {
        "part": part, "inspection": part.rpartition("/")[0], "campaign": district.campaign, "instance": instance.id,
        "draw": "CN-370105-SCJG-2026-0001", "attachment": attachment, "document": "site-record/SCJG",
    }  # fmt: skip


def test_every_route_that_sends_a_file_leaves_one_row_of_history(district: District, places: dict[str, str]) -> None:
    walked = set()
    for login, addresses in WALKED.items():
        browser = district.sign_in(login)
        for address in addresses:
            path = address.format(**places)
            before = len(taken(district))
            sent = browser.post(path, {}, page="/objects") if path.startswith("/objects/") else browser.get(path)
            assert sent.status_code == 200 and "filename" in sent.headers["Content-Disposition"], path
            rows = taken(district)[before:]
            assert [row.actor_name for row in rows] == [district.office.login(login).name], path
            with district.app.test_request_context(path, method="POST" if "/objects/" in path else "GET") as asked:
                walked.add(asked.request.endpoint)
                args = asked.request.view_args or {}
                given = {str(value) for name, value in args.items() if name not in ("form", "kind")}
            assert given - {row for row in given if row in json.loads(rows[0].body)["filter"].values()} == set(), (
                "the record says of what"
            )
    assert senders(district.app) == walked | OTHERS | BLANK | TOLD


def test_a_stranger_takes_nothing_and_leaves_no_row(district: District, places: dict[str, str]) -> None:
    stranger = district.sign_in("jtj-officer")
    before = len(taken(district))
    for address in WALKED["scjg-officer"]:
        if "{" in address:
            assert stranger.get(address.format(**places)).status_code in (403, 404), address
    assert len(taken(district)) == before


@pytest.mark.parametrize(
    ("guard", "kind", "inline", "rows"),
    [(signed_in, "text/csv", False, 1), (signed_in, "application/pdf", True, 1), (signed_in, "image/png", True, 0),
     (public, "text/csv", False, 0)],
    ids=["file", "document shown", "picture of a page", "public"],
)  # fmt: skip
def test_a_view_that_knows_nothing_of_it_is_on_record_too(
    district: District, monkeypatch: pytest.MonkeyPatch, guard: Any, kind: str, inline: bool, rows: int
) -> None:
    @guard
    def view(number: str) -> Response:
        answer = make_response(number)
        answer.headers["Content-Type"] = kind
        name_file(answer, "名单.csv", inline=inline)
        return answer

    made = ModuleType("one_download")
    made.blueprint = Blueprint("one", __name__)  # type: ignore[attr-defined]
    made.blueprint.get("/one/<number>")(view)  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "one_download", made)
    district.app = create_app(district.engine.settings, district.engine, modules=(*MODULES, "one_download"))
    browser, before = district.sign_in("scjg-officer"), len(taken(district))
    assert browser.get("/one/甲一?year=2026").status_code == 200
    said = [json.loads(row.body) for row in taken(district)[before:]]
    assert len(said) == rows
    assert all(b["register"] == "one.view" and b["filter"] == {"number": "甲一", "year": "2026"} for b in said)
