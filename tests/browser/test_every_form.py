"""Every form of every process, filled in on a telephone: within the screen, reachable by a finger, accepted."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page

from engine import accounts
from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.db import Database
from engine.forms import Form
from engine.forms.components import Component
from engine.inspection.installation import roles, services
from engine.lint.bundle import read_bundle
from engine.models import Department, User, UserRole
from engine.process_engine import ProcessEngine
from engine.settings import Settings
from engine.web.app import create_app
from tests.browser import shots

PASSWORD = "a-long-word-2026"
PHONE = 390
#: So many workers may share the forms.
PARTS = 2
#: Smallest side of what a finger must hit, in CSS pixels.
TOUCH = 40
PROCESSES = sorted({path.parent.name for path in Settings().process_dir.glob("*/*.bpmn")})
#: What a text of a narrow pattern may be.
PATTERNS = {
    "^[0-9a-f]{64}$": "0123456789abcdef" * 4, "[0-9]{1,4}(wd|d|h)": "10wd", "[0-9]{1,4}(wd|d|m|h)": "10wd",
    "[A-Za-z0-9]{6,40}": "example2026", "[0-9A-Za-z-]+": "A-1", "^[^|\\t\\r\\n;]+$": "示例文字" * 6,
}  # fmt: skip
FORMATS = {"uscc": "91370105MA3C0KTU75", "phone": "13800000000"}
PIXEL = (
    "data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDw"
    "ADhgGAWjR9awAAAABJRU5ErkJggg=="
)

#: Fills whatever is visible and empty, again and again, because an answer can bring further questions.
FILL = """async ([rules, pixel]) => {
  const form = document.querySelector("#task-form");
  const fire = e => { for (const t of ["input", "change"]) e.dispatchEvent(new Event(t, {bubbles: true})); };
  const rule = name => rules[name.replace(/-(\\d+)-/g, ".").replace(/-(\\d+)$/, "")] || {};
  const visible = e => !e.disabled && e.closest("[hidden]") === null && e.getClientRects().length > 0;
  for (let round = 0; round < 8; round++) {
    let changed = 0;
    const set = (e, value) => { e.value = value; fire(e); changed++; };
    for (const e of form.querySelectorAll("input, textarea, select")) {
      if (e.type === "hidden") {
        if (e.matches("[data-signature] [data-value]") && !e.value && visible(e.parentElement)) set(e, pixel);
        continue;
      }
      if (!visible(e)) continue;
      const r = rule(e.name);
      if (e.type === "radio" || (e.type === "checkbox" && !("single" in e.dataset))) {
        const group = [...form.querySelectorAll(`input[name="${e.name}"]`)];
        const wanted = e.type === "radio" ? 1 : Math.max(1, r.minItems || 1);
        if (group.filter(o => o.checked).length < wanted && !e.checked) { e.checked = true; fire(e); changed++; }
      } else if (e.type === "checkbox") {
        if (!e.checked) { e.checked = true; fire(e); changed++; }
      } else if (e.type === "file") {
        if (e.files.length === 0) {
          const files = new DataTransfer();
          files.items.add(new File([Uint8Array.from(atob(pixel.split(",")[1]), c => c.charCodeAt(0))], "example.png",
                                   {type: "image/png"}));
          e.files = files.files; fire(e); changed++;
        }
      } else if (e.value === "" && e.type !== "search") {
        if (e.tagName === "SELECT") {
          const option = [...e.options].find(o => o.value !== "");
          if (option) set(e, option.value);
        } else set(e, r.text ?? "示例");
      }
    }
    await new Promise(done => setTimeout(done, 0));
    if (!changed) return round;
  }
  throw new Error("fields keep appearing");
}"""
SMALL = """least => [...document.querySelectorAll(
    '#task-form button, #task-form .choice, #task-form select, #task-form input:not([type=hidden])')]
  .filter(e => e.getClientRects().length && !e.closest('.choice input') && e.type !== 'checkbox' && e.type !== 'radio')
  .filter(e => e.getBoundingClientRect().height < least)
  .map(e => `${e.tagName} ${e.name || e.textContent.trim()}`)"""


@pytest.fixture
def open_form(
    new_sqlite_url: Callable[[], str], clock: Any, tmp_path: Path, serve: Any, watched: Any
) -> Callable[[str, dict[str, str]], Callable[[str], Page]]:
    """Deploy a process, sign a designer in on a phone; gives a function that opens one of its forms."""
    settings = Settings(database_url=new_sqlite_url(), data_dir=tmp_path / "var")
    database = Database(settings.url)
    with database.write() as session:
        session.add(Department(district_id=settings.district_id, code="SCJG", name="市场监督管理局"))
        user = User(
            district_id=settings.district_id, login="designer", name="设计员", department="SCJG",
            password_hash=accounts.hash_password(PASSWORD), created_at=clock(),
        )  # fmt: skip
        session.add(user)
        session.flush()
        session.add(UserRole(district_id=user.district_id, user_id=user.id, department="SCJG", role="流程设计"))
    engine = ProcessEngine(database, settings, services(), roles=roles(), clock=clock)

    page: Page = watched.page(PHONE)
    address = str(serve(create_app(settings, engine)))
    shots.sign_in(page, address, "designer", PASSWORD)

    def deploy(process: str, bundle: dict[str, str]) -> Callable[[str], Page]:
        engine.execute(Deploy(process, bundle, findings=()), actor=Actor.system())  # linted by other tests

        def show(form: str) -> Page:
            page.goto(f"{address}/processes/{process}/1/forms/{form}")
            return page

        return show

    return deploy


def rules(components: tuple[Component, ...], prefix: str = "") -> dict[str, Any]:
    """What each field of a form accepts, by its key; of a row ``list.key``."""
    found: dict[str, Any] = {}
    for component in components:
        key = f"{prefix}{component.key}"
        if component.components:
            found |= rules(component.components, f"{key}.")
        elif component.key:
            found[key] = {"minItems": component.validate.get("minItems"), "text": text_for(component)}
            found[f"{key}-lat"], found[f"{key}-lng"] = {"text": "36.68"}, {"text": "116.99"}
    return found


def text_for(component: Component) -> str:
    """Something the field accepts."""
    known = component.validate
    if component.type == "number":
        return str(known.get("min", 1))
    if component.type in ("date", "datetime"):
        return {"datetime": "2026-03-02 09:30", "time": "09:30"}.get(component.subtype, "2026-03-02")
    if known.get("format"):
        return FORMATS[known["format"]]
    if known.get("pattern"):
        return PATTERNS[known["pattern"]]
    return ("示例填写的内容" * 60)[: max(4, known.get("minLength") or 0)][: known.get("maxLength") or 400]


def first_users() -> dict[str, list[str]]:
    """Each form with the first process that uses it: the others show the same."""
    settings, seen = Settings(), set[str]()
    found: dict[str, list[str]] = {}
    for process in PROCESSES:
        bundle = read_bundle(settings.process_dir / process, settings.form_dir)
        mine = [n for n in sorted(bundle) if n.startswith("forms/") and n not in seen]
        seen.update(mine)
        if mine:
            found[process] = mine
    return found


FORMS = first_users()


@pytest.mark.parametrize("part", range(PARTS))
def test_every_form_of_every_process_is_filled_in_on_a_phone(part: int, open_form: Any) -> None:
    settings = Settings()
    for process, names in list(FORMS.items())[part::PARTS]:
        bundle = read_bundle(settings.process_dir / process, settings.form_dir)
        show = open_form(process, bundle)
        for form in (Form.parse(bundle[name]) for name in names):
            page = show(form.key)
            assert shots.overflow(page) <= 0, form.key
            page.evaluate(FILL, [rules(form.components), PIXEL])
            assert page.evaluate(SMALL, TOUCH) == [], form.key
            assert shots.overflow(page) <= 0, form.key
            page.click("#task-form .form-actions .button-primary")
            problems = page.locator(".error-summary")
            assert problems.count() == 0, (form.key, problems.inner_text())
            assert "核对通过" in page.locator(".notice-success").inner_text(), form.key
            assert shots.overflow(page) <= 0, form.key
