"""What an official document says, without how it is set: a title and blocks from top to bottom.

Texts are plain; nothing in them is markup, a line break is one, and a line of 64 hexadecimal
characters is set in groups of four, as digests are read aloud.  The same few blocks serve the record of a draw
and the statutory documents.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, field


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
class Signature:
    """One place to sign: whose it is, and what is there already; what is not, is left to the pen.

    ``image`` is a drawn signature (PNG), ``name`` the person, ``on`` the day in words.
    """

    label: str
    image: bytes = field(default=b"", repr=False)
    name: str = ""
    on: str = ""
    #: stands for the image in ``repr``, which tells documents apart
    image_sha256: str = field(init=False, default="")

    def __post_init__(self) -> None:
        object.__setattr__(self, "image_sha256", hashlib.sha256(self.image).hexdigest() if self.image else "")


@dataclass(frozen=True)
class Signatures:
    """Places to sign, two a line, each with room for a date."""

    places: Sequence[Signature]
    title: str = "签字"


@dataclass(frozen=True)
class Cell:
    """A name and a value of a form; ``height`` in millimetres is the least room for the pen."""

    label: str
    value: str = ""
    height: int = 0
    signature: Signature | None = None


@dataclass(frozen=True)
class Grid:
    """A ruled official form: one to three cells a line; an empty value is room to write by hand."""

    rows: Sequence[Sequence[Cell]]
    title: str = ""


@dataclass(frozen=True)
class Closing:
    """落款: the organ, with room for its seal, and the date, at the right under a letter."""

    organ: str
    on: str = ""
    title: str = ""


@dataclass(frozen=True)
class QrCode:
    """A QR code with words beside it."""

    address: str
    words: Sequence[str]
    title: str = ""


Block = Text | Facts | Listing | Signatures | QrCode | Grid | Closing


@dataclass(frozen=True)
class Document:
    """One document on A4.

    ``organ`` stands above the title, ``number`` is the document number (文号), below it;
    ``mark`` is a warning in the head of every page (内部资料, 试抽); ``footer`` stands at the
    foot of every page beside its number.  A ``letter`` is set as 公文 are (三号 type, margins of
    GB/T 9704), everything else smaller, as official forms are.
    """

    title: str
    blocks: Sequence[Block]
    organ: str = ""
    number: str = ""
    mark: str = ""
    footer: str = ""
    letter: bool = False
