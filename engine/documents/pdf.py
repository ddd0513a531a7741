"""Sets a document on A4: ruled tables, hanging Chinese punctuation, page numbers, the font inside the file.

Equal documents give equal bytes, so a printed record can be compared with a downloaded one.
"""

from __future__ import annotations

import hashlib
import io
import threading
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Frame, PageTemplate

from engine.documents import fonts
from engine.documents.model import Document
from engine.documents.pdf_blocks import FORM, LETTER, Page, Setter

#: reportlab reads a font file through one position and keeps state per document.
one_at_a_time = threading.Lock()
#: The last few documents by what they say: anybody may ask for a long one again and again.
_made: dict[bytes, bytes] = {}
KEPT = 8


def render(document: Document) -> bytes:
    """The document as PDF.  Raises :class:`~engine.errors.LianjianError` when the fonts were not built."""
    said = hashlib.sha256(repr(document).encode()).digest()
    with one_at_a_time:
        if said not in _made:
            content = _set(document)
            while len(_made) >= KEPT:
                del _made[next(iter(_made))]
            _made[said] = content
        return _made[said]


def _set(document: Document) -> bytes:
    page = LETTER if document.letter else FORM
    setter = Setter(fonts.load(), page)
    out = io.BytesIO()
    template = BaseDocTemplate(
        out, pagesize=A4, leftMargin=page.left, rightMargin=page.right, topMargin=page.top, bottomMargin=page.bottom,
        invariant=1, title=document.title, author=document.organ, subject=document.number, lang="zh-CN",
        creator="lianjian",
    )  # fmt: skip
    frame = Frame(page.left, page.bottom, page.width, A4[1] - page.top - page.bottom, 0, 0, 0, 0, id="text")
    template.addPageTemplates(PageTemplate(id="page", frames=[frame]))
    template.build(
        setter.story(document), canvasmaker=_numbered(page, setter.text(document.mark), setter.text(document.footer))
    )
    return out.getvalue()


def _numbered(page: Page, mark: str, footer: str) -> type[Canvas]:
    """A canvas that writes mark, footer and “第 n 页 共 N 页” once the number of pages is known."""

    class Numbered(Canvas):
        def __init__(self, *given: Any, **named: Any) -> None:
            super().__init__(*given, **{**named, "initialFontName": fonts.TEXT})
            self._pages: list[dict[str, Any]] = []

        def showPage(self) -> None:
            self._pages.append(dict(self.__dict__))
            self._startPage()

        def save(self) -> None:
            for number, state in enumerate(self._pages, start=1):
                self.__dict__.update(state)
                self.setFont(fonts.TEXT, 9)
                self.drawString(page.left, page.bottom - 10 * mm, footer)
                self.drawRightString(
                    A4[0] - page.right, page.bottom - 10 * mm, f"第 {number} 页　共 {len(self._pages)} 页"
                )
                if mark:
                    self.setFont(fonts.HEADING, 10)
                    self.drawRightString(A4[0] - page.right, A4[1] - page.top + 6 * mm, mark)
                super().showPage()
            super().save()

    return Numbered
