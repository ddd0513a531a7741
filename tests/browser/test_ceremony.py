"""A draw as people live it: two phones and a screen in a room; then a citizen, a firm and an auditor check it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pypdfium2
import pytest
from flask import Flask
from playwright.sync_api import Page, expect

from engine.inspection import draws
from engine.inspection.demo.accounts import DEMO_PASSWORD
from engine.web import assets
from engine.web.door_proofs import address_of
from tests.browser import shots
from tests.conftest import SHANGHAI, Clock
from tests.support import draw_room
from tests.support.draw_room import DRAW
from tests.support.journey import RESULTS, VISITS
from tests.support.pages import District

Axe = Callable[[Page], list[str]]
Room = Callable[[str], tuple[District, str]]
SCREEN, PHONE = f"/draws/{DRAW}/ceremony?screen=1", f"/draws/{DRAW}/witness"


TEN = datetime(2026, 3, 2, 10, 0, tzinfo=SHANGHAI)


@pytest.fixture(scope="module")
def templates(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    assets.build()
    folder = tmp_path_factory.mktemp("draws")
    for disclosure in ("protected", "open"):
        draw_room.build(sqlite_template, folder / f"{disclosure}.db", Clock(TEN), disclosure)
    return {disclosure: folder / f"{disclosure}.db" for disclosure in ("protected", "open")}


@pytest.fixture
def room(templates: dict[str, Path], tmp_path: Path, serve: Callable[[Flask], str]) -> Iterator[Room]:
    """Open a committed draw; returns the system and its address."""
    made: list[District] = []

    def enter(disclosure: str) -> tuple[District, str]:
        path = tmp_path / f"{disclosure}.db"
        shutil.copyfile(templates[disclosure], path)
        made.append(draw_room.enter(path, Clock(TEN), disclosure))
        return made[-1], serve(made[-1].app)

    yield enter
    for district in made:
        district.engine.database.dispose()


def signed_in(watched: Any, base: str, login: str, path: str, width: int, scheme: str) -> Page:
    page: Page = watched.page(width, scheme, accept_downloads=True)
    shots.sign_in(page, base, login, DEMO_PASSWORD)
    page.goto(base + path)
    return page


def is_sound(page: Page, axe: Axe) -> None:
    """Accessible in both colour schemes and not wider than the screen."""
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")  # type: ignore[arg-type]
        assert axe(page) == [], page.url
    assert shots.overflow(page) <= 0, page.url


def saved(page: Page, name: str, folder: Path) -> Path:
    """What the link or button of that name downloads."""
    with page.expect_download() as download:
        page.get_by_role("link", name=name).or_(page.get_by_role("button", name=name)).first.click()
    path = folder / download.value.suggested_filename
    download.value.save_as(path)
    return path


def generate(phone: Page) -> str:
    """Press the button; the digest the device shows."""
    phone.get_by_role("button", name="生成随机因子").click()
    return "".join(phone.locator("output.digest").inner_text().split())


def log(phone: Page) -> None:
    phone.get_by_text("没有告诉任何人").click()
    phone.get_by_role("button", name="登记摘要").click()


def test_two_witnesses_on_their_own_phones_draw_before_a_screen(
    room: Room, watched: Any, axe: Axe, tmp_path: Path
) -> None:
    district, base = room("open")
    screen = signed_in(watched, base, "scjg-officer", SCREEN, 1280, "light")
    expect(screen.get_by_text("等待登记")).to_have_count(2)
    expect(screen.locator("[data-until]")).to_have_text(re.compile(r"还有 0[34]:\d\d:\d\d"))
    is_sound(screen, axe)
    first = signed_in(watched, base, "witness1", PHONE, 390, "light")
    second = signed_in(watched, base, "witness2", PHONE, 390, "dark")
    digest = generate(first)
    first.reload()
    shown = first.locator("output.digest")
    expect(shown).to_have_text(digest)
    is_sound(first, axe)
    log(first)
    expect(first.get_by_text("现在还不能公开")).to_be_visible()
    is_sound(first, axe)
    backup = saved(first, "另存备份", tmp_path)
    expect(screen.get_by_text("等待登记")).to_have_count(1, timeout=15_000)
    expect(screen.locator(".witness-card .hash")).to_have_text(digest)
    # A second tab that generates again must not lose what the first one logs.
    generate(second)
    tab = second.context.new_page()
    tab.goto(base + PHONE)
    tab.get_by_role("button", name="重新生成").click()
    log(second)
    for phone in (second, first, tab):
        expect(phone.get_by_role("button", name="公开随机因子")).to_be_visible(timeout=15_000)
    is_sound(second, axe)
    # A lost phone: another device has nothing, and takes the backup.
    first.evaluate("localStorage.clear()")
    first.reload()
    expect(first.get_by_text("本机没有保存登记时的随机因子")).to_be_visible()
    is_sound(first, axe)
    first.get_by_label("选择备份文件").set_input_files(backup)
    expect(first.get_by_text("已从本机取出随机因子")).to_be_visible()
    first.get_by_role("button", name="公开随机因子").click()
    expect(first.get_by_role("heading", name="您已完成")).to_be_visible()
    second.get_by_role("button", name="公开随机因子").click()
    expect(screen.get_by_role("heading", name="抽取完成")).to_be_visible(timeout=15_000)
    for _, name in draw_room.firms(district):
        expect(screen.get_by_role("cell", name=name, exact=True)).to_be_visible()
    expect(screen.locator("#ceremony-state[data-hx-get]")).to_have_count(0)
    expect(first.get_by_role("heading", name="抽取完成")).to_be_visible(timeout=15_000)
    is_sound(screen, axe)
    screen.goto(base + f"/draws/{DRAW}/ceremony")
    is_sound(screen, axe)
    minutes = screen.context.request.get(f"{base}/draws/{DRAW}/record.pdf").body()
    assert len(pypdfium2.PdfDocument(minutes)) >= 2


def test_an_aborted_draw_stays_visible_as_such(room: Room, watched: Any, axe: Axe) -> None:
    district, base = room("protected")
    screen = signed_in(watched, base, "scjg-officer", SCREEN, 1280, "dark")
    with district.engine.database.write() as session:
        row = draws.locked(session, "370105", DRAW)
        draws.abort(session, district.engine.settings, row, "", district.clock())
    expect(screen.get_by_role("heading", name="本次抽取已中止")).to_be_visible(timeout=15_000)
    is_sound(screen, axe)
    citizen = watched.page(390, "dark")
    citizen.goto(f"{base}/public/draws")
    expect(citizen.get_by_text("已中止")).to_be_visible()
    citizen.goto(f"{base}/public/draws/{DRAW}")
    expect(citizen.get_by_text("永久保留")).to_be_visible()
    is_sound(citizen, axe)


def passes(page: Page, level: str) -> None:
    """The verifier says that everything fits, at that level."""
    verdict = page.locator(".verifier-verdict")
    expect(verdict).to_have_attribute("data-ok", "true", timeout=20_000)
    expect(verdict).to_have_attribute("data-level", level)


def test_a_citizen_a_firm_and_an_auditor_check_with_the_page_saved_to_disk(
    room: Room, watched: Any, axe: Axe, tmp_path: Path
) -> None:
    district, base = room("protected")
    district.office.do_all("log_commitment", "reveal", "organ_approval", "sign_for_receipt")
    firm = a_firm_scans_the_code_of_the_inspector(district, base, watched, axe, tmp_path)
    district.office.do_all(*VISITS, *RESULTS)

    citizen = watched.page(1280, "light", accept_downloads=True)
    citizen.goto(f"{base}/public/draws/{DRAW}")
    is_sound(citizen, axe)
    record = saved(citizen, "下载公开记录", tmp_path)
    citizen.goto(f"{base}/public/protocol")
    is_sound(citizen, axe)
    citizen.goto(f"{base}/public/log?line=2&size=1")
    is_sound(citizen, axe)
    citizen.goto(f"{base}/public/verify?draw={DRAW}")
    is_sound(citizen, axe)
    citizen.get_by_role("button", name="核验本次抽取的公开记录").click()
    passes(citizen, "public")
    is_sound(citizen, axe)
    kept = saved(citizen, "下载离线核验文件", tmp_path)

    auditor = signed_in(watched, base, "auditor", f"/audit/draws/{DRAW}", 1280, "light")
    is_sound(auditor, axe)
    auditor.get_by_label("核验事由").fill("2026年专项审计")
    full = saved(auditor, "领取并下载", tmp_path)
    citizen.goto(f"{base}/public/draws/{DRAW}")
    expect(citizen.get_by_text("事由：2026年专项审计")).to_be_visible()

    disk = watched.page(390, "dark")
    disk.context.set_offline(True)
    disk.goto(kept.as_uri())
    is_sound(disk, axe)
    folder = tmp_path / "folder"
    shutil.unpack_archive(record, folder)
    for choice, level in ((record, "public"), (firm, "door"), (full, "auditor")):
        disk.locator("#verifier-files").set_input_files(choice)
        expect(disk.get_by_text("核验完成")).to_be_visible(timeout=20_000)
        passes(disk, level)
        disk.reload()
    disk.locator("#verifier-folder").set_input_files(folder)
    passes(disk, "public")
    is_sound(disk, axe)


def a_firm_scans_the_code_of_the_inspector(district: District, base: str, watched: Any, axe: Axe, folder: Path) -> Path:
    """The inspector shows the code at the door; the firm's phone opens what is behind it, computes, keeps the file."""
    number = district.office.open_tasks("prepare_visit")[0].business_key.rpartition("/")[0]
    inspector = signed_in(watched, base, "scjg-officer", f"/inspections/{number}/door-proof", 390, "light")
    expect(inspector.get_by_role("img", name="入场核验的二维码")).to_be_visible()
    is_sound(inspector, axe)
    uscc = json.loads(inspector.locator("pre").text_content() or "")["id"]
    with district.app.test_request_context(base_url=base):
        address = address_of(DRAW, uscc)
    phone: Page = watched.page(390, "light", accept_downloads=True)
    phone.goto(address)
    expect(phone.get_by_text("贵单位确由抽签产生")).to_be_visible()
    phone.get_by_role("button", name="在我的手机上计算").click()
    passes(phone, "door")
    is_sound(phone, axe)
    return saved(phone, "保存核验文件", folder)
