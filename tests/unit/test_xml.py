"""XML from strangers: what is refused, and that every accepted encoding is read right."""

from __future__ import annotations

import pytest
from lxml import etree

from engine.bpmn.xml import BPMN, MAX_BYTES, MAX_FLOW_ELEMENTS, decode, encode, read_xml
from engine.errors import ModelRefused


def refusal(data: bytes | str) -> str:
    with pytest.raises(ModelRefused) as caught:
        read_xml(data, "图.bpmn")
    finding = caught.value.findings[0]
    assert finding["file"] == "图.bpmn" and finding["rule"] == "readable-xml" and finding["remedy"]
    return str(finding["message"])


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>',
        '<?xml version="1.0"?>\n<!-- note --><!DOCTYPE a SYSTEM "http://127.0.0.1:1/x.dtd"><a/>',
        '<?xml version="1.0"?><?pi x?> <!doctype a><a/>',
        '<!DOCTYPE a [<!ENTITY f SYSTEM "file:///etc/passwd">]><a>&f;</a>',
        '<!DOCTYPE a [<!ENTITY a "aa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">]><a b="&b;"/>',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-16", "utf-8-sig"])
def test_a_document_type_is_refused_before_anything_is_parsed(text: str, encoding: str) -> None:
    assert "DOCTYPE" in refusal(text.encode(encoding)) or encoding == "utf-16"
    refusal(text)


def test_the_word_doctype_in_a_comment_or_a_text_is_no_document_type() -> None:
    read_xml("<!-- <!DOCTYPE a> --><a><![CDATA[<!DOCTYPE b>]]></a>", "a")


@pytest.mark.parametrize("encoding", ["utf-8", "gbk", "gb2312", "gb18030", "utf-16", "UTF-8"])
def test_chinese_text_is_read_in_every_usual_encoding(encoding: str) -> None:
    text = f'<?xml version="1.0" encoding="{encoding}"?><a 名="值">抽查任务</a>'
    root = read_xml(text.encode(encoding), "a")
    assert root.text == "抽查任务" and root.get("名") == "值"
    assert decode(encode(decode(text.encode(encoding), "a")), "a") == text, "what is given out is read the same again"
    wrong = '<?xml version="1.0" encoding="ascii"?><a>抽查</a>'
    assert decode(encode(wrong), "a") == wrong


def test_text_that_was_decoded_before_keeps_its_meaning_whatever_its_declaration_says() -> None:
    assert read_xml('<?xml version="1.0" encoding="GBK"?><a>抽查</a>', "a").text == "抽查"


@pytest.mark.parametrize("encoding", ["UTF-7", "utf-32", "idna", "rot13", "nonsense", "unicode_escape", "hex"])
def test_an_unusual_encoding_is_refused(encoding: str) -> None:
    assert "编码" in refusal(f'<?xml version="1.0" encoding="{encoding}"?><a/>'.encode("ascii"))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("<a>\n <b></a>", "第 2 行第 9 列）：开始标签与结束标签不一致：第 2 行开始的是 b，这里结束的是 a"),
        ("<a><b </a>", "第 1 行第 7 列）"),
        ('<a b="1" b="2"/>', "同一个属性写了两次"),
        ("<p:a/>", "没有声明的命名空间前缀"),
        ("", "文件为空"),
    ],
)
def test_malformed_text_is_named_in_chinese_with_its_place(text: str, said: str) -> None:
    message = refusal(text)
    assert said in message
    assert not {"expected", "not", "found", "line", "column"} & set(message.split()), "nothing of the parser's English"


def test_bytes_that_do_not_fit_their_encoding_are_refused() -> None:
    assert "编码" in refusal("<a>抽查</a>".encode("gbk"))


def test_an_undefined_entity_and_malformed_text_are_refused() -> None:
    for data in (b"<a>&x;</a>", b"", b"<a>", b"<a></b>", b"\x00\x01", b"<a/><b/>", b"text"):
        refusal(data)


def test_a_file_beyond_the_size_limit_is_refused() -> None:
    assert "超过上限" in refusal(b"<a>" + b"x" * MAX_BYTES + b"</a>")


def test_a_deep_tree_is_refused_instead_of_exhausting_the_stack() -> None:
    refusal("<a>" * 5000 + "</a>" * 5000)


def test_a_process_beyond_the_element_limit_is_refused_by_name() -> None:
    def process(count: int) -> str:
        tasks = "".join(f'<task id="t{i}"/>' for i in range(count))
        return f'<definitions xmlns="{BPMN}"><process id="大流程">{tasks}</process></definitions>'

    assert isinstance(read_xml(process(MAX_FLOW_ELEMENTS), "a"), etree._Element)
    assert "大流程" in refusal(process(MAX_FLOW_ELEMENTS + 1))
