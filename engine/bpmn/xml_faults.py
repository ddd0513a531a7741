"""What is wrong with XML that cannot be parsed, in Chinese: libxml2 says it in English."""

from __future__ import annotations

import re

from lxml import etree

_UNFINISHED = "标签没有写完，缺少“>”"
#: By libxml2's names of its errors.
_WORDS = {
    "ERR_DOCUMENT_EMPTY": "文件为空，或者不是 XML",
    "ERR_DOCUMENT_END": "根元素结束之后还有内容",
    "ERR_GT_REQUIRED": _UNFINISHED,
    "ERR_LTSLASH_REQUIRED": _UNFINISHED,
    "ERR_TAG_NOT_FINISHED": "文件不完整，有元素没有结束标签",
    "ERR_TAG_NAME_MISMATCH": "开始标签与结束标签不一致",
    "ERR_ATTRIBUTE_NOT_STARTED": "属性的值没有加引号",
    "ERR_ATTRIBUTE_NOT_FINISHED": "属性的值缺少后面的引号",
    "ERR_ATTRIBUTE_WITHOUT_VALUE": "属性没有值",
    "ERR_ATTRIBUTE_REDEFINED": "同一个属性写了两次",
    "ERR_LT_IN_ATTRIBUTE": "属性的值里有“<”，可能缺少引号，或者应写成 &lt;",
    "ERR_SPACE_REQUIRED": "缺少空格",
    "ERR_EQUAL_REQUIRED": "缺少“=”",
    "ERR_NAME_REQUIRED": "缺少名称，或者“<”“&”没有写成 &lt; 或 &amp;",
    "ERR_ENTITYREF_SEMICOL_MISSING": "“&”没有写成 &amp;",
    "ERR_UNDECLARED_ENTITY": "用到没有定义的实体，“&”应写成 &amp;",
    "ERR_INVALID_CHAR": "含有 XML 不允许的字符",
    "ERR_COMMENT_NOT_FINISHED": "注释没有结束",
    "ERR_CDATA_NOT_FINISHED": "CDATA 没有结束",
    "ERR_RESERVED_XML_NAME": "XML 声明不在文件的开头",
    "NS_ERR_UNDEFINED_NAMESPACE": "用到没有声明的命名空间前缀",
}
_MISMATCH = re.compile(r"mismatch: (\S+) line (\d+) and (\S+)")


def explain(parser: etree.XMLParser) -> tuple[int, int, str]:
    """Line and column, from 1, of the first fault ``parser`` met, and what it is."""
    first = next(iter(parser.error_log), None)
    if first is None:
        return 1, 1, _WORDS["ERR_DOCUMENT_EMPTY"]
    why = _WORDS.get(first.type_name, "不合 XML 的语法")
    names = _MISMATCH.search(first.message)
    if names:
        why += f"：第 {names[2]} 行开始的是 {names[1]}，这里结束的是 {names[3]}"
    return max(first.line, 1), max(first.column, 1), why
