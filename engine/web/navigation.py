"""The entries of the left navigation (tab bar on phones), declared by the modules that own the pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from flask import Flask, current_app, request, url_for

from engine.web.context import actor_or_none


@dataclass(frozen=True, slots=True)
class NavItem:
    """``roles`` empty = everybody signed in; ``position`` orders the entries; ``group`` is a heading.

    ``prefix`` marks the entry as current for every path below it.
    """

    label: str
    endpoint: str
    icon: str
    position: int
    prefix: str
    roles: frozenset[str] = frozenset()
    group: str = ""


def register(app: Flask, items: Iterable[NavItem]) -> None:
    """Keep the entries; one whose endpoint does not exist stops the start, not every later page."""
    ordered = tuple(sorted(items, key=lambda item: item.position))
    for item in ordered:
        if item.endpoint not in app.view_functions:
            raise LookupError(f"navigation entry {item.label} points to the unknown endpoint {item.endpoint}")
    app.extensions["lianjian_navigation"] = ordered


def visible() -> list[NavItem]:
    """The entries the signed-in person may open."""
    person = actor_or_none()
    if person is None:
        return []
    items: tuple[NavItem, ...] = current_app.extensions["lianjian_navigation"]
    return [item for item in items if not item.roles or person.roles & item.roles]


def template_entries() -> list[dict[str, object]]:
    """What base.html shows: label, address, icon, group and whether it is the current page."""
    path = request.path
    items = visible()
    groups: list[str] = []
    for item in items:
        if item.group not in groups:
            groups.append(item.group)
    return [
        {
            "label": item.label,
            "url": url_for(item.endpoint),
            "icon": item.icon,
            "group": item.group,
            "group_order": groups.index(item.group),
            "current": path == item.prefix or path.startswith(item.prefix.rstrip("/") + "/"),
        }
        for item in items
    ]
