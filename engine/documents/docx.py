"""Sets a document as DOCX, to be gone on with in Word or WPS: A4, margins and fonts of 公文 (GB/T 9704).

The fonts are named, not embedded: 仿宋 for text, 黑体 for headings, 宋体 for titles stand on every office machine.
Equal documents give equal bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import docx
import segno
from docx.enum.table import WD_CELL_VERTICAL_ALIGNMENT, WD_TABLE_ALIGNMENT
from docx.enum.text import WD_ALIGN_PARAGRAPH, WD_LINE_SPACING, WD_TAB_ALIGNMENT
from docx.image.image import Image
from docx.oxml import OxmlElement
from docx.oxml.ns import qn
from docx.shared import Emu, Mm, Pt
from docx.table import Table, _Cell
from docx.text.paragraph import Paragraph

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

TEXT, HEADING, TITLE = "仿宋", "黑体", "宋体"
TOP, BOTTOM, LEFT, RIGHT = Mm(37), Mm(35), Mm(28), Mm(26)
WIDTH = Mm(156)
MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
_BLANK_DATE = "\u3000\u3000年\u3000\u3000月\u3000\u3000日"
#: Equal bytes: neither the file nor its parts say when they were made.
_NEVER = datetime(2000, 1, 1)
_ZIP_EPOCH = (1980, 1, 1, 0, 0, 0)
_LABEL = {1: Mm(28), 2: Mm(28), 3: Mm(20)}


def render(document: Document) -> bytes:
    """The document as DOCX."""
    setter = _Setter(document)
    setter.story()
    out = io.BytesIO()
    setter.file.save(out)
    return _timeless(out.getvalue())


class _Setter:
    def __init__(self, document: Document) -> None:
        self.document = document
        self.size = 16.0 if document.letter else 12.0
        self.cell_size = 12.0 if document.letter else 10.5
        self.file = docx.Document()
        self._page()

    def _page(self) -> None:
        section = self.file.sections[0]
        section.page_width, section.page_height = Mm(210), Mm(297)
        section.top_margin, section.bottom_margin = TOP, BOTTOM
        section.left_margin, section.right_margin = LEFT, RIGHT
        section.header_distance, section.footer_distance = Mm(20), Mm(25)
        normal = self.file.styles["Normal"]
        _fonts(normal.element.get_or_add_rPr(), TEXT)
        normal.font.size = Pt(self.size)
        normal.paragraph_format.space_after = Pt(0)
        about = self.file.core_properties
        about.title, about.author, about.subject = self.document.title, self.document.organ, self.document.number
        about.created = about.modified = _NEVER
        about.last_modified_by, about.comments, about.language = self.document.organ, "", "zh-CN"
        if self.document.mark:
            head = section.header.paragraphs[0]
            head.alignment = WD_ALIGN_PARAGRAPH.RIGHT
            self.write(head, self.document.mark, HEADING, 10)
        foot = section.footer.paragraphs[0]
        foot.paragraph_format.tab_stops.add_tab_stop(WIDTH, WD_TAB_ALIGNMENT.RIGHT)
        self.write(foot, f"{self.document.footer}\t\t第 ", TITLE, 9)
        self.count(foot, "PAGE")
        self.write(foot, " 页\u3000共 ", TITLE, 9)
        self.count(foot, "NUMPAGES")
        self.write(foot, " 页", TITLE, 9)

    # -- text -----------------------------------------------------------------------------------

    def write(self, paragraph: Paragraph, words: str, font: str = "", size: float = 0, bold: bool = False) -> None:
        run = paragraph.add_run("".join(c for c in words if c in "\t\n" or ord(c) >= 32))
        run.bold = bold or None
        run.font.size = Pt(size or self.size)
        _fonts(run._r.get_or_add_rPr(), font or TEXT)

    def count(self, paragraph: Paragraph, field: str) -> None:
        """A field that the word processor counts itself."""
        for kind, text in (("begin", ""), ("", field), ("separate", ""), ("result", "1"), ("end", "")):
            run = paragraph.add_run(text if kind == "result" else "")
            run.font.size = Pt(9)
            if kind == "result":
                continue
            part = OxmlElement("w:fldChar" if kind else "w:instrText")
            if kind:
                part.set(qn("w:fldCharType"), kind)
            else:
                part.text = text
            run._r.append(part)

    def paragraph(self, words: str, *, indent: bool = False, centred: bool = False) -> Paragraph:
        made = self.file.add_paragraph()
        shape = made.paragraph_format
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(self.size * 1.8)
        if indent:
            shape.first_line_indent = Pt(2 * self.size)
        if centred:
            made.alignment = WD_ALIGN_PARAGRAPH.CENTER
        self.write(made, words)
        return made

    def heading(self, words: str, font: str, size: float, *, centred: bool = True, after: float = 0) -> None:
        made = self.file.add_paragraph()
        if centred:
            made.alignment = WD_ALIGN_PARAGRAPH.CENTER
        made.paragraph_format.keep_with_next = True
        made.paragraph_format.space_before, made.paragraph_format.space_after = Pt(4), Pt(after)
        self.write(made, words, font, size, bold=font == TITLE)

    def story(self) -> None:
        document = self.document
        if document.organ:
            self.heading(document.organ, TITLE, 16 if document.letter else 14)
        self.heading(document.title, TITLE, 22 if document.letter else 18)
        if document.number:
            self.heading(document.number, TEXT, 12, after=8)
        for block in document.blocks:
            if block.title:
                self.heading(block.title, HEADING, self.size, centred=False, after=4)
            self.block(block)

    def block(self, block: Block) -> None:
        match block:
            case Text():
                for words in block.paragraphs:
                    for line in words.split("\n"):
                        self.paragraph(line, indent=block.indent)
            case Facts():
                self.grid([[Cell(name, value or "—")] for name, value in block.rows])
            case Grid():
                self.grid(block.rows)
            case Listing():
                self.listing(block)
            case Signatures():
                self.signatures(block)
            case Closing():
                self.closing(block)
            case QrCode():
                self.qr_code(block)

    # -- tables ---------------------------------------------------------------------------------

    def table(self, rows: int, widths: Sequence[int]) -> Table:
        made = self.file.add_table(rows, len(widths), style="Table Grid")
        made.autofit = False
        made.alignment = WD_TABLE_ALIGNMENT.CENTER
        for column, width in zip(made.columns, widths, strict=True):
            column.width = Emu(width)
            for cell in column.cells:
                cell.width = Emu(width)
        return made

    def fill(self, cell: _Cell, words: str, font: str = "", *, centred: bool = False) -> Paragraph:
        paragraph = cell.paragraphs[0]
        if centred:
            paragraph.alignment = WD_ALIGN_PARAGRAPH.CENTER
            cell.vertical_alignment = WD_CELL_VERTICAL_ALIGNMENT.CENTER
        for number, line in enumerate(words.split("\n")):
            if number:
                paragraph = cell.add_paragraph()
            self.write(paragraph, line, font, self.cell_size)
        return paragraph

    def grid(self, rows: Sequence[Sequence[Cell]]) -> None:
        """Lines with the same number of cells are one table; tables that touch are shown as one."""
        start = 0
        while start < len(rows):
            number = len(rows[start])
            end = start
            while end < len(rows) and len(rows[end]) == number:
                end += 1
            self._lines(rows[start:end], number)
            if end < len(rows):
                self._joint()
            start = end

    def _joint(self) -> None:
        """Word joins tables without a paragraph between them into one of equal columns; this one is not seen."""
        between = self.file.add_paragraph()
        shape = between.paragraph_format
        shape.line_spacing_rule, shape.line_spacing = WD_LINE_SPACING.EXACTLY, Pt(1)
        between.add_run().font.size = Pt(1)

    def _lines(self, rows: Sequence[Sequence[Cell]], number: int) -> None:
        label = _LABEL[number]
        made = self.table(len(rows), [label, WIDTH // number - label] * number)
        for line, cells in zip(made.rows, rows, strict=True):
            _height(line, max([9, *(max(cell.height, 18 if cell.signature else 0) for cell in cells)]))
            for place, cell in enumerate(cells):
                self.fill(line.cells[2 * place], cell.label, HEADING, centred=True)
                value = line.cells[2 * place + 1]
                self.fill(value, cell.value)
                if cell.signature is not None:
                    self.signed(value.add_paragraph(), cell.signature)

    def signed(self, paragraph: Paragraph, place: Signature) -> None:
        paragraph.alignment = WD_ALIGN_PARAGRAPH.RIGHT
        self.write(paragraph, f"{place.label}：", size=self.cell_size)
        if place.image:
            paragraph.add_run().add_picture(io.BytesIO(place.image), **_fitting(place.image))
        else:
            self.write(paragraph, place.name or "\u3000" * 5, size=self.cell_size)
        self.write(paragraph, f"\u3000{place.on or _BLANK_DATE}", size=self.cell_size)

    def listing(self, block: Listing) -> None:
        if not block.rows:
            self.paragraph(block.empty)
            return
        share = WIDTH / sum(block.widths)
        made = self.table(1 + len(block.rows), [int(share * width) for width in block.widths])
        for place, name in enumerate(block.head):
            self.fill(made.cell(0, place), name, HEADING, centred=True)
        again = OxmlElement("w:tblHeader")
        made.rows[0]._tr.get_or_add_trPr().append(again)  # the head stands on every page
        # Cells of a long table are looked up once: python-docx walks the table for each.
        for line, row in zip(list(made.rows)[1:], block.rows, strict=True):
            for cell, words in zip(line.cells, row, strict=True):
                self.fill(cell, words)

    def signatures(self, block: Signatures) -> None:
        lines = (len(block.places) + 1) // 2
        made = self.table(lines, [WIDTH // 2] * 2)
        for place, who in enumerate(block.places):
            cell = made.cell(place // 2, place % 2)
            self.fill(cell, who.label, HEADING)
            if who.image:
                cell.add_paragraph().add_run().add_picture(io.BytesIO(who.image), **_fitting(who.image))
            else:
                cell.add_paragraph()
            for words in (f"签字：{who.name}", who.on or _BLANK_DATE):
                self.write(cell.add_paragraph(), words, size=self.cell_size)

    def closing(self, block: Closing) -> None:
        self.paragraph("")
        for words in (block.organ, "（印章）", block.on or _BLANK_DATE):
            made = self.paragraph(words, centred=True)
            made.paragraph_format.left_indent = Mm(66)

    def qr_code(self, block: QrCode) -> None:
        picture = io.BytesIO()
        segno.make(block.address, error="m", micro=False).save(picture, kind="png", scale=6)
        self.file.add_paragraph().add_run().add_picture(io.BytesIO(picture.getvalue()), width=Mm(28))
        for words in block.words:
            self.paragraph(words)


def _fonts(properties: Any, name: str) -> None:
    """Name a font for every script: without ``eastAsia`` a word processor shows Chinese in its own choice."""
    fonts = properties.get_or_add_rFonts()
    for script in ("ascii", "hAnsi", "eastAsia", "cs"):
        fonts.set(qn(f"w:{script}"), name)


def _height(line: Any, millimetres: float) -> None:
    line.height = Mm(millimetres)  # at least: Word's default rule


def _fitting(image: bytes) -> dict[str, int]:
    """At most 24 mm wide and 12 mm high."""
    made = Image.from_blob(image)
    wide = made.px_width * 12 >= made.px_height * 24
    return {"width": Mm(24)} if wide else {"height": Mm(12)}


def _timeless(content: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as made, zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in _in_order(made.namelist()):
            kept.writestr(zipfile.ZipInfo(name, _ZIP_EPOCH), made.read(name), zipfile.ZIP_DEFLATED)
    return out.getvalue()


def _in_order(names: Iterable[str]) -> list[str]:
    """The list of contents first, as word processors write it."""
    return sorted(names, key=lambda name: (name != "[Content_Types].xml", name))
