"""The public pages with a campaign carried through the real engine, and what they must not tell."""

from __future__ import annotations

import hashlib
import io
import json
import re
import zipfile
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient

from engine.actor import Actor
from engine.commands.fire_timers import FireTimers
from engine.db import new_id
from engine.inspection import disclosure, draws, records
from engine.inspection.models import Draw, DrawnObject, InspectedObject, Inspector, Item, Publication
from engine.models import ProcessInstance
from engine.process_engine import ProcessEngine
from engine.web.app import create_app
from tests.conftest import Clock
from tests.support.journey import (
    APPROVALS,
    RESULTS,
    VISITS,
    Office,
    campaign,
    install,
    open_campaign,
    standard_answers,
    work_plan,
)

DRAW = "CN-370105-SCJG-2026-0001"


@pytest.fixture
def office(engine: ProcessEngine) -> Office:
    """A district whose market regulator has a campaign up to the committed lists."""
    install(engine, objects=300, inspectors=90, items=30)
    office = Office(engine)
    open_campaign(office)
    standard_answers(office, work_plan(engine, "SCJG", ["WJJ"], ratio=10), problem_in="SCJG")
    office.do_all("draft_work_plan", *APPROVALS, "gate_check")
    return office


@pytest.fixture
def public(engine: ProcessEngine) -> FlaskClient:
    """Anybody's browser."""
    return create_app(engine.settings, engine).test_client()


def pages_of(client: FlaskClient) -> list[str]:
    """Every public address that can be reached by links from the public home, with the draw's record."""
    seen: list[str] = []
    waiting = ["/public", "/public/draws/log.json"]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.append(path)
        response = client.get(path)
        assert response.status_code == 200, path
        if response.mimetype == "text/html":
            found = re.findall(r'href="(/public[^"#]*)"', response.text)
            waiting += [link.replace("&amp;", "&") for link in found]
    return seen


def text_of(client: FlaskClient, path: str) -> str:
    response = client.get(path)
    if response.data[:2] == b"PK":  # a record, or a table for Excel
        with zipfile.ZipFile(io.BytesIO(response.data)) as archive:
            return "\n".join(archive.read(name).decode() for name in archive.namelist())
    if response.mimetype == "application/pdf":
        pages = [page.get_textpage().get_text_range() for page in pypdfium2.PdfDocument(response.data)]
        return "\n".join([*pages, *("".join(page.split()) for page in pages)])  # digests are set in groups
    return response.text


def test_while_a_protected_draw_runs_nothing_about_candidates_pairs_or_grades_is_public(
    engine: ProcessEngine, office: Office, public: FlaskClient
) -> None:
    def said() -> str:
        paths = pages_of(public)
        assert f"/public/draws/{DRAW}/record.zip" in paths and f"/public/verify?draw={DRAW}" in paths
        return "\n".join(text_of(public, path) for path in paths)

    with engine.read() as session:
        row = records.draw(session, "370105", DRAW)
        candidates = [line.split("\t") for line in row.files["candidates.tsv"].splitlines()]
        inspectors = [line.split("\t")[0] for line in row.files["inspectors.tsv"].splitlines()]
        # Codes of inspectors look like codes of items, and the list of items is public.
        secrets = {row.key, *inspectors} - set(session.scalars(sa.select(Item.code)))
        secrets |= {uscc for uscc, _ in candidates}
        secrets |= set(
            session.scalars(sa.select(InspectedObject.name).where(InspectedObject.uscc.in_([c for c, _ in candidates])))
        )
        strata = {stratum for _, stratum in candidates}
    assert len(secrets) > 40
    committed = said()
    assert [s for s in secrets if s and s in committed] == []
    office.do_all("log_commitment", "reveal", "organ_approval")
    with engine.read() as session:
        drawn = session.scalars(sa.select(DrawnObject)).all()
        assert drawn
        secrets |= {d.ticket for d in drawn}
        names = session.scalars(sa.select(Inspector.name).where(Inspector.code.in_(inspectors))).all()
        row = records.draw(session, "370105", DRAW)
        secrets |= {w.part for w in draws.witnesses_of(session, row)}
    office.do_all(*VISITS)
    running = said()
    assert [s for s in secrets | set(names) if s and s in running] == []
    assert [s for s in strata if re.search(rf"[\t\"]{re.escape(s)}[\t\"]", running)] == []
    assert "受保护抽取" in running and "任务结束后，任何人" in running


def test_after_the_task_the_inspected_firms_and_the_parts_are_public_but_never_grades_or_pairs(
    engine: ProcessEngine, office: Office, public: FlaskClient
) -> None:
    office.do_all("log_commitment", "reveal", "organ_approval", "sign_for_receipt", *VISITS, *RESULTS)
    page = public.get(f"/public/draws/{DRAW}").text
    with engine.read() as session:
        row = records.draw(session, "370105", DRAW)
        result = json.loads(row.files["result.json"])
        pairs = {code for d in session.scalars(sa.select(DrawnObject)) for p in d.pairs.values() for code in p}
        # Codes of inspectors look like codes of items, which the manifest does name.
        names = set(session.scalars(sa.select(Inspector.name).where(Inspector.code.in_(pairs))))
        strata = {line.split("\t")[1] for line in row.files["candidates.tsv"].splitlines()}
    assert all(w["part"] in page for w in result["witnesses"])
    assert "2026年餐饮单位部门联合抽查" in page
    record = text_of(public, f"/public/draws/{DRAW}/record.zip")
    assert "inspected" in record and row.key not in record
    assert names and [name for name in names if name in record or name in page] == []
    assert "assignments" not in record and "jobs.tsv" not in record and len(strata) >= 1


def test_the_commitment_is_shown_whole_with_a_code_that_leads_back_to_the_page(
    engine: ProcessEngine, office: Office, public: FlaskClient
) -> None:
    page = public.get(f"/public/draws/{DRAW}").text
    with engine.read() as session:
        row = records.draw(session, "370105", DRAW)
        manifest = row.files["manifest.json"]
    shown = [
        "".join(re.findall(r"<span>(\w{8})</span>", code))
        for code in re.findall(r'class="digest digest-8">(.*?)</code>', page)
    ]
    assert shown == [row.manifest_sha256, row.manifest_sm3]
    assert hashlib.sha256(manifest.encode()).hexdigest() == shown[0]
    assert '<svg viewBox="0 0' in page and "扫码打开本页" in page
    assert "等待登记" in page
    assert "完整公开日志 <code>log.tsv</code>" in page


def test_an_aborted_draw_stays_in_the_list_and_its_number_is_not_missing(
    engine: ProcessEngine, office: Office, public: FlaskClient, clock: Clock
) -> None:
    office.do(office.open_tasks("log_commitment")[0])
    clock.advance(hours=5)
    with engine.read() as session:
        instance = session.scalars(
            sa.select(ProcessInstance.id).where(ProcessInstance.process_key == "joint-inspection")
        )
        instance_id = instance.one()
    engine.execute(FireTimers(instance_id), actor=Actor.system())
    office.answers["explain_abort"] = {
        "cause": "监督人未在时限内登记", "explanation": "监督人甲临时参加会议，没有按时登记。",
        "replacement_witnesses": [],
    }  # fmt: skip
    office.answers["approve_redraw"] = {"decision": "同意"}
    office.do_all("explain_abort", "approve_redraw", "log_commitment", "reveal")
    page = public.get("/public/draws").text
    assert "已中止" in page and f"{DRAW[:-1]}2" in page
    assert "连续，没有缺号" in page and "0001 – 0002" in page
    assert "永久保留" in public.get(f"/public/draws/{DRAW}").text
    with engine.database.write() as session:  # somebody hides the aborted one
        session.execute(sa.delete(Draw).where(Draw.draw_id == DRAW))
    assert "缺 1" in public.get("/public/draws").text


def test_a_firm_checks_its_door_proof_without_scripts_and_a_changed_one_fails(
    engine: ProcessEngine, office: Office, public: FlaskClient
) -> None:
    office.do_all("log_commitment", "reveal", "organ_approval")
    with engine.read() as session:
        row = records.draw(session, "370105", DRAW)
        uscc = session.scalars(sa.select(DrawnObject.uscc)).first()
        assert uscc
        proof = disclosure.door_proof(session, engine.settings, row, uscc, engine.clock())

    def check(text: str) -> Any:
        token = re.search(r'name="csrf-token" content="([^"]+)"', public.get("/public/verify").text)
        assert token
        data = {"csrf_token": token[1], "proof": (io.BytesIO(text.encode()), "door-proof.json")}
        return public.post("/public/verify", data=data)

    good = check(proof)
    assert good.status_code == 200 and "全部通过" in good.text and "确被抽中" in good.text
    other = "9" + uscc[1:-1] + ("A" if uscc[-1] != "A" else "B")
    assert "有不符之处" in check(proof.replace(uscc, other)).text
    cut = json.loads(proof)
    del cut["path"]
    assert check(json.dumps(cut)).status_code == 422
    assert check("[]").status_code == 422
    assert check("").status_code == 422


def test_a_publication_is_shown_exactly_as_released_and_can_be_found(
    engine: ProcessEngine, office: Office, public: FlaskClient
) -> None:
    office.do_all("log_commitment", "reveal", "organ_approval", "sign_for_receipt", *VISITS, *RESULTS)
    with engine.read() as session:
        row = session.scalars(sa.select(Publication).where(Publication.department == "SCJG")).first()
    assert row is not None
    page = public.get(f"/public/publications/{row.id}").text
    for value in row.content.values():
        if isinstance(value, str) and value:
            assert value in page
    assert f"/public/draws/{DRAW}" in page
    number = campaign(engine, row.content["任务编号"]).number
    uscc = row.content["统一社会信用代码"]
    assert row.content["检查对象"] in public.get(f"/public/results?q={uscc}").text
    assert number and row.id in public.get("/public/results?department=SCJG").text
    assert row.id not in public.get("/public/results?department=WJJ").text
    none = public.get("/public/results?q=" + "没有这家企业").text
    assert "没有符合条件" in none and "/public/penalties?q=" in none  # and says where else to look


@pytest.mark.parametrize(
    "path",
    [
        "/public/publications/01a20390-48de-7b76-8a22-3d46e2a1e387",
        "/public/publications/none",
        "/public/draws/none",
        "/public/other",
    ],
)
def test_what_does_not_exist_is_said_plainly(public: FlaskClient, path: str) -> None:
    response = public.get(path)
    assert response.status_code == 404
    assert "左侧菜单" not in response.text and 'button-primary" href="/public"' in response.text


def test_a_withheld_result_has_no_public_page(engine: ProcessEngine, public: FlaskClient) -> None:
    with engine.database.write() as session:
        row = Publication(
            id=new_id(),
            district_id="370105",
            subject="x",
            kind="result",
            department="SCJG",
            content={},
            state="withheld",
        )
        session.add(row)
    assert public.get(f"/public/publications/{row.id}").status_code == 404


def test_results_page_by_key(engine: ProcessEngine, public: FlaskClient) -> None:
    with engine.database.write() as session:
        for number in range(65):
            session.add(
                Publication(
                    id=new_id(), district_id="370105", subject=f"s{number}", kind="result", department="SCJG",
                    content={"检查对象": f"演示企业{number:03d}"}, state="published", published_at=engine.clock(),
                )
            )  # fmt: skip
    seen: list[str] = []
    path: str | None = "/public/results"
    while path:
        page = public.get(path).text
        seen += re.findall(r"演示企业\d{3}", page)
        following = re.search(r'rel="next" href="([^"]+)"', page)
        path = following[1].replace("&amp;", "&") if following else None
    assert seen == [f"演示企业{n:03d}" for n in reversed(range(65))]
    assert public.get("/public/results?before=nonsense").status_code == 200


def test_the_protocol_page_carries_the_published_vector(public: FlaskClient) -> None:
    page = re.sub(r"</?span>", "", public.get("/public/protocol").text)
    assert "18602071746e65e807e5104561d0a281e87a7af40ae2c9acc43e3e355e744cb3" in page
    assert re.search(r"663f5cba\w{48}6980f6c9", page)
    command = re.search(r"printf &#39;%s&#39; &#39;(SSJ1[^&]*)&#39;", page)
    assert command and hashlib.sha256(command[1].encode()).hexdigest().startswith("18602071")


def test_the_brand_leads_home_and_the_public_home_stands_for_it_when_nobody_is_signed_in(public: FlaskClient) -> None:
    assert 'class="brand" href="/public"' in public.get("/public").text
    sign_in = public.get("/sign-in").text
    assert 'class="brand" href="/public"' in sign_in and 'class="button" href="/public">公示与核验' in sign_in
