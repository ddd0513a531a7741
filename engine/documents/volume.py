"""A bound volume (案卷): cover, index with page numbers, then one part after the other, pages counted from the first.

After Chinese archive practice cover and index carry no page number; the index names the page each part begins on.
The volume is laid out in one go; only what is on its pages is held in memory, pictures as small JPEGs.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import IO, Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import (
    BaseDocTemplate,
    Flowable,
    Frame,
    PageBreak,
    PageTemplate,
    Spacer,
    Table,
)

from engine.documents import fonts
from engine.documents.model import Block, Document, Facts, Listing
from engine.documents.pdf import one_at_a_time
from engine.documents.pdf_blocks import CELL, FORM, Setter

PICTURES_A_LINE = 2


@dataclass(frozen=True)
class Picture:
    """A small JPEG and the lines below it."""

    jpeg: bytes = field(repr=False)
    lines: Sequence[str]


@dataclass(frozen=True)
class Pictures:
    """Photos, two a line."""

    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Part:
    """One file of the volume (卷内文件): its line of the index, and what its pages say."""

    title: str
    blocks: Sequence[Block | Pictures]
    number: str = ""  # 文号
    author: str = ""  # 责任者
    on: str = ""


@dataclass(frozen=True)
class Volume:
    """``cover`` are the lines of the cover (档号, 保管期限 …); ``mark`` stands in the head of every page."""

    title: str
    organ: str
    cover: Sequence[tuple[str, str]]
    parts: Iterable[Part]
    mark: str = ""
    footer: str = ""


@dataclass(frozen=True)
class Bound:
    """How many pages are counted, and on which each part begins."""

    pages: int
    starts: list[int]


def bind(volume: Volume, out: IO[bytes]) -> Bound:
    """Write the volume to ``out`` as PDF.  Raises :class:`LianjianError` when the fonts were not built."""
    with one_at_a_time:
        return _Binder(volume).bind(out)


class _Binder:
    def __init__(self, volume: Volume) -> None:
        self._volume = volume
        self._setter = Setter(fonts.load(), FORM)
        self._parts: list[tuple[Part, int]] = []  # with the page each begins on, once it is set

    def bind(self, out: IO[bytes]) -> Bound:
        volume = self._volume
        template = _Template(
            out, pagesize=A4, leftMargin=FORM.left, rightMargin=FORM.right, topMargin=FORM.top,
            bottomMargin=FORM.bottom, invariant=1, title=volume.title, author=volume.organ, lang="zh-CN",
            creator="lianjian",
        )  # fmt: skip
        frame = Frame(FORM.left, FORM.bottom, FORM.width, A4[1] - FORM.top - FORM.bottom, 0, 0, 0, 0, id="text")
        template.addPageTemplates([PageTemplate(id="page", frames=[frame])])
        body: list[Flowable] = []
        for part in volume.parts:
            body += [PageBreak()] if body else []
            body += self._part(part)
        # The index can only be set when the last part is: it goes behind, and to the front when pages are written.
        front = _Later(self._front)
        pages = _Pages()
        template.build(
            [*body, PageBreak(), _Here(pages.turn), front],
            canvasmaker=pages.canvas(self._setter.text(volume.mark), self._setter.text(volume.footer)),
        )
        return Bound(pages.counted, [page for _, page in self._parts])

    def _part(self, part: Part) -> Iterator[Flowable]:
        yield _Here(lambda page: self._parts.append((part, page)))
        document = Document(part.title, [b for b in part.blocks if not isinstance(b, Pictures)], number=part.number)
        yield from self._setter.story(document)
        for block in part.blocks:
            if isinstance(block, Pictures):
                yield from self._pictures(block)

    def _pictures(self, block: Pictures) -> Iterator[Flowable]:
        width = FORM.width / PICTURES_A_LINE
        cells: list[Any] = [
            [_Photo(p.jpeg, width - 12), *(self._setter.paragraph(line, CELL) for line in p.lines)]
            for p in block.pictures
        ]
        while len(cells) % PICTURES_A_LINE:
            cells.append("")
        for at in range(0, len(cells), PICTURES_A_LINE):
            style = [("VALIGN", (0, 0), (-1, -1), "TOP"), ("GRID", (0, 0), (-1, -1), 0.5, "#000000")]
            yield Table([cells[at : at + PICTURES_A_LINE]], [width] * PICTURES_A_LINE, style=style, splitInRow=0)

    def _front(self) -> list[Flowable]:
        volume = self._volume
        cover = Document(volume.title, [Facts(volume.cover)], organ=volume.organ)
        rows = [
            [str(n), part.title, part.number, part.author, part.on, str(page)]
            for n, (part, page) in enumerate(self._parts, start=1)
        ]
        index = Document(
            "卷内目录", [Listing(["序号", "题名", "文号", "责任者", "日期", "页码"], rows, [1, 5, 3, 3, 2.2, 1.2])]
        )
        return [Spacer(1, 60 * mm), *self._setter.story(cover), PageBreak(), *self._setter.story(index)]


class _Template(BaseDocTemplate):
    """Lets a flowable put others behind itself."""

    def handle_flowable(self, flowables: list[Flowable]) -> None:
        if flowables and isinstance(flowables[0], _Later):
            flowables[:1] = flowables[0].made()
        if flowables:
            super().handle_flowable(flowables)


class _Later(Flowable):
    def __init__(self, made: Any) -> None:
        super().__init__()
        self.made = made


class _Here(Flowable):
    """Nothing to be seen; tells on which page it came to stand."""

    def __init__(self, found: Any) -> None:
        super().__init__()
        self.width = self.height = 0
        self._found = found

    def draw(self) -> None:
        self._found(self.canv.getPageNumber())


class _Photo(Flowable):
    def __init__(self, jpeg: bytes, width: float) -> None:
        super().__init__()
        self._image = ImageReader(io.BytesIO(jpeg))
        wide, high = self._image.getSize()
        scale = min(width / wide, 70 * mm / high)
        self.width, self.height = wide * scale, high * scale

    def draw(self) -> None:
        self.canv.drawImage(self._image, 0, 0, self.width, self.height)


class _Pages:
    """Keeps the pages until all are set, then writes cover and index first."""

    counted = 0

    def turn(self, page: int) -> None:
        """Page ``page`` is the first that is not counted."""
        self.counted = page - 1

    def canvas(self, mark: str, footer: str) -> type[Canvas]:
        pages = self

        class Ordered(Canvas):
            def __init__(self, *given: Any, **named: Any) -> None:
                super().__init__(*given, **{**named, "initialFontName": fonts.TEXT})
                self._kept: list[dict[str, Any]] = []

            def showPage(self) -> None:
                self._kept.append(dict(self.__dict__))
                self._startPage()

            def save(self) -> None:
                body, front = self._kept[: pages.counted], self._kept[pages.counted :]
                for number, state in [(0, s) for s in front] + list(enumerate(body, start=1)):
                    self.__dict__.update(state)
                    self.setFont(fonts.TEXT, 9)
                    self.drawString(FORM.left, FORM.bottom - 10 * mm, footer)
                    if number:
                        said = f"第 {number} 页　共 {len(body)} 页"
                        self.drawRightString(A4[0] - FORM.right, FORM.bottom - 10 * mm, said)
                    self.setFont(fonts.HEADING, 10)
                    self.drawRightString(A4[0] - FORM.right, A4[1] - FORM.top + 6 * mm, mark)
                    super().showPage()
                super().save()

        return Ordered
