"""Official documents: Chinese that can be searched and copied, the font inside, nothing lost, nothing executed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pypdfium2
import pytest

from engine.documents import fonts, pdf
from engine.documents.amounts import money
from engine.documents.model import Document, Facts, Listing, QrCode, Signature, Signatures, Text
from engine.documents.pdf import render
from engine.errors import LianjianError
from engine.inspection.case_numbers import in_words, key_words
from engine.settings import Settings
from engine.web import assets


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    assets.build()


def pages(content: bytes) -> list[str]:
    """The text of each page, as a reader would copy it."""
    document = pypdfium2.PdfDocument(content)
    return [page.get_textpage().get_text_range().replace("\r\n", "\n") for page in document]


def words(content: bytes) -> str:
    return "".join("".join(page.split()) for page in pages(content))


LETTER = Document(
    "现场检查笔录",
    [
        Facts([("检查对象", "济南天桥演示餐饮有限公司"), ("摘要", "ab12" * 16)], title="一、基本情况"),
        Text(["检查人员出示证件，告知当事人权利。"], title="二、经过"),
        QrCode("https://example.gov.cn/public", ["扫码核验"]),
        Signatures([Signature(who) for who in ("检查人员", "当事人", "见证人")]),
    ],
    organ="天桥区市场监督管理局", number="（演示）市监检〔2026〕1号", mark="副本", footer="现场检查笔录",
)  # fmt: skip


def test_everything_said_stands_in_the_text_of_the_document() -> None:
    said = words(render(LETTER))
    for part in (
        "天桥区市场监督管理局", "现场检查笔录", "〔2026〕1号", "济南天桥演示餐饮有限公司", "告知当事人权利",
        "扫码核验", "见证人", "副本", "第1页共1页", "ab12" * 16,
    ):  # fmt: skip
        assert part in said, part


def test_equal_documents_give_equal_bytes_also_when_set_anew() -> None:
    first = render(LETTER)
    for number in range(pdf.KEPT):
        render(Document(f"其他文书 {number}", []))
    assert render(LETTER) == first


def test_a_narrative_longer_than_a_page_goes_on_overleaf() -> None:
    story = "".join(f"第{n}句：检查人员查看了货架。" for n in range(400))
    long = Document("笔录", [Facts([("现场情况", story)]), Listing(["项目", "情况"], [["一", story]], [1, 5])])
    found = pages(render(long))
    assert len(found) > 3
    said = "".join("".join(page.split()) for page in found)
    assert said.count("第399句：检查人员查看了货架。") == 2


def test_no_font_of_the_reader_is_needed_and_only_used_characters_are_embedded() -> None:
    content = render(LETTER)
    assert content.count(b"/FontFile2") >= 2
    assert b"Helvetica" not in content
    assert len(content) < 120_000


def test_a_long_list_repeats_its_head_and_numbers_its_pages() -> None:
    rows = [[str(n), f"第 {n} 户"] for n in range(1, 121)]
    found = pages(render(Document("名单", [Listing(["序号", "检查对象"], rows, [1, 5])], footer="名单")))
    assert len(found) > 2
    for number, page in enumerate(found, start=1):
        assert "检查对象" in page
        assert f"第{number}页共{len(found)}页" in "".join(page.split())
    assert "第120户" in "".join(found[-1].split())


def test_markup_is_text_and_a_character_without_a_glyph_is_named() -> None:
    said = words(render(Document("说明", [Text(["<b>甲</b>&乙<br/>", "𠮷野家\n第二行"])])))
    assert "<b>甲</b>&乙<br/>" in said
    assert "〔U+20BB7〕野家第二行" in said


def test_a_list_without_rows_says_so() -> None:
    assert "没有变更" in words(render(Document("变更", [Listing(["一"], [], [1], empty="没有变更")])))


def test_a_missing_font_names_the_command_that_brings_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(fonts, "FOLDER", tmp_path)
    fonts.load.cache_clear()
    assert not fonts.present()
    try:
        with pytest.raises(LianjianError, match=r"engine\.web\.assets build"):
            render(Document("没有字体", []))
    finally:
        fonts.load.cache_clear()


@pytest.mark.parametrize(
    ("amount", "words"),
    [("6000", "6000元（大写：陆仟元整）"), ("60.5", "60.5元（大写：陆拾元伍角）"), ("0.05", "0.05元（大写：伍分）"),
     ("10001", "10001元（大写：壹万零壹元整）"), ("100050000", "100050000元（大写：壹亿零伍万元整）"),
     ("20300040.06", "20300040.06元（大写：贰仟零叁拾万零肆拾元零陆分）"), ("", "")],
)  # fmt: skip
def test_an_amount_stands_in_figures_and_in_capitals(amount: str, words: str) -> None:
    assert money(amount) == words


def test_no_word_of_the_programs_stands_in_a_number_on_paper() -> None:
    known = key_words(Settings(), date(2026, 3, 2))
    assert in_words("SCJG-线索-2026-0001/penalty/service-2", known) == "SCJG-线索-2026-0001/行政处罚/送达2"
