"""What witnesses, citizens and firms meet: their own page, the minutes, the public log, the code at the door."""

from __future__ import annotations

import hashlib
import re
import shlex
import shutil
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
import sqlalchemy as sa

from engine.inspection import draw, draws
from engine.inspection.draw_commands import AnnulDraw
from engine.inspection.models import DrawLogEntry, DrawnObject, InspectedObject
from engine.web import assets, worked_example
from engine.web.door_proofs import address_of
from tests.conftest import SHANGHAI, Clock
from tests.support import draw_room
from tests.support.draw_room import DRAW
from tests.support.pages import Browser, District

Enter = Callable[[str], District]
WITNESS = f"/draws/{DRAW}/witness"
DIGEST = hashlib.sha256(b"0123456789abcdef|dice 3 5 1").hexdigest()
TEN = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def templates(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    assets.build()
    folder = tmp_path_factory.mktemp("draws")
    for disclosure in ("protected", "open"):
        draw_room.build(sqlite_template, folder / f"{disclosure}.db", Clock(TEN), disclosure)
    return {disclosure: folder / f"{disclosure}.db" for disclosure in ("protected", "open")}


@pytest.fixture
def room(templates: dict[str, Path], tmp_path: Path, clock: Clock) -> Enter:
    def enter(disclosure: str) -> District:
        path = tmp_path / "draw.db"
        shutil.copyfile(templates[disclosure], path)
        return draw_room.enter(path, clock, disclosure)

    return enter


def anybody(district: District) -> Browser:
    return Browser(district.app.test_client())


def log(phone: Browser, digest: str, confirmed: str = "true") -> Any:
    return phone.post(f"{WITNESS}/log", {"logged_sha256": digest, "confirmed": confirmed}, page=WITNESS)


def reveal(phone: Browser, nonce: str, part: str) -> Any:
    return phone.post(f"{WITNESS}/reveal", {"nonce": nonce, "part": part}, page=WITNESS)


def pdf_text(content: bytes) -> str:
    document = pypdfium2.PdfDocument(content)
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in document)


# ---------------------------------------------------------------- witnesses


def test_a_witness_is_told_at_every_moment_what_to_do_and_why_something_cannot_be_done(room: Enter) -> None:
    district = room("protected")
    first, second = district.sign_in("witness1"), district.sign_in("witness2")
    assert "第一步：登记摘要" in first.text(WITNESS)
    early = reveal(first, "0123456789abcdef", "dice 3 5 1")
    assert early.status_code == 303 and "尚未登记摘要" in first.text(WITNESS), "too early, and who is missing"
    assert log(first, DIGEST).status_code == 303
    page = first.text(WITNESS)
    assert "现在还不能公开" in page and "演示·抽取监督人二" in page and "另存" not in page
    log(first, "a" * 64)
    assert "您已经登记过摘要，不能更改" in first.text(WITNESS)
    copied = log(second, DIGEST)
    assert copied.status_code == 422 and "相同" in copied.text and DIGEST in copied.text, "what was typed comes back"
    other = hashlib.sha256(b"fedcba9876543210|dice 1").hexdigest()
    log(second, other)
    assert "第二步：公开随机因子" in first.text(WITNESS)
    wrong = reveal(first, "0123456789abcdef", "dice 6 6 6")
    assert wrong.status_code == 422 and "与您登记的摘要不符" in wrong.text and "dice 6 6 6" in wrong.text
    reveal(first, "0123456789abcdef", "dice 3 5 1")
    assert "您已完成" in first.text(WITNESS)
    reveal(first, "0123456789abcdef", "dice 3 5 1")
    assert "您已经公开过" in first.text(WITNESS)
    reveal(second, "fedcba9876543210", "dice 1")
    assert "抽取完成" in second.text(WITNESS)


def test_the_page_of_a_witness_is_for_witnesses(room: Enter) -> None:
    district = room("protected")
    refused = district.sign_in("scjg-officer").get(WITNESS)
    assert refused.status_code == 403 and "您不是本次抽取的监督人" in refused.text
    assert district.sign_in("zjj-officer").get(WITNESS).status_code == 404
    assert anybody(district).get(WITNESS).status_code == 302


def test_a_waiting_phone_loads_anew_when_something_changed_and_never_under_somebodys_hands(room: Enter) -> None:
    district = room("protected")
    first, second = district.sign_in("witness1"), district.sign_in("witness2")

    def poll(phone: Browser) -> str:
        found = re.search(r'data-hx-get="([^"]+/witness/state[^"]+)"', phone.text(WITNESS))
        assert found
        return found[1]

    filling = poll(second)
    log(first, DIGEST)
    assert second.get(filling).status_code == 204, "another's act must not clear a form"
    waiting = poll(first)
    assert first.get(waiting).status_code == 204
    district.office.do(draw_room.witness_task(district, "witness2", "log_commitment"))
    changed = first.get(waiting)
    assert changed.status_code == 200 and changed.headers["HX-Refresh"] == "true"
    assert second.get(filling).headers["HX-Refresh"] == "true", "logged from another device"


def test_an_aborted_draw_says_so_everywhere_and_takes_nothing_more(room: Enter) -> None:
    district = room("protected")
    phone = district.sign_in("witness1")
    log(phone, DIGEST)
    with district.engine.database.write() as session:
        draws.abort(session, district.engine.settings, draws.locked(session, "370105", DRAW), "", district.clock())
    assert "本次抽取已中止" in phone.text(WITNESS) and "演示·抽取监督人二" in phone.text(WITNESS)
    reveal(phone, "0123456789abcdef", "dice 3 5 1")
    assert "不再接受随机因子" in phone.text(WITNESS)
    screen = phone.text(f"/draws/{DRAW}/ceremony?screen=1")
    assert "本次抽取已中止" in screen and "永久保留" in screen and "data-hx-get" not in screen
    minutes = pdf_text(phone.get(f"/draws/{DRAW}/record.pdf").data)
    assert "本次抽取已中止" in minutes and "未登记：演示·抽取监督人二" in minutes


def test_an_annulled_draw_shows_for_ever_what_was_drawn_and_that_it_has_no_effect(room: Enter) -> None:
    district = room("open")
    district.office.do_all("log_commitment", "reveal")
    district.engine.execute(AnnulDraw(DRAW, "对象范围录入错误"), actor=district.office.login("scjg-head"))
    witness = district.sign_in("witness1")
    screen = witness.text(f"/draws/{DRAW}/ceremony")
    assert "本次抽取已作废" in screen and "对象范围录入错误" in screen and "已作废，不产生效力" in screen
    public = anybody(district)
    assert "对象范围录入错误" in public.text("/public/draws") and "永久保留" in public.text(f"/public/draws/{DRAW}")
    minutes = pdf_text(public.get(f"/public/draws/{DRAW}/record.pdf").data)
    assert "理由：对象范围录入错误" in minutes and "不能删除" in minutes


# ---------------------------------------------------------------- minutes


def test_the_minutes_of_a_protected_draw_name_no_firm_and_in_public_no_stratum(room: Enter) -> None:
    district = room("protected")
    district.office.do_all("log_commitment", "reveal")
    parts = [part for _, part in district.office.nonces.values()]
    firms = draw_room.firms(district)
    inside = district.sign_in("scjg-officer").get(f"/draws/{DRAW}/record.pdf")
    outside = anybody(district).get(f"/public/draws/{DRAW}/record.pdf")
    assert inside.mimetype == outside.mimetype == "application/pdf"
    said, public = pdf_text(inside.data), pdf_text(outside.data)
    for text in (said, public):
        assert firms and not any(uscc in text or name in text for uscc, name in firms)
        assert not any(part in text for part in parts), "the parts are public when the task is over"
        assert "演示·抽取监督人一" in text and "名单不列入本记录" in text and "签字" in text
    assert "分层与名额" in said and "内部留存" in said and "2026年餐饮单位" in said
    assert "分层与名额" not in public and "内部留存" not in public and "2026年餐饮单位" not in public


def test_the_minutes_of_an_open_draw_list_the_firms_in_the_order_of_their_tickets(room: Enter) -> None:
    district = room("open")
    district.office.do_all("log_commitment", "reveal")
    firms = draw_room.firms(district)
    said = pdf_text(district.sign_in("witness1").get(f"/draws/{DRAW}/record.pdf").data)
    places = [said.index(uscc) for uscc, _ in firms]
    assert places == sorted(places) and all("".join(name.split()) in said for _, name in firms)
    public = pdf_text(anybody(district).get(f"/public/draws/{DRAW}/record.pdf").data)
    assert all(uscc in public for uscc, _ in firms) and not any(name in public for _, name in firms)
    with district.engine.read() as session:
        pairs = session.scalars(sa.select(DrawnObject.pairs)).all()
    codes = {code for pair in pairs for people in pair.values() for code in people}
    assert codes and not [code for code in codes if code in said or code in public]


# ---------------------------------------------------------------- public log


def test_a_line_is_followed_by_hand_up_to_the_signed_root(room: Enter) -> None:
    district = room("open")
    district.office.do_all("log_commitment", "reveal")
    public = anybody(district)
    proof = public.get("/public/log/proof.json?line=2").json
    assert proof is not None
    value = hashlib.sha256(b"\0" + proof["leaf"].encode()).digest()
    page = public.text("/public/log?line=2")
    assert value.hex() in page and proof["root"] in page and "第 2 行在日志里" in page
    steps = re.findall(r"([左右])邻 .*?(\w{64}).*?(\w{64})", page, re.S)
    assert len(steps) == len(proof["path"])
    for side, sibling, result in steps:
        both = bytes.fromhex(sibling) + value if side == "左" else value + bytes.fromhex(sibling)
        value = hashlib.sha256(b"\1" + both).digest()
        assert value.hex() == result
    assert value.hex() == proof["root"]


def test_a_kept_head_proves_that_the_log_only_grew_and_betrays_an_edit(room: Enter) -> None:
    district = room("open")
    public = anybody(district)
    kept = public.get("/public/log/head.json").text
    district.office.do_all("log_commitment", "reveal")

    def compare(head: str) -> str:
        answer = public.client.get("/public/log", query_string={"head": head})
        assert answer.status_code == 200
        return str(answer.text)

    assert "没有改动或删除" in compare(kept)
    assert "签名无效" in compare(kept.replace("SSJ1-log\\t370105\\t1", "SSJ1-log\\t370105\\t2"))
    assert "这不是签名树头" in compare('{"text": 1}') and "这不是签名树头" in compare("[]")
    with district.engine.database.write() as session:
        entry = session.scalars(sa.select(DrawLogEntry).where(DrawLogEntry.index == 0)).one()
        entry.leaf = entry.leaf.replace(DRAW, DRAW[:-1] + "2")
    assert "日志被改动过" in compare(kept)
    later = public.get("/public/log/head.json").text
    with district.engine.database.write() as session:
        session.execute(sa.delete(DrawLogEntry).where(DrawLogEntry.index > 1))
    assert "日志被截断过" in compare(later)


@pytest.mark.parametrize("query", ["line=9999", "line=-1", "line=x", "size=0", "size=9999"])
def test_a_number_outside_the_log_is_explained(room: Enter, query: str) -> None:
    public = anybody(room("open"))
    assert "之间的整数" in public.text(f"/public/log?{query}")
    assert public.get(f"/public/log/proof.json?{query}").status_code == 422


# ---------------------------------------------------------------- the firm at its door


def test_the_code_an_inspector_shows_leads_a_firm_to_its_own_proof_and_to_no_other(room: Enter) -> None:
    district = room("protected")
    district.office.do_all("log_commitment", "reveal", "organ_approval", "sign_for_receipt")
    firms = draw_room.firms(district)
    with district.app.test_request_context():
        address = address_of(DRAW, firms[0][0])
    path = address.partition("localhost")[2]
    public = anybody(district)
    answer = public.get(path)
    assert answer.status_code == 200 and "贵单位确由抽签产生" in answer.text and firms[0][1] in answer.text
    assert "no-store" in answer.headers["Cache-Control"] and answer.headers["X-Robots-Tag"] == "noindex"
    assert not any(uscc in answer.text or name in answer.text for uscc, name in firms[1:])
    proof = public.get(f"{path}/door-proof.json").json
    assert proof is not None and proof["id"] == firms[0][0]
    assert public.get(path[:-3] + "abc").status_code == 404
    with district.app.test_request_context(), district.engine.read() as session:
        other = session.scalars(
            sa.select(InspectedObject.uscc).where(InspectedObject.uscc.not_in([uscc for uscc, _ in firms]))
        ).first()
        assert other
        stranger = address_of(DRAW, other).partition("localhost")[2]
    assert public.get(stranger).status_code == 404, "a firm that was not drawn"


# ---------------------------------------------------------------- the program and the example


def test_a_citizen_downloads_the_very_program_that_draws_and_reads_its_digest(room: Enter, tmp_path: Path) -> None:
    public = anybody(room("open"))
    source = public.get("/public/draw.py").data
    assert source == Path(str(draw.__file__)).read_bytes()
    (tmp_path / "draw.py").write_bytes(source)
    example = worked_example.compute()
    command = [sys.executable, *shlex.split(example.python)[1:]]
    said = subprocess.run(command, cwd=tmp_path, env={}, check=True, capture_output=True, text=True).stdout.split()
    assert said == [
        example.seed,
        next(lot.ticket for lot in example.lots if lot.object_id == worked_example.CANDIDATES[0]),
    ]
    page = public.text("/public/protocol")
    digest = hashlib.sha256(source).hexdigest()
    assert all(f"<span>{digest[i : i + 4]}</span>" in page for i in range(0, 64, 4))


def test_the_quotas_of_the_worked_example_are_those_of_the_protocol() -> None:
    example = worked_example.compute()
    sizes = {name: size for name, (size, _) in worked_example.STRATA.items()}
    ppm = {name: share for name, (_, share) in worked_example.STRATA.items()}
    assert {s.name: s.quota for s in example.strata} == draw.quotas(sizes, ppm, "systematic", example.seed)
