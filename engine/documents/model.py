"""What an official document says, without how it is set: a title and blocks from top to bottom.

Texts are plain; nothing in them is markup, a line break is one, and a line of 64 hexadecimal
characters is set in groups of four, as digests are read aloud.  The same few blocks serve the record of a draw
and the statutory documents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Text:
    """Paragraphs under an optional heading; ``indent`` starts each two characters in, as letters do."""

    paragraphs: Sequence[str]
    title: str = ""
    indent: bool = True


@dataclass(frozen=True)
class Facts:
    """A ruled table of names and values."""

    rows: Sequence[tuple[str, str]]
    title: str = ""


@dataclass(frozen=True)
class Listing:
    """A ruled table with a head that is repeated on every page.

    ``widths`` are shares of the width of the page; ``empty`` is said when there are no rows.
    """

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    title: str = ""
    empty: str = "无"


@dataclass(frozen=True)
class Signatures:
    """Places to sign, two a line, each with room for a date."""

    places: Sequence[str]
    title: str = "签字"


@dataclass(frozen=True)
class QrCode:
    """A QR code with words beside it."""

    address: str
    words: Sequence[str]
    title: str = ""


Block = Text | Facts | Listing | Signatures | QrCode


@dataclass(frozen=True)
class Document:
    """One document on A4.

    ``organ`` stands above the title, ``number`` is the document number (文号), below it;
    ``mark`` is a warning in the head of every page (内部资料, 试抽); ``footer`` stands at the
    foot of every page beside its number.
    """

    title: str
    blocks: Sequence[Block]
    organ: str = ""
    number: str = ""
    mark: str = ""
    footer: str = ""
