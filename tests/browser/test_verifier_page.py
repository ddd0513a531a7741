"""The verifier saved to disk: a citizen, an auditor and a firm check records without any server or network."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page

from engine.inspection import draw, draw_record
from engine.web import assets
from tests.support.draw_records import Sample, sample
from tests.support.draw_tampering import TAMPERINGS, honest


@pytest.fixture(scope="module")
def address() -> str:
    assets.build()
    return (assets.DIST / "verifier-offline.html").as_uri()


@pytest.fixture(params=[1280, 390], ids=["desktop", "phone"])
def page(browser: Browser, address: str, request: pytest.FixtureRequest) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": request.param, "height": 800}, offline=True)
    opened = context.new_page()
    faults: list[str] = []
    opened.on("pageerror", lambda error: faults.append(str(error)))
    opened.on("request", lambda asked: None if asked.url.startswith("file:") else faults.append(asked.url))
    opened.goto(address)
    yield opened
    assert faults == []
    context.close()


def check(page: Page, *files: Path) -> tuple[bool, str, list[str]]:
    """(all well?, level, codes that failed) as the page says."""
    page.set_input_files("#verifier-files", [str(f) for f in files])
    verdict = page.locator(".verifier-verdict")
    verdict.wait_for()
    bad = page.locator("tr.is-bad").evaluate_all("rows => rows.map(row => row.dataset.code)")
    return verdict.get_attribute("data-ok") == "true", str(verdict.get_attribute("data-level")), bad


def test_an_auditor_checks_a_zip_and_a_folder_of_files(
    page: Page, tmp_path: Path, axe: Callable[[Page], list[str]]
) -> None:
    files = honest().files
    (tmp_path / "record.zip").write_bytes(draw_record.zip_record(files))
    assert check(page, tmp_path / "record.zip") == (True, "auditor", [])
    page.reload()
    draw_record.write_record(files, tmp_path / "folder")
    assert check(page, *sorted((tmp_path / "folder").iterdir())) == (True, "auditor", [])
    assert axe(page) == []
    width = page.evaluate("document.documentElement.scrollWidth <= document.documentElement.clientWidth")
    assert width, "the page is wider than the screen"


def test_a_record_is_dropped_onto_the_page(page: Page) -> None:
    packed = base64.b64encode(draw_record.zip_record(honest().files)).decode()
    page.evaluate(
        """packed => {
          const bytes = Uint8Array.from(atob(packed), (c) => c.charCodeAt(0));
          const dataTransfer = new DataTransfer();
          dataTransfer.items.add(new File([bytes], "record.zip"));
          for (const kind of ["dragover", "drop"])
            document.querySelector(".verifier-drop").dispatchEvent(
              new DragEvent(kind, {dataTransfer, bubbles: true, cancelable: true}));
        }""",
        packed,
    )
    verdict = page.locator(".verifier-verdict")
    verdict.wait_for()
    assert verdict.get_attribute("data-ok") == "true" and "没有人为挑选" in verdict.inner_text()
    assert page.locator(".verifier-drop.is-over").count() == 0


def test_a_forged_record_is_refused_and_the_page_says_where(page: Page, tmp_path: Path) -> None:
    forged = TAMPERINGS["a drawn firm is replaced by a friend"](honest())
    (tmp_path / "record.zip").write_bytes(draw_record.zip_record(forged))
    well, _, bad = check(page, tmp_path / "record.zip")
    assert not well and "draw" in bad
    assert "核验不通过" in page.locator(".verifier-verdict").inner_text()


def test_a_firm_checks_its_own_proof(page: Page, tmp_path: Path) -> None:
    proof = door_proof(sample(4))
    (tmp_path / "proof.json").write_text(json.dumps(proof), "utf-8")
    assert check(page, tmp_path / "proof.json") == (True, "door", [])
    page.reload()
    (tmp_path / "proof.json").write_text(json.dumps({**proof, "stratum": "S9"}), "utf-8")
    assert check(page, tmp_path / "proof.json") == (False, "door", ["listed"])


def door_proof(made: Sample) -> dict[str, object]:
    outcome, key = made.outcome, made.key
    manifest = outcome.frozen.manifest
    rows = outcome.frozen.candidates
    object_id = outcome.drawn[0]
    stratum = dict(rows)[object_id]
    index = [i for i, _ in rows].index(object_id)
    levels = draw.merkle_levels(draw.leaves_of(rows, manifest["hash"], key))
    return {
        "kind": "door-proof", "spec": "SSJ1", "hash": manifest["hash"], "draw_id": manifest["draw_id"],
        "id": object_id, "stratum": stratum, "salt": draw.salt_of(manifest["hash"], key, object_id),
        "seed": outcome.seed, "threshold": outcome.selection.thresholds[stratum], "index": index, "count": len(rows),
        "path": draw.merkle_path(levels, index), "merkle": manifest["candidates"]["merkle"],
        "log": json.loads(made.files["log.json"]),
    }  # fmt: skip


def test_a_file_that_is_no_record_gets_a_clear_answer(page: Page, tmp_path: Path) -> None:
    (tmp_path / "broken.zip").write_bytes(b"PK nothing at all")
    page.set_input_files("#verifier-files", str(tmp_path / "broken.zip"))
    page.get_by_text("无法读取：").wait_for()
