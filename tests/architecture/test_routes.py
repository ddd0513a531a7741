"""Every route says who may call it, and the application refuses to start when one does not."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from flask import Blueprint

from engine.db import Database
from engine.process_engine import ProcessEngine
from engine.service_tasks import ServiceRegistry
from engine.settings import Settings
from engine.web.app import MODULES, create_app
from engine.web.guards import UnguardedRoute, guard_of, public, requires_role, signed_in


@pytest.fixture
def create(tmp_path: Path) -> Callable[..., Any]:
    """Make the application with further modules."""
    settings = Settings(data_dir=tmp_path)
    engine = ProcessEngine(Database("sqlite://"), settings, ServiceRegistry())
    return lambda *modules: create_app(settings, engine, modules=(*MODULES, *modules))


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[..., Any]], str]:
    """A module whose blueprint has one view."""

    def make(view: Callable[..., Any]) -> str:
        made = ModuleType("one_view")
        made.blueprint = Blueprint("one", __name__)  # type: ignore[attr-defined]
        made.blueprint.get("/one")(view)  # type: ignore[attr-defined]
        monkeypatch.setitem(sys.modules, "one_view", made)
        return "one_view"

    return make


def test_every_route_declares_its_guard(create: Callable[..., Any]) -> None:
    app = create()
    assert {
        rule.endpoint for rule in app.url_map.iter_rules() if guard_of(app.view_functions[rule.endpoint]) is None
    } == set()


def test_an_unguarded_route_stops_the_start_and_is_named(create: Callable[..., Any], module: Any) -> None:
    def forgotten() -> str:
        return "open to the world"

    with pytest.raises(UnguardedRoute, match=r"one\.forgotten \(/one\)"):
        create(module(forgotten))


@pytest.mark.parametrize("guard", [public, signed_in, requires_role("系统管理员")])
def test_a_guarded_route_starts(create: Callable[..., Any], module: Any, guard: Any) -> None:
    @guard
    def view() -> str:
        return "fine"

    assert "one.view" in create(module(view)).view_functions


def test_two_guards_on_one_view_are_a_contradiction() -> None:
    with pytest.raises(UnguardedRoute, match="两次"):

        @public
        @signed_in
        def view() -> str:
            return ""


def test_a_role_guard_names_roles() -> None:
    with pytest.raises(UnguardedRoute):
        requires_role()


def test_a_route_added_after_the_start_stays_closed(create: Callable[..., Any]) -> None:
    app = create()
    app._got_first_request = False
    app.add_url_rule("/late", "late", lambda: "open")
    assert app.test_client().get("/late").status_code == 403


def test_nothing_is_changed_by_a_get(create: Callable[..., Any]) -> None:
    """A view answers GET or changes something; those that do both show a form on GET."""
    app = create()
    changing = {"sign-out", "delete", "claim", "release", "complete", "retry", "submit"}
    for rule in app.url_map.iter_rules():
        last = rule.rule.rstrip("/").rsplit("/", 1)[-1]
        if last in changing:
            assert "GET" not in (rule.methods or set()), rule.rule


def test_static_files_are_not_a_flask_route(create: Callable[..., Any]) -> None:
    assert not [rule for rule in create().url_map.iter_rules() if rule.rule.startswith("/static")]
