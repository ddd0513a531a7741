"""Screenshots of pages at desktop and phone width, light and dark, to be looked at by people.

``python -m tests.browser.shots OUTPUT URL [PATH …] [--login NAME --password WORD]`` for a running server, or
:func:`shoot` from a test that has a page open.  Files are named ``<name>-<width>-<scheme>.png``.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from engine.web.assets import node_and_npm

WIDTHS = (1280, 390)
SCHEMES = ("light", "dark")
#: ``ready`` waits for this: a page has fonts, styles and islands before it is photographed.
_SETTLED = "document.fonts.status === 'loaded' && document.readyState === 'complete'"


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium, driven by playwright.

    Raises :class:`LookupError` without one.  Works in a bare container: playwright's own node wants a
    library that a small machine lacks, the project's node does not; as root and without unprivileged
    name spaces Chromium has no sandbox, and only our own pages are opened; ``/dev/shm`` may be tiny.
    """
    path = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    if path is None:
        raise LookupError("no Chromium: run `make chromium` or set CHROMIUM to its path")
    os.environ.setdefault("PLAYWRIGHT_NODEJS_PATH", node_and_npm()[0])
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=path, args=["--no-sandbox", "--disable-dev-shm-usage"])
        yield browser
        browser.close()


def new_context(browser: Browser, width: int = 1280, scheme: str = "light", **options: Any) -> BrowserContext:
    """A fresh browser profile: a phone below 600 px, a desktop above."""
    phone = width < 600
    return browser.new_context(
        viewport={"width": width, "height": 844 if phone else 800},
        color_scheme=scheme,  # type: ignore[arg-type]
        locale="zh-CN",
        timezone_id="Asia/Shanghai",
        device_scale_factor=2 if phone else 1,
        has_touch=phone,
        is_mobile=phone,
        **options,
    )


def sign_in(page: Page, base: str, login: str, password: str) -> None:
    """As the sign-in page's form would, without loading that page and the one after it."""
    requests = page.context.request
    token = re.search(r'name="csrf-token" content="([^"]+)"', requests.get(f"{base}/sign-in").text())
    assert token is not None, "the sign-in page carries no CSRF token"
    form = {"csrf_token": token[1], "login": login, "password": password}
    answer = requests.post(f"{base}/sign-in", form=form, max_redirects=0)
    assert answer.status == 303, answer.text()


def sign_in_on_page(page: Page, base: str, login: str, password: str) -> None:
    """Through the page, like a person."""
    page.goto(f"{base}/sign-in")
    page.get_by_label("登录名").fill(login)
    page.get_by_label("密码", exact=True).fill(password)
    page.get_by_role("button", name="登录").click()
    page.wait_for_url(lambda url: "/sign-in" not in url)


def overflow(page: Page) -> int:
    """Pixels by which the page is wider than the screen; anything above 0 is a defect."""
    return int(page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth"))


def shoot(page: Page, folder: Path, name: str, *, full: bool = True) -> Path:
    """Photograph the page as it is; returns the file."""
    page.wait_for_function(_SETTLED)
    folder.mkdir(parents=True, exist_ok=True)
    width = page.viewport_size["width"] if page.viewport_size else 0
    scheme = "dark" if page.evaluate("matchMedia('(prefers-color-scheme: dark)').matches") else "light"
    path = folder / f"{name}-{width}-{scheme}.png"
    size = page.viewport_size
    if full and size:
        # As tall as the page, so that what is fixed to the screen's edge does not cover its middle.
        height = int(page.evaluate("document.documentElement.scrollHeight"))
        page.set_viewport_size({"width": width, "height": max(height, size["height"])})
    page.screenshot(path=path)
    if full and size:
        page.set_viewport_size(size)
    return path


def shoot_all(
    browser: Browser,
    folder: Path,
    base: str,
    paths: Sequence[str],
    *,
    login: str = "",
    password: str = "",
    widths: Sequence[int] = WIDTHS,
    schemes: Sequence[str] = SCHEMES,
) -> list[Path]:
    """Every path in every width and scheme; warns on the console of pages wider than the screen."""
    files = []
    for width in widths:
        for scheme in schemes:
            context = new_context(browser, width, scheme)
            page = context.new_page()
            page.on("console", lambda message: message.type == "error" and print(f"console: {message.text}"))
            page.on("pageerror", lambda error: print(f"script error: {error}"))
            if login:
                sign_in(page, base, login, password)
            for path in paths:
                page.goto(base + path)
                name = re.sub(r"\W+", "-", path.strip("/")) or "home"
                files.append(shoot(page, folder, name))
                if overflow(page) > 0:
                    print(f"{path} at {width}: {overflow(page)} px wider than the screen")
            context.close()
    return files


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("base")
    parser.add_argument("paths", nargs="*", default=["/sign-in"])
    parser.add_argument("--login", default="")
    parser.add_argument("--password", default="")
    options = parser.parse_args()
    with chromium() as browser:
        for file in shoot_all(
            browser, options.output, options.base.rstrip("/"), options.paths,
            login=options.login, password=options.password,
        ):  # fmt: skip
            print(file)


if __name__ == "__main__":
    main()
