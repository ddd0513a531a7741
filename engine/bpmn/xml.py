"""Reading XML that a stranger wrote: the only place that turns bytes into an XML tree.

Everything a diagram or table can do to a parser is refused before or while it is parsed:
document types (entity bombs, external files), unknown encodings, oversized files and
oversized processes.  The bytes are decoded here and handed on as UTF-8, so the scan for a
DOCTYPE and the parser can never disagree about the encoding.
"""

from __future__ import annotations

import codecs
import re

from lxml import etree

from engine.bpmn.xml_faults import explain
from engine.errors import ModelRefused

BPMN = "http://www.omg.org/spec/BPMN/20100524/MODEL"
MAX_BYTES = 2 * 1024 * 1024
MAX_FLOW_ELEMENTS = 400  # per process
MAX_FILE_FLOW_ELEMENTS = 2_000
MAX_DIAGRAM_ELEMENTS = 30_000  # all XML elements of a diagram, shapes and properties included

RULE = "readable-xml"

_ENCODINGS = {
    "utf-8",
    "utf-16",
    "utf-16-le",
    "utf-16-be",
    "ascii",
    "gb2312",
    "gbk",
    "gb18030",
    "iso8859-1",
    "cp1252",
}
_BOMS = ((codecs.BOM_UTF8, "utf-8"), (codecs.BOM_UTF16_LE, "utf-16-le"), (codecs.BOM_UTF16_BE, "utf-16-be"))
_DECLARATION = re.compile(r"^\s*<\?xml\s[^>]*?\?>", re.S)
_ENCODING = re.compile(r"""encoding\s*=\s*["']([A-Za-z0-9._-]{1,40})["']""")
_PROLOG = re.compile(r"(?:\s+|<!--(?:(?!-->).)*-->|<\?(?:(?!\?>).)*\?>)*", re.S)

#: Elements that count towards the size of a process (BPMN 2.0 calls them flow elements).
FLOW_NODES = frozenset(
    [
        "task",
        "userTask",
        "manualTask",
        "serviceTask",
        "scriptTask",
        "businessRuleTask",
        "sendTask",
        "receiveTask",
        "callActivity",
        "subProcess",
        "transaction",
        "adHocSubProcess",
        "startEvent",
        "endEvent",
        "intermediateCatchEvent",
        "intermediateThrowEvent",
        "boundaryEvent",
        "implicitThrowEvent",
        "exclusiveGateway",
        "parallelGateway",
        "inclusiveGateway",
        "complexGateway",
        "eventBasedGateway",
        "choreographyTask",
        "subChoreography",
        "callChoreography",
    ]
)
FLOW_ELEMENTS = FLOW_NODES | {"sequenceFlow", "dataObject", "dataObjectReference", "dataStoreReference"}


def refused(what: str, message: str, remedy: str, element: str = "") -> ModelRefused:
    """A refusal of the file ``what`` with one finding, in the form the linter reports."""
    finding = {
        "rule": RULE,
        "severity": "error",
        "file": what,
        "element": element,
        "message": message,
        "remedy": remedy,
    }
    return ModelRefused(f"{what}：{message}{remedy}", findings=[finding])


def decode(data: bytes, what: str) -> str:
    """The text of an XML file, by byte-order mark, then by its declaration, else UTF-8.

    Raises :class:`ModelRefused` when the encoding is not one of the few that are accepted
    or the bytes do not fit it.
    """
    name, skip = "", 0
    for bom, encoding in _BOMS:
        if data.startswith(bom):
            name, skip = encoding, len(bom)
            break
    if not name and data[:4] == b"<\x00?\x00":
        name = "utf-16-le"
    if not name and data[:4] == b"\x00<\x00?":
        name = "utf-16-be"
    if not name:
        head = data[:200].decode("ascii", "ignore")
        declared = _ENCODING.search(head.split("?>", 1)[0]) if head.lstrip().startswith("<?xml") else None
        name = declared.group(1) if declared else "utf-8"
    try:
        codec = codecs.lookup(name).name
    except LookupError:
        codec = ""
    if codec not in _ENCODINGS:
        raise refused(what, f"不支持文件声明的编码“{name}”。", "请另存为 UTF-8 后重新上传。")
    if codec in {"gb2312", "gbk"}:
        codec = "gb18030"  # a superset; files labelled GB2312 routinely contain later characters
    try:
        return data[skip:].decode(codec)
    except UnicodeDecodeError as error:
        raise refused(
            what, f"第 {error.start + skip} 字节起的内容不是有效的 {name} 编码。", "请另存为 UTF-8 后重新上传。"
        ) from None


def encode(text: str) -> bytes:
    """The bytes of a file whose text :func:`decode` gave, which reads them the same again.

    They are in the encoding the text declares or, where that does not fit, in UTF-8 with a byte-order mark.
    """
    declaration = _DECLARATION.match(text)
    declared = _ENCODING.search(declaration.group()) if declaration else None
    name = declared.group(1).lower() if declared else "utf-8"
    data = b""
    try:
        if codecs.lookup(name).name in _ENCODINGS:
            data = text.encode("gb18030" if name in {"gb2312", "gbk"} else name)
    except (LookupError, UnicodeEncodeError):
        pass
    return data or text.encode("utf-8-sig")


def read_xml(data: bytes | str, what: str) -> etree._Element:
    """Parse untrusted XML and return its root element.

    ``what`` is the file name shown to people.  Text is accepted for files that already were
    decoded (a stored bundle).  Raises :class:`ModelRefused` with a Chinese reason for anything
    that is not plain, well-formed, reasonably sized XML.
    """
    size = len(data) if isinstance(data, bytes) else len(data.encode("utf-8", "surrogatepass"))
    if size > MAX_BYTES:
        raise refused(what, f"文件大小为 {size:,} 字节，超过上限 {MAX_BYTES:,} 字节。", "请拆分为多个流程文件。")
    text = decode(data, what) if isinstance(data, bytes) else data.removeprefix("\ufeff")
    text = _DECLARATION.sub("", text, count=1)
    prolog = _PROLOG.match(text)
    rest = text[prolog.end() if prolog else 0 :]
    if rest[:2] == "<!" and rest[2:9].upper() == "DOCTYPE":
        raise refused(what, "文件含有 DOCTYPE 声明，可能引用外部文件或无限展开。", "请删除 DOCTYPE 声明。")
    parser = etree.XMLParser(
        encoding="utf-8",
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        dtd_validation=False,
        attribute_defaults=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
    )
    try:
        root = etree.fromstring(text.encode("utf-8"), parser)
    except UnicodeEncodeError:
        raise refused(what, "文件含有无效字符。", "请另存为 UTF-8 后重新上传。") from None
    except etree.XMLSyntaxError:
        line, column, why = explain(parser)
        raise refused(
            what, f"XML 格式错误（第 {line} 行第 {column} 列）：{why}。", "请改正这一处，或用建模工具重新导出。"
        ) from None
    info = root.getroottree().docinfo
    if info.internalDTD is not None or info.doctype:
        raise refused(what, "文件含有 DOCTYPE 声明，可能引用外部文件或无限展开。", "请删除 DOCTYPE 声明。")
    _check_size(root, what)
    return root


def executable_processes(root: etree._Element) -> list[etree._Element]:
    """The processes of a diagram that are to be run.

    ``isExecutable`` has no default in the standard.  A diagram that never says so means all its
    processes; beside one that is declared executable, silent ones are pictures of partners, unless a
    call activity calls them.
    """
    processes = list(root.iterfind(f"{{{BPMN}}}process"))
    stated = [p for p in processes if (p.get("isExecutable") or "").strip() in {"true", "1"}]
    silent = [p for p in processes if p.get("isExecutable") is None]
    if not stated:
        return [p for p in silent if any(e.tag != f"{{{BPMN}}}laneSet" for e in p.iterchildren("{*}*"))]
    called = {c.get("calledElement", "").strip().rpartition(":")[2] for c in root.iter(f"{{{BPMN}}}callActivity")}
    return [p for p in processes if p in stated or (p in silent and p.get("id") in called)]


def _check_size(root: etree._Element, what: str) -> None:
    if root.tag != f"{{{BPMN}}}definitions":
        return  # tables have their own limits
    if sum(1 for _ in root.iter("*")) > MAX_DIAGRAM_ELEMENTS:
        raise refused(what, f"文件超过 {MAX_DIAGRAM_ELEMENTS:,} 个元素。", "请拆分为多个流程文件。")
    total = 0
    for process in root.iter(f"{{{BPMN}}}process"):
        count = sum(1 for e in process.iter(f"{{{BPMN}}}*") if etree.QName(e).localname in FLOW_ELEMENTS)
        total += count
        if count > MAX_FLOW_ELEMENTS:
            name = process.get("name") or process.get("id") or ""
            message = f"流程“{name}”有 {count} 个图元，超过上限 {MAX_FLOW_ELEMENTS} 个。"
            raise refused(what, message, "请把部分步骤拆到被调用的流程中。", process.get("id") or "")
    if total > MAX_FILE_FLOW_ELEMENTS:
        raise refused(
            what, f"文件共有 {total:,} 个图元，超过上限 {MAX_FILE_FLOW_ELEMENTS:,} 个。", "请拆分为多个流程文件。"
        )
