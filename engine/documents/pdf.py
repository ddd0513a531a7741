"""Sets a document on A4: ruled tables, hanging Chinese punctuation, page numbers, the font inside the file.

Equal documents give equal bytes, so a printed record can be compared with a downloaded one.
"""

from __future__ import annotations

import hashlib
import io
import re
import threading
from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape

import segno
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    CondPageBreak,
    Flowable,
    Frame,
    KeepTogether,
    PageTemplate,
    Paragraph,
    Spacer,
    Table,
)

from engine.documents import fonts
from engine.documents.model import Block, Document, Facts, Listing, QrCode, Signatures, Text

#: Margins after GB/T 9704 (天头 37 mm, 订口 28 mm), a little wider for tables.
LEFT, RIGHT, TOP, BOTTOM = 26 * mm, 24 * mm, 32 * mm, 28 * mm
WIDTH = A4[0] - LEFT - RIGHT
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
#: reportlab reads a font file through one position and keeps state per document.
_one_at_a_time = threading.Lock()
#: The last few documents by what they say: anybody may ask for a long one again and again.
_made: dict[bytes, bytes] = {}
KEPT = 8


def _style(name: str, size: float, leading: float, font: str = fonts.TEXT, **more: Any) -> ParagraphStyle:
    return ParagraphStyle(name, fontName=font, fontSize=size, leading=leading, wordWrap="CJK", **more)


ORGAN = _style("organ", 13, 20, alignment=TA_CENTER)
TITLE = _style("title", 20, 30, fonts.HEADING, alignment=TA_CENTER)
NUMBER = _style("number", 11, 18, alignment=TA_CENTER, spaceAfter=8)
SECTION = _style("section", 12.5, 20, fonts.HEADING, spaceBefore=10, spaceAfter=4)
BODY = _style("body", 11, 19)
LETTER = _style("letter", 11, 19, firstLineIndent=22)
CELL = _style("cell", 9.5, 14)
LABEL = _style("label", 9.5, 14, fonts.HEADING)


def render(document: Document) -> bytes:
    """The document as PDF.  Raises :class:`~engine.errors.LianjianError` when the fonts were not built."""
    said = hashlib.sha256(repr(document).encode()).digest()
    with _one_at_a_time:
        if said not in _made:
            content = _set(document)
            while len(_made) >= KEPT:
                del _made[next(iter(_made))]
            _made[said] = content
        return _made[said]


def _set(document: Document) -> bytes:
    setter = _Setter(fonts.load())
    out = io.BytesIO()
    template = BaseDocTemplate(
        out, pagesize=A4, leftMargin=LEFT, rightMargin=RIGHT, topMargin=TOP, bottomMargin=BOTTOM, invariant=1,
        title=document.title, author=document.organ, subject=document.number, lang="zh-CN", creator="lianjian",
    )  # fmt: skip
    frame = Frame(LEFT, BOTTOM, WIDTH, A4[1] - TOP - BOTTOM, 0, 0, 0, 0, id="text")
    template.addPageTemplates(PageTemplate(id="page", frames=[frame]))
    template.build(
        setter.story(document), canvasmaker=_numbered(setter.text(document.mark), setter.text(document.footer))
    )
    return out.getvalue()


class _Setter:
    """Turns blocks into what reportlab lays out."""

    def __init__(self, shown: frozenset[int]) -> None:
        self._shown = shown

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
            for words, style in ((document.organ, ORGAN), (document.title, TITLE), (document.number, NUMBER))
            if words
        ]
        return [*head, Spacer(1, 4), *(part for block in document.blocks for part in self.block(block))]

    def block(self, block: Block) -> Iterable[Flowable]:
        """A heading never stands alone at the foot of a page; what is signed or scanned stays on one."""
        heading = [self.paragraph(block.title, SECTION)] if block.title else []
        match block:
            case Signatures():
                yield KeepTogether([*heading, self.signatures(block)])
                return
            case QrCode():
                yield KeepTogether([*heading, self.qr_code(block)])
                return
        if heading:
            yield CondPageBreak(90)
            yield from heading
        match block:
            case Text():
                yield from (self.paragraph(p, LETTER if block.indent else BODY) for p in block.paragraphs)
            case Facts():
                yield self.facts(block)
            case Listing():
                yield self.listing(block)

    def facts(self, block: Facts) -> Flowable:
        rows = [[self.paragraph(name, LABEL), self.paragraph(value or "—", CELL)] for name, value in block.rows]
        return _table(rows, [36 * mm, WIDTH - 36 * mm], splitInRow=1)  # a long narrative goes on overleaf

    def listing(self, block: Listing) -> Flowable:
        share = WIDTH / sum(block.widths)
        rows = [[self.paragraph(name, LABEL) for name in block.head]]
        rows += [[self.paragraph(cell, CELL) for cell in row] for row in block.rows]
        if not block.rows:
            return self.paragraph(block.empty, BODY)
        widths = [share * w for w in block.widths]
        # Told, not asked for: reportlab would measure all the rest again on every page.
        heights = [max(cell.wrap(w - 10, A4[1])[1] for cell, w in zip(row, widths, strict=True)) + 8 for row in rows]
        if max(heights) > 400:  # nearly a page: reportlab must look for a place to break inside the row
            return _table(rows, widths, repeatRows=1, splitInRow=1)
        return _table(rows, widths, rowHeights=heights, repeatRows=1)

    def qr_code(self, block: QrCode) -> Flowable:
        words = [self.paragraph(line, CELL) for line in block.words]
        return _table([[_Qr(block.address), words]], [32 * mm, WIDTH - 32 * mm], ruled=False)

    def signatures(self, block: Signatures) -> Flowable:
        cells = [
            [self.paragraph(place, LABEL), Spacer(1, 34), self.paragraph("签字：", CELL),
             self.paragraph(_DATE, CELL)]
            for place in block.places
        ]  # fmt: skip
        rows = [[*cells[i : i + 2], *([""] if len(cells[i : i + 2]) == 1 else [])] for i in range(0, len(cells), 2)]
        return _table(rows, [WIDTH / 2, WIDTH / 2], splitInRow=0)


def _grouped(digest: str) -> str:
    """Groups of four, as they are read aloud; the long line breaks between groups."""
    return " ".join(digest[i : i + 4] for i in range(0, 64, 4))


def _table(rows: list[list[Any]], widths: list[float], *, ruled: bool = True, **more: Any) -> Table:
    rules = [("GRID", (0, 0), (-1, -1), 0.5, "#000000")] if ruled else []
    return Table(rows, widths, style=[*rules, *_CELLS, ("VALIGN", (0, 0), (-1, -1), "TOP")], hAlign="LEFT", **more)


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


def _numbered(mark: str, footer: str) -> type[Canvas]:
    """A canvas that writes mark, footer and “第 n 页 共 N 页” once the number of pages is known."""

    class Numbered(Canvas):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **{**named, "initialFontName": fonts.TEXT})
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, page in enumerate(self._pages, start=1):
                self.__dict__.update(page)
                self.setFont(fonts.TEXT, 9)
                self.drawString(LEFT, BOTTOM - 10 * mm, footer)
                self.drawRightString(A4[0] - RIGHT, BOTTOM - 10 * mm, f"第 {number} 页　共 {len(self._pages)} 页")
                if mark:
                    self.setFont(fonts.HEADING, 10)
                    self.drawRightString(A4[0] - RIGHT, A4[1] - TOP + 6 * mm, mark)
                super().showPage()
            super().save()

    return Numbered
