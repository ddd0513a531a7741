"""What is public by document, field and kind of object: the one table every public page, feed and report obeys.

``processes/tables/public-field.json`` (R57, R58).  What has no row is not public.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from engine.inspection import redaction, tables
from engine.settings import Settings

VERBATIM, OPEN, CHECKED, NAME, MUST_HIDE, CLOSED = "照录", "公开", "核对后公开", "姓名可隐", "姓名必隐", "不公开"


@dataclass(frozen=True, slots=True)
class FieldRule:
    """How one field of a document is made public; ``columns`` are the public ones of a table inside.

    ``former`` are labels the field was released under before: what was published keeps its words.
    """

    field: str
    label: str
    treatment: str
    columns: tuple[str, ...]
    why: str
    source: str
    former: tuple[str, ...] = ()

    @property
    def closed(self) -> bool:
        return self.treatment == CLOSED

    def shows(self, column: str) -> bool:
        """Is a column of a table inside public?"""
        return self.treatment == VERBATIM or column in self.columns

    @property
    def maskable(self) -> bool:
        """May an officer mask more of it?  Never what says who decided what about whom and when."""
        return self.treatment in (CHECKED, NAME, MUST_HIDE)


def rules(settings: Settings, document: str, subject_kind: str, on: date) -> list[FieldRule]:
    """The rules in force on ``on`` in the order of the table; a row that names the kind wins over one that does not."""
    found: dict[str, tuple[bool, FieldRule]] = {}
    for row in tables.rows(settings, "public-field", on):
        kinds = row.get("kinds") or []
        if row["document"] != document or (kinds and subject_kind not in kinds):
            continue
        known = found.get(row["field"])
        if known is None or (kinds and not known[0]):
            columns = tuple(row.get("columns") or ())
            rule = FieldRule(
                row["field"], row["label"], row["treatment"], columns, row.get("why", ""), row.get("source", ""),
                tuple(row.get("former") or ()),
            )  # fmt: skip
            found[row["field"]] = (bool(kinds), rule)
    return [rule for _, rule in found.values()]


def visible(
    settings: Settings, document: str, subject_kind: str, content: Mapping[str, Any], on: date
) -> dict[str, Any]:
    """``content`` (label → value) as anybody may see it on ``on``: closed fields and columns out, numbers masked.

    A row of the table that closes a field takes it off every page at once, whatever was released before.
    """
    shown: dict[str, Any] = {}
    for rule in rules(settings, document, subject_kind, on):
        label = next((label for label in (rule.label, *rule.former) if label in content), None)
        if not rule.closed and label is not None:
            shown[label] = _cleaned(settings, content[label], rule, on)
    return shown


def labels(settings: Settings, document: str, on: date) -> set[str]:
    """Fields of ``document`` that are public, for pages that show rows of their own (the item list)."""
    return {rule.field for rule in rules(settings, document, "", on) if not rule.closed}


def _cleaned(settings: Settings, value: Any, rule: FieldRule, on: date) -> Any:
    if isinstance(value, str):
        if rule.treatment == VERBATIM:
            return redaction.mask(value, [(hit.start, hit.end) for hit in redaction.barred(settings, value, on)])
        return redaction.never_shown(settings, value, on)
    if isinstance(value, Mapping):
        return {k: _cleaned(settings, v, rule, on) for k, v in value.items() if rule.shows(k)}
    if isinstance(value, list):
        return [_cleaned(settings, one, rule, on) for one in value]
    return value
