"""The font of official documents: Noto Serif SC (宋体 style, SIL Open Font License), never one of the system.

The files come from a package of the npm registry when the assets are built
(``engine/web/assets.py``) and ship inside the wheel; a document embeds only the
characters it uses.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFError, TTFont

from engine.errors import LianjianError

FOLDER = Path(__file__).resolve().parent / "fonts"
REGULAR = "NotoSerifSC-Regular.ttf"
BOLD = "NotoSerifSC-Bold.ttf"
LICENCE = "OFL.txt"
#: Names under which reportlab knows the two.
TEXT, HEADING = "Song", "SongBold"


def present() -> bool:
    """Have the fonts been built or shipped?"""
    return all((FOLDER / name).exists() for name in (REGULAR, BOLD, LICENCE))


@cache
def load() -> frozenset[int]:
    """Make both fonts known, once a process; returns the code points that both can show.

    Raises :class:`LianjianError` naming the command to run when the files are not there.
    """
    shown: list[set[int]] = []
    for name, file in ((TEXT, REGULAR), (HEADING, BOLD)):
        try:
            font = TTFont(name, str(FOLDER / file))
        except (TTFError, OSError):
            raise LianjianError(
                f"公文字体 {file} 不存在或已损坏，请先运行 python -m engine.web.assets build。"
            ) from None
        pdfmetrics.registerFont(font)
        shown.append(set(font.face.charToGlyph))
    return frozenset(shown[0] & shown[1])
