"""The Flask application: wires the shell together and refuses to start with an unguarded route.

To add pages write a module with a ``blueprint`` (and ``NAV`` entries, if it
belongs in the menu) and name it in :data:`MODULES`; docs/how-to/add-a-page.md
shows the rest.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Any

from flask import Flask
from whitenoise import WhiteNoise

from engine.inspection.installation import open_engine
from engine.settings import Settings
from engine.web import assets, context, errors, exports, filters, guards, navigation, notices, security, sessions
from engine.web.context import DemoLogin, Shell

if TYPE_CHECKING:
    from engine.process_engine import ProcessEngine

#: Modules with a ``blueprint`` and optionally ``NAV``, their menu entries; registered in this order.
MODULES = (
    "engine.web.home",
    "engine.web.auth",
    "engine.web.inbox",
    "engine.web.tasks",
    "engine.web.task_actions",
    "engine.web.attachments",
    "engine.web.batch",
    "engine.web.documents",
    "engine.web.cases",
    "engine.web.follow_ups",
    "engine.web.chain",
    "engine.web.credit",
    "engine.web.enforcement",
    "engine.web.campaigns",
    "engine.web.draw_desk",
    "engine.web.campaign_preparation",
    "engine.web.campaign_summaries",
    "engine.web.key_shares",
    "engine.web.inspections",
    "engine.web.substitutions",
    "engine.web.archives",
    "engine.web.reports",
    "engine.web.plans",
    "engine.web.plans_detail",
    "engine.web.plans_gate",
    "engine.web.plans_merges",
    "engine.web.plans_preview",
    "engine.web.plans_season",
    "engine.web.objects",
    "engine.web.objects_export",
    "engine.web.objects_duplicates",
    "engine.web.objects_expiry",
    "engine.web.saved_filters",
    "engine.web.registry_changes",
    "engine.web.handovers",
    "engine.web.registry_import",
    "engine.web.inspectors",
    "engine.web.enforcement_teams",
    "engine.web.units",
    "engine.web.items",
    "engine.web.items_checklist",
    "engine.web.items_lists",
    "engine.web.items_adjustments",
    "engine.web.items_batch",
    "engine.web.items_areas",
    "engine.web.items_public",
    "engine.web.outside_visits",
    "engine.web.specials",
    "engine.web.leads",
    "engine.web.lead_import",
    "engine.web.conference",
    "engine.web.duty",
    "engine.web.publicity",
    "engine.web.publications",
    "engine.web.objections",
    "engine.web.exemptions",
    "engine.web.board",
    "engine.web.deadlines",
    "engine.web.held_items",
    "engine.web.ceremony",
    "engine.web.witness",
    "engine.web.audit",
    "engine.web.library",
    "engine.web.form_trial",
    "engine.web.definition_files",
    "engine.web.admin",
    "engine.web.admin_calendar",
    "engine.web.public",
    "engine.web.public_log",
    "engine.web.public_notices",
    "engine.web.door_proofs",
    "engine.web.visit_codes",
)


class _App(Flask):
    """Flask for views that are plain functions: nothing asks before each call whether one is a coroutine."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        return func


def create_app(
    settings: Settings,
    engine: ProcessEngine | None = None,
    *,
    demo_logins: Sequence[DemoLogin] = (),
    modules: Sequence[str] = MODULES,
) -> Flask:
    """The WSGI application for ``settings``.

    ``engine`` is built from the settings when not given; ``demo_logins`` appear on the
    sign-in page when ``settings.demo`` is on.  Raises
    :class:`~engine.web.guards.UnguardedRoute` when a view does not declare who may call it.
    """
    app = _App("engine.web", static_folder=None, template_folder="templates")
    app.extensions["lianjian"] = Shell(engine or open_engine(settings), settings, tuple(demo_logins))
    app.json.ensure_ascii = False  # type: ignore[attr-defined]
    app.jinja_options = {"trim_blocks": True, "lstrip_blocks": True}
    _install(app, settings)
    items: list[navigation.NavItem] = []
    for name in modules:
        module = import_module(name)
        app.register_blueprint(module.blueprint)
        items.extend(getattr(module, "NAV", ()))
    navigation.register(app, items)
    guards.check_routes(app)
    _serve_static(app)
    return app


def _install(app: Flask, settings: Settings) -> None:
    """The order matters: load the session, check the guard, then CSRF; what is sent as a file is put on record."""
    sessions.install(app)
    guards.install(app)
    security.install(app, settings)
    exports.install(app)
    errors.install(app)
    filters.install(app)
    app.context_processor(context.template_globals)
    app.jinja_env.globals.update(
        asset=assets.Manifest().url, navigation=navigation.template_entries, notices=notices.notices
    )


def _serve_static(app: Flask) -> None:
    """Static files straight from WSGI: hashed names for a year, pre-compressed when the client can."""

    app.wsgi_app = WhiteNoise(  # type: ignore[method-assign]
        app.wsgi_app,
        root=str(assets.STATIC),
        prefix="static/",
        max_age=300,
        immutable_file_test=lambda path, url: assets.is_hashed(url),
        allow_all_origins=False,
        add_headers_function=_static_headers,
    )


def _static_headers(headers: dict[str, str], path: str, url: str) -> None:
    headers["X-Content-Type-Options"] = "nosniff"
    if url.endswith(".html"):  # the offline verifier runs its own inline script and nothing else
        headers["Content-Security-Policy"] = "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'"
