"""Document templates: what an official document says, declared over the names of a case, without Python.

A template is ``forms/documents/<key>.json`` (docs/reference/document-templates.md).
:func:`engine.documents.reading.read` turns its text into a :class:`Template`; :meth:`Template.fill` gives the
:class:`~engine.documents.model.Document`.
"""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from engine.documents.model import Block, Cell, Closing, Document, Grid, Listing, Signature, Signatures, Text
from engine.expressions import Expression

#: What stands in a running text where a value is missing: room to write by hand.
BLANK = "＿＿＿＿＿＿＿＿"
CHOSEN, OPEN = "■", "□"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?")
_PNG = "data:image/png;base64,"

#: A text with expressions in it: words as they are, and what is to be evaluated.
Words = tuple[str | Expression, ...]


@dataclass(frozen=True)
class Place:
    """A place to sign."""

    label: Words
    image: Expression | None = None
    name: Expression | None = None
    on: Expression | None = None


@dataclass(frozen=True)
class FormCell:
    label: Words
    value: Expression | None = None
    text: Words = ()
    options: tuple[str, ...] = ()
    height: int = 0
    signature: Place | None = None


@dataclass(frozen=True)
class FormRow:
    cells: tuple[FormCell, ...]
    when: Expression | None = None


@dataclass(frozen=True)
class Column:
    head: str
    value: Expression | None
    text: Words
    width: float


@dataclass(frozen=True)
class Part:
    """One block: ``type`` is text, form, list, signatures or closing; the rest is what that type reads."""

    type: str
    title: Words = ()
    when: Expression | None = None
    text: Words = ()
    indent: bool = True
    rows: tuple[FormRow, ...] = ()
    source: Expression | None = None
    name: str = "row"
    columns: tuple[Column, ...] = ()
    empty: str = "无"
    places: tuple[Place, ...] = ()
    organ: Expression | None = None
    on: Expression | None = None


@dataclass(frozen=True)
class Template:
    """One kind of official document.

    ``code`` names the kind of document number (文号); ``for_case`` says that there is one for the whole case,
    else one for each department; ``several`` that it may be issued again and again; ``when`` when it belongs to
    the case at all, None for always.
    """

    id: str
    title: str
    code: str
    for_case: bool
    letter: bool
    several: bool
    basis: str
    organ: Expression | None
    footer: Words
    parts: tuple[Part, ...]
    when: Expression | None = None

    @property
    def expressions(self) -> list[Expression]:
        """Every expression of the template."""
        found: list[Expression | None] = [self.organ, self.when, *_in(self.footer)]
        for part in self.parts:
            found += [part.when, part.source, part.organ, part.on, *_in(part.title), *_in(part.text)]
            for row in part.rows:
                found.append(row.when)
                for cell in row.cells:
                    found += [cell.value, *_in(cell.label), *_in(cell.text)]
                    found += _in_place(cell.signature)
            for column in part.columns:
                found += [column.value, *_in(column.text)]
            for place in part.places:
                found += _in_place(place)
        return [expression for expression in found if expression is not None]

    @property
    def names(self) -> frozenset[str]:
        """The names the template reads, so that nobody looks up the others."""
        bound = {part.name for part in self.parts if part.source is not None} | {"n"}
        return frozenset().union(*(e.names | e.possible_names for e in self.expressions)) - bound

    def fill(
        self, values: Mapping[str, Any], functions: Mapping[str, Callable[..., Any]], now: datetime, zone: ZoneInfo
    ) -> Document:
        """The document over ``values``; :class:`~engine.errors.ExpressionError` when one cannot be worked out."""
        return _Filling(values, functions, now.astimezone(zone), zone).document(self)

    def blank(self, functions: Collection[str], now: datetime, zone: ZoneInfo) -> Document:
        """The form to be filled in by hand: every name is missing, every function gives nothing."""
        return self.fill({}, dict.fromkeys(functions, _nothing), now, zone)


def _nothing(*_: Any, **__: Any) -> str:
    return ""


def _in(words: Words) -> list[Expression | None]:
    return [part for part in words if isinstance(part, Expression)]


def _in_place(place: Place | None) -> list[Expression | None]:
    return [] if place is None else [place.image, place.name, place.on, *_in(place.label)]


@dataclass
class _Filling:
    scope: Mapping[str, Any]
    functions: Mapping[str, Callable[..., Any]]
    now: datetime
    zone: ZoneInfo

    def document(self, template: Template) -> Document:
        number = str((self.scope.get("document") or {}).get("number") or "")
        return Document(
            title=template.title,
            blocks=[self.block(part) for part in template.parts if self.holds(part.when)],
            organ=self.said(template.organ),
            number=number,
            footer=self.words(template.footer) or " ".join(filter(None, (template.title, number))),
            letter=template.letter,
        )

    # -- values ---------------------------------------------------------------------------------

    def value(self, expression: Expression | None) -> Any:
        return None if expression is None else expression.evaluate(self.scope, self.functions, self.now)

    def holds(self, condition: Expression | None) -> bool:
        return condition is None or condition.holds(self.scope, self.functions, self.now)

    def said(self, expression: Expression | None) -> str:
        return in_words(self.value(expression), self.zone)

    def words(self, words: Words, blank: str = "") -> str:
        return "".join(part if isinstance(part, str) else self.said(part) or blank for part in words)

    # -- blocks ---------------------------------------------------------------------------------

    def block(self, part: Part) -> Block:
        title = self.words(part.title)
        match part.type:
            case "text":
                return Text(self.words(part.text, BLANK).split("\n"), title, part.indent)
            case "form":
                rows = [[self.cell(cell) for cell in row.cells] for row in part.rows if self.holds(row.when)]
                return Grid(rows, title)
            case "list":
                return self.listing(part, title)
            case "signatures":
                return Signatures([self.place(place) for place in part.places], title)
            case _:
                return Closing(self.said(part.organ), self.said(part.on), title)

    def cell(self, cell: FormCell) -> Cell:
        said = self.words(cell.text, BLANK) if cell.text else self.said(cell.value)
        if cell.options:
            value = self.value(cell.value)
            chosen = {str(one) for one in (value if isinstance(value, list) else [value])}
            said = "\u3000".join(f"{CHOSEN if option in chosen else OPEN}{option}" for option in cell.options)
        signature = None if cell.signature is None else self.place(cell.signature)
        return Cell(self.words(cell.label), said, cell.height, signature)

    def listing(self, part: Part, title: str) -> Listing:
        found = self.value(part.source)
        rows = found if isinstance(found, list) else []
        body = []
        for number, row in enumerate(rows, 1):
            inner = _Filling({**self.scope, part.name: row, "n": number}, self.functions, self.now, self.zone)
            body.append([inner.words(c.text) if c.text else inner.said(c.value) for c in part.columns])
        return Listing([c.head for c in part.columns], body, [c.width for c in part.columns], title, part.empty)

    def place(self, place: Place) -> Signature:
        return Signature(
            self.words(place.label), drawn(self.value(place.image)), self.said(place.name), self.said(place.on)
        )


def drawn(value: Any) -> bytes:
    """The PNG of a drawn signature as a form keeps it (a data address); empty when there is none."""
    if not isinstance(value, str) or not value.startswith(_PNG):
        return b""
    try:
        return base64.b64decode(value[len(_PNG) :], validate=True)
    except binascii.Error:
        return b""


def in_words(value: Any, zone: ZoneInfo) -> str:
    """A value as an official document writes it; empty for none."""
    if isinstance(value, str):
        if _DAY.fullmatch(value):
            return _day(value)
        return _time(value, zone) if _MOMENT.fullmatch(value) else value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, datetime):
        return _time(value.isoformat(), zone)
    if isinstance(value, date):
        return _day(value.isoformat())
    if isinstance(value, Decimal | float):
        return f"{value:,.2f}".rstrip("0").rstrip(".")
    if isinstance(value, Sequence):
        return "、".join(filter(None, (in_words(one, zone) for one in value)))
    return "" if isinstance(value, Mapping) else str(value)


def _day(text: str) -> str:
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return text
    return f"{day.year}年{day.month}月{day.day}日"


def _time(text: str, zone: ZoneInfo) -> str:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return text
    local = moment.astimezone(zone) if moment.tzinfo else moment
    return f"{_day(local.date().isoformat())}{local.hour}时{local.minute:02d}分"
