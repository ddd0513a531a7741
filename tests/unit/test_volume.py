"""A bound volume: its index names the page each part begins on; pictures that cannot be opened stop nothing."""

from __future__ import annotations

import base64
import io
import warnings

import pypdfium2
from PIL import Image

from engine.documents.model import Facts, Text
from engine.documents.thumbnails import thumbnail
from engine.documents.volume import Part, Picture, Pictures, Volume, bind
from engine.inspection.archives.blocks import blocks_of, drawn


def photo(width: int, height: int) -> bytes:
    out = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(out, "JPEG")
    return out.getvalue()


def test_the_index_names_the_page_on_which_each_part_begins() -> None:
    long = Text([f"第 {n} 段。" * 30 for n in range(60)])
    small = thumbnail(photo(1600, 900))
    assert small is not None
    pictures = Pictures([Picture(small, [f"照片 {n}"]) for n in range(9)])
    parts = [
        Part("甲", [Facts([("一", "二")])]),
        Part("乙", [long], number="天市监〔2026〕1号"),
        Part("丙", [pictures]),
    ]
    out = io.BytesIO()
    bound = bind(Volume("卷", "机关", [("档号", "A-1")], iter(parts), mark="内部"), out)
    with warnings.catch_warnings(action="ignore"):
        pdf = pypdfium2.PdfDocument(out.getvalue())
        texts = [page.get_textpage().get_text_range() for page in pdf]
        pdf.close()
    front = len(texts) - bound.pages
    assert "A-1" in texts[0] and "卷内目录" in texts[1] and front == 2
    assert bound.starts[0] == 1 and bound.starts == sorted(bound.starts) and bound.pages > bound.starts[2]
    for part, start in zip(parts, bound.starts, strict=True):
        assert part.title in texts[front + start - 1] and f"第 {start} 页" in texts[front + start - 1]
        assert part.title in texts[1] and str(start) in texts[1]


def test_what_is_no_picture_is_left_out() -> None:
    assert thumbnail(b"%PDF-1.4") is None and thumbnail(photo(300, 200)[:900]) is None
    broken = "data:image/png;base64," + base64.b64encode(b"\x89PNG\r\n\x1a\nnothing").decode()
    assert (
        drawn(broken) == b"" and drawn("https://example.com/a.png") == b"" and drawn("data:image/png;base64,?") == b""
    )
    blocks = blocks_of([("签名", {"image": broken}), ("附件", {"files": ["1", "2"]})], {"1": "原件/0001-图.jpg"})
    assert blocks == [Facts([("附件", "原件/0001-图.jpg\n—")])]
