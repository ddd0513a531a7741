"""Turns the blocks of a document into what reportlab lays out on a page."""

from __future__ import annotations

import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any
from xml.sax.saxutils import escape

import segno
from reportlab.lib import textsplit
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.platypus import CondPageBreak, Flowable, KeepTogether, Paragraph, Spacer, Table, paragraph

from engine.documents import fonts
from engine.documents.model import (
    Block,
    Cell,
    Closing,
    Document,
    Facts,
    Grid,
    Listing,
    QrCode,
    Signature,
    Signatures,
    Text,
)


@dataclass(frozen=True)
class Page:
    """Margins in points and the size of running text."""

    left: float
    right: float
    top: float
    bottom: float
    size: float
    leading: float
    title: float

    @property
    def width(self) -> float:
        return float(A4[0]) - self.left - self.right


#: Forms and records: margins after GB/T 9704, a little wider for tables.
FORM = Page(26 * mm, 24 * mm, 32 * mm, 28 * mm, size=11, leading=19, title=20)
#: Letters: GB/T 9704 to the letter (天头 37 mm, 订口 28 mm, 版心 156 × 225 mm, 三号 type).
LETTER = Page(28 * mm, 26 * mm, 37 * mm, 35 * mm, size=16, leading=29, title=22)

# The library knows the marks that may not begin a line in Japanese; these are the Chinese ones it lacks.
textsplit.ALL_CANNOT_START = paragraph.ALL_CANNOT_START = textsplit.ALL_CANNOT_START + "；：，！？》”’…"

#: No-break spaces: reportlab folds the others.
_DATE = "                 年        月        日".replace(" ", "\u00a0")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_CELLS = [
    ("FONTNAME", (0, 0), (-1, -1), fonts.TEXT),  # else an empty cell would ask for the reader's Helvetica
    ("LEFTPADDING", (0, 0), (-1, -1), 5),
    ("RIGHTPADDING", (0, 0), (-1, -1), 5),
    ("TOPPADDING", (0, 0), (-1, -1), 3),
    ("BOTTOMPADDING", (0, 0), (-1, -1), 5),
]
_TABLES = (Facts, Grid, Listing)
#: Nearly a page: what is higher must be broken inside the row.
_TALL = 400
#: Least height of a line of a form, for the pen.
_LINE = 9 * mm
_LABEL = {1: 28 * mm, 2: 28 * mm, 3: 20 * mm}


def _style(name: str, size: float, leading: float, font: str = fonts.TEXT, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, wordWrap="CJK", **more)


ORGAN = _style("organ", 13, 20, alignment=TA_CENTER)
NUMBER = _style("number", 11, 18, alignment=TA_CENTER, spaceAfter=8)
CELL = _style("cell", 9.5, 14)
VALUE = _style("value", 10.5, 16)
LABEL = _style("label", 9.5, 14, fonts.HEADING)
NAME = _style("name", 10.5, 16, fonts.HEADING, alignment=TA_CENTER)


class Setter:
    """Sets one document; ``shown`` are the code points the fonts have."""

    def __init__(self, shown: frozenset[int], page: Page) -> None:
        self._shown, self._page, self._width = shown, page, page.width
        self._title = _style("title", page.title, page.title * 1.5, fonts.HEADING, alignment=TA_CENTER)
        head = page.size if page is LETTER else 12.5
        self._section = _style("section", head, head * 1.6, fonts.HEADING, spaceBefore=10, spaceAfter=4)
        self._body = _style("body", page.size, page.leading)
        self._letter = _style("letter", page.size, page.leading, firstLineIndent=2 * page.size)

    def text(self, words: str) -> str:
        """The words as they are, each character the font lacks as its code point: nothing is dropped silently."""
        return "".join(c if ord(c) in self._shown else f"〔U+{ord(c):04X}〕" for c in words)

    def paragraph(self, words: str, style: ParagraphStyle) -> Paragraph:
        lines = [_grouped(line) if _DIGEST.fullmatch(line) else line for line in words.split("\n")]
        if words.isascii():  # breaks between words, and several times as fast as between characters
            style = style.clone(style.name, wordWrap=None)
        return Paragraph("<br/>".join(escape(self.text(line)) for line in lines), style)

    def story(self, document: Document) -> list[Flowable]:
        head = [
            self.paragraph(words, style)
            for words, style in ((document.organ, ORGAN), (document.title, self._title), (document.number, NUMBER))
            if words
        ]
        parts: list[Flowable] = [*head, Spacer(1, 4)]
        for before, block in pairwise((None, *document.blocks)):
            if isinstance(before, _TABLES) and isinstance(block, Text) and not block.title:
                parts.append(Spacer(1, 6))  # else the words would touch the line above them
            parts += self.block(block) if block else ()
        return parts

    def block(self, block: Block) -> Iterable[Flowable]:
        """A heading never stands alone at the foot of a page; what is signed or scanned stays on one."""
        heading = [self.paragraph(block.title, self._section)] if block.title else []
        match block:
            case Signatures():
                yield KeepTogether([*heading, self.signatures(block)])
                return
            case QrCode():
                yield KeepTogether([*heading, self.qr_code(block)])
                return
            case Closing():
                yield KeepTogether([Spacer(1, 18), self.closing(block)])
                return
        if heading:
            yield CondPageBreak(90)
            yield from heading
        match block:
            case Text():
                yield from (self.paragraph(p, self._letter if block.indent else self._body) for p in block.paragraphs)
            case Facts():
                yield self.facts(block)
            case Listing():
                yield self.listing(block)
            case Grid():
                for cells in block.rows:
                    yield from self.row(cells)

    def facts(self, block: Facts) -> Flowable:
        rows = [[self.paragraph(name, LABEL), self.paragraph(value or "—", CELL)] for name, value in block.rows]
        return _table(rows, [36 * mm, self._width - 36 * mm], splitInRow=1)  # a long narrative goes on overleaf

    def row(self, cells: Sequence[Cell]) -> Iterable[Flowable]:
        """One line of a form, a table of its own: its neighbours have other columns."""
        label = _LABEL[len(cells)]
        room = self._width / len(cells) - label
        widths = [label, room] * len(cells)
        columns: list[Any] = []
        height = _LINE
        for cell in cells:
            value: list[Any] = [self.paragraph(cell.value or "\u00a0", VALUE)]
            least = cell.height * mm
            if cell.signature is not None:
                value.append(self.signed(cell.signature, room - 10))
                least = max(least, 18 * mm)
            high = sum(part.wrap(room - 10, A4[1])[1] for part in value) + 8
            if high < least:
                value.insert(1, Spacer(1, least - high))
            height = max(height, high, least, self.paragraph(cell.label, NAME).wrap(label - 10, A4[1])[1] + 8)
            columns.append((self.paragraph(cell.label, NAME), value))
        if height <= _TALL:
            yield _table([[part for pair in columns for part in pair]], widths, labels=True, rowHeights=[height])
            return
        # Text that is broken over pages must stand alone in its cell; what is signed follows in a line of its own.
        yield _table([[part for name, value in columns for part in (name, value[0])]], widths, splitInRow=1)
        if any(cell.signature for cell in cells):
            yield _table([[part for _, value in columns for part in ("", value[1:])]], widths)

    def signed(self, place: Signature, width: float) -> Flowable:
        """A line at the foot of a cell: who, the drawn signature when there is one, and when."""
        who = f"{place.label}：" + ("" if place.image else place.name or "\u00a0" * 12)
        on = place.on or _DATE.strip("\u00a0").rjust(22, "\u00a0")
        parts = [self.paragraph(who, CELL), _Drawn(place.image) if place.image else "", self.paragraph(on, CELL)]
        drawn = 26 * mm if place.image else 1
        widths = [width - drawn - 36 * mm, drawn, 36 * mm]
        return Table([parts], widths, style=[*_CELLS, ("VALIGN", (0, 0), (-1, -1), "MIDDLE")], hAlign="RIGHT")

    def listing(self, block: Listing) -> Flowable:
        share = self._width / sum(block.widths)
        rows = [[self.paragraph(name, LABEL) for name in block.head]]
        rows += [[self.paragraph(cell, CELL) for cell in row] for row in block.rows]
        if not block.rows:
            return self.paragraph(block.empty, self._body)
        widths = [share * w for w in block.widths]
        # Told, not asked for: reportlab would measure all the rest again on every page.
        heights = [max(cell.wrap(w - 10, A4[1])[1] for cell, w in zip(row, widths, strict=True)) + 8 for row in rows]
        if max(heights) > _TALL:  # reportlab must look for a place to break inside the row
            return _table(rows, widths, repeatRows=1, splitInRow=1)
        return _table(rows, widths, rowHeights=heights, repeatRows=1)

    def qr_code(self, block: QrCode) -> Flowable:
        words = [self.paragraph(line, CELL) for line in block.words]
        return _table([[_Qr(block.address), words]], [32 * mm, self._width - 32 * mm], ruled=False)

    def signatures(self, block: Signatures) -> Flowable:
        cells = [
            [
                self.paragraph(place.label, LABEL),
                _Drawn(place.image) if place.image else Spacer(1, 34),
                self.paragraph(f"签字：{place.name}", CELL),
                self.paragraph(place.on or _DATE, CELL),
            ]
            for place in block.places
        ]
        rows = [[*cells[i : i + 2], *([""] if len(cells[i : i + 2]) == 1 else [])] for i in range(0, len(cells), 2)]
        return _table(rows, [self._width / 2, self._width / 2], splitInRow=0)

    def closing(self, block: Closing) -> Flowable:
        centred = self._body.clone("closing", alignment=TA_CENTER)
        lines = [self.paragraph(block.organ, centred), self.paragraph("（印章）", centred)]
        lines.append(self.paragraph(block.on or _DATE.strip("\u00a0"), centred))
        width = min(self._width, 100 * mm)
        return Table([[line] for line in lines], [width], style=_CELLS, hAlign="RIGHT")


def _grouped(digest: str) -> str:
    """Groups of four, as they are read aloud; the long line breaks between groups."""
    return " ".join(digest[i : i + 4] for i in range(0, 64, 4))


def _table(rows: list[list[Any]], widths: list[float], *, ruled: bool = True, labels: bool = False, **more: Any) -> Any:
    rules = [("GRID", (0, 0), (-1, -1), 0.5, "#000000")] if ruled else []
    middle = [("VALIGN", (n, 0), (n, -1), "MIDDLE") for n in range(0, len(widths), 2)] if labels else []
    return Table(
        rows, widths, style=[*rules, *_CELLS, ("VALIGN", (0, 0), (-1, -1), "TOP"), *middle], hAlign="LEFT", **more
    )


class _Drawn(Flowable):
    """A drawn signature, at most 24 mm wide and 12 mm high."""

    def __init__(self, image: bytes) -> None:
        super().__init__()
        self._image = ImageReader(io.BytesIO(image))
        width, height = self._image.getSize()
        scale = min(24 * mm / width, 12 * mm / height)
        self.width, self.height = width * scale, height * scale

    def draw(self) -> None:
        self.canv.drawImage(self._image, 0, 0, self.width, self.height, mask="auto")


class _Qr(Flowable):
    """A QR code 28 mm wide."""

    def __init__(self, address: str) -> None:
        super().__init__()
        self.width = self.height = 28 * mm
        self._rows = [bytes(row) for row in segno.make(address, error="m", micro=False).matrix]

    def draw(self) -> None:
        step = self.width / len(self._rows)
        for y, row in enumerate(self._rows):
            for x, dark in enumerate(row):
                if dark:
                    self.canv.rect(x * step, self.height - (y + 1) * step, step, step, stroke=0, fill=1)
