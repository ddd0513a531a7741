"""A server of its own for each test and pages that report what went wrong in them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from flask import Flask
from werkzeug.serving import make_server

from engine.web import assets
from tests.browser import shots

if TYPE_CHECKING:
    from playwright.sync_api import Browser, BrowserContext, Page

AXE = assets.FRONTEND / "node_modules" / "axe-core" / "axe.min.js"
_AXE_RUN = """async () => {
  const found = await axe.run(document, {runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"]});
  return found.violations.map(({id, nodes}) =>
    `${id}: ${nodes.map(n => n.target.join(" ")).slice(0, 4).join(", ")} ${nodes[0].failureSummary}`);
}"""


@pytest.fixture
def serve() -> Iterator[Callable[[Flask], str]]:
    """Serve an application on a free port of this machine; returns its address."""
    servers = []

    def start(app: Flask) -> str:
        server = make_server("127.0.0.1", 0, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        servers.append((server, thread))
        return f"http://127.0.0.1:{server.server_port}"

    yield start
    for server, thread in servers:
        server.shutdown()
        thread.join()
        server.server_close()


@dataclass
class Watched:
    """Pages whose script errors and refused scripts fail the test at its end."""

    browser: Browser
    problems: list[str] = field(default_factory=list)
    contexts: list[BrowserContext] = field(default_factory=list)

    def page(self, width: int = 1280, scheme: str = "light", **options: Any) -> Page:
        """A page in a browser profile of its own."""
        context = shots.new_context(self.browser, width, scheme, **options)
        self.contexts.append(context)
        page = context.new_page()
        page.on("pageerror", lambda error: self.problems.append(str(error)))
        page.on("console", lambda message: self._console(message.text))
        return page

    def _console(self, text: str) -> None:
        if "Content Security Policy" in text or "Content-Security-Policy" in text:
            self.problems.append(text)


@pytest.fixture
def watched(browser: Browser) -> Iterator[Watched]:
    """Make pages with ``watched.page(width, scheme)``."""
    made = Watched(browser)
    yield made
    for context in made.contexts:
        context.close()
    assert made.problems == []


@pytest.fixture
def faults(axe: Callable[[Any], list[str]]) -> Callable[..., list[str]]:
    """What is wrong with a loaded page at a desk and on a telephone, light and dark: inaccessible, or too wide.

    The page is loaded once, for none of our scripts asks how wide the window is: the styles alone do.  A width has
    one scheme, unless ``every`` asks for both.
    """

    def look(page: Page, *, every: bool = False) -> list[str]:
        size, found = page.viewport_size, []
        for width, own in zip(shots.WIDTHS, shots.SCHEMES, strict=True):
            page.set_viewport_size({"width": width, "height": 800})
            if shots.overflow(page) > 0:
                found.append(f"{page.url}: {shots.overflow(page)} px wider than {width}")
            for scheme in shots.SCHEMES if every else (own,):
                page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
                found += [f"{page.url} ({width} {scheme}): {finding}" for finding in axe(page)]
        assert size is not None
        page.set_viewport_size(size)
        return found

    return look


@pytest.fixture
def axe() -> Callable[[Any], list[str]]:
    """Findings of axe-core (WCAG 2.1 A and AA) on a page."""
    source = AXE.read_text()

    def check(page: Any) -> list[str]:
        if not page.evaluate("'axe' in window"):
            page.evaluate(source)
        found: list[str] = page.evaluate(_AXE_RUN)
        return found

    return check
