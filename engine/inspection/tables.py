"""Code tables and statutory figures: effective-dated rows in ``processes/tables/*.json``, never constants here."""

from __future__ import annotations

from datetime import date

from engine.data_tables import rows
from engine.deadline_rules import DeadlineRule, deadline_rule
from engine.settings import Settings

__all__ = ["label", "limit", "options", "rows"]


def limit(settings: Settings, name: str, on: date) -> DeadlineRule:
    """The statutory limit ``name`` in force on ``on``.  Raises :class:`ServiceTaskFailed` when there is none."""
    return deadline_rule(settings, name, on)


def options(settings: Settings, table: str, on: date) -> list[dict[str, str]]:
    """The rows of a code table as form options ``{"value", "label"}``."""
    return [{"value": str(row["code"]), "label": str(row["name"])} for row in rows(settings, table, on)]


def label(settings: Settings, table: str, value: str, on: date) -> str:
    """The label of a code, or the code itself when it is not in the table."""
    return next((o["label"] for o in options(settings, table, on) if o["value"] == value), value)
