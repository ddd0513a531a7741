"""Templates of official documents: judged whole, filled without losing a field, set as PDF and as DOCX."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import docx as word
import pypdfium2
import pytest

from engine.actor import Actor
from engine.db import Database, new_id
from engine.documents import docx, pdf
from engine.documents.model import Document
from engine.documents.reading import FUNCTIONS, examine, read
from engine.documents.template import BLANK, Template, in_words
from engine.errors import LianjianError
from engine.expressions import nodes
from engine.history import Chain
from engine.inspection import document_values
from engine.inspection import official_documents as documents
from engine.inspection.installation import services
from engine.lint.bundle import process_folders, read_bundle, read_files
from engine.lint.linter import lint
from engine.models import Department, ProcessDefinition, ProcessInstance, UserTask
from engine.settings import Settings
from engine.web import assets
from tests.support.journey import PNG

ZONE = ZoneInfo("Asia/Shanghai")
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=ZONE)
SETTINGS = Settings()
BUNDLES = {folder.name: read_bundle(folder, SETTINGS.form_dir) for folder in process_folders(SETTINGS.process_dir)}
SPEAKING = sorted(key for key, bundle in BUNDLES.items() if any(name.startswith("documents/") for name in bundle))


@pytest.fixture(scope="module", autouse=True)
def built() -> None:
    assets.build()


def template(*blocks: dict[str, Any], **more: Any) -> str:
    base = {"id": "notice", "title": "通知书", "code": "检通", "blocks": list(blocks)}
    return json.dumps({**base, **more}, ensure_ascii=False)


def pdf_words(document: Document) -> str:
    pages = pypdfium2.PdfDocument(pdf.render(document))
    return "".join("".join(page.get_textpage().get_text_range().split()) for page in pages)


def docx_words(document: Document) -> str:
    file = word.Document(io.BytesIO(docx.render(document)))
    cells = [cell.text for table in file.tables for row in table.rows for cell in row.cells]
    return "".join("".join([*(p.text for p in file.paragraphs), *cells]).split())


def filled(text: str, **scope: Any) -> Document:
    return read(text).fill(scope, {}, NOW, ZONE)


# -- judging -----------------------------------------------------------------------------------


def test_everything_wrong_with_a_template_is_said_at_once() -> None:
    raw = template(
        {"type": "picture"},
        {"type": "text", "text": "{object.nmae} {nobody.name} {1 +}", "colour": "red"},
        {"type": "text", "text": "花括号 { 不成对"},
        {"type": "form", "rows": [[{"label": "说明", "value": "steps.work.nothing", "height": -1}], [], "x"]},
        {"type": "list", "rows": "items", "as": "Item",
         "columns": [{"head": "事项"}, {"head": "名", "value": "row.nix"}]},
        {"type": "list", "rows": "items", "as": "who", "columns": [{"head": "名", "value": "who.nix"}]},
        {"type": "signatures", "places": [{"label": "当事人", "image": "steps.other.signature"}, {}]},
        {"type": "closing", "on": "yesterday(today)", "stamp": True},
        stamp=1, layout="poster", several="yes", title=" ",
    )  # fmt: skip
    vocabulary = {**document_values.VOCABULARY, "steps": {"work": {"note": None}}, "all_steps": {}}
    found = "\n".join(examine(raw, vocabulary)[1])
    for words in (
        "不认识的属性“stamp”", "缺少标题", "layout 应为", "several 应为", "不认识的块“picture”", "不存在的字段“nmae”",
        "不存在的资料“nobody”", "不认识的属性“colour”", "花括号不成对", "不存在的字段“nothing”", "height 应为",
        "第 2 行：应为一到 3 格", "第 3 行：应为一到 3 格", "as“Item”", "第 1 列：缺少 value 或 text",
        "不存在的字段“nix”", "不存在的字段“other”", "签字处缺少 label", "不存在的函数“yesterday”",
        "第 8 块：不认识的属性“stamp”",
    ):  # fmt: skip
        assert words in found, words
    for text in ("[]", "{", '{"id": "a"}', "x" * 200_001):
        assert examine(text)[1]
    with pytest.raises(LianjianError, match="不认识的块"):
        read(template({"type": "picture"}))


def test_a_template_with_a_wrong_field_is_refused_at_deployment_naming_the_file() -> None:
    bundle = dict(BUNDLES["department-inspection"])
    bundle["documents/site-record.json"] = bundle["documents/site-record.json"].replace("present_post", "present_rank")
    found = [f for f in lint(bundle, services=services()) if f.rule == "document-schema"]
    assert [f.file for f in found] == ["documents/site-record.json"]
    assert "present_rank" in found[0].message and found[0].severity == "error"


def test_single_files_are_told_apart_by_what_they_hold(tmp_path: Path) -> None:
    for name, text in (("a.json", template({"type": "closing"})), ("b.json", '{"components": []}'), ("c.json", "{")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    bundle = read_files(sorted(tmp_path.iterdir()), SETTINGS.form_dir)
    assert sorted(bundle) == ["documents/a.json", "forms/b.json", "forms/c.json"]


# -- filling -----------------------------------------------------------------------------------


def test_what_is_missing_is_room_to_write_and_what_is_there_is_written_as_officials_do() -> None:
    text = template(
        {"type": "text", "indent": False,
         "text": "{firm.name}：{firm.nothing}，{day}，{moment}，{flag}，{amount}，{names}"},
        {"type": "form", "rows": [[{"label": "方式", "value": "way", "options": ["实地核查", "书面检查"]}],
                                  {"when": "flag = false", "cells": [{"label": "不出现", "value": "day"}]}]},
        {"type": "list", "rows": "people", "as": "who",
         "columns": [{"head": "序", "value": "n"}, {"head": "名", "text": "{who.name}（{n}）"}]},
        {"type": "text", "text": "不出现", "when": "count(people) = 0"},
        {"type": "signatures", "places": [{"label": "当事人", "image": "image", "name": "names[1]", "on": "day"}]},
    )  # fmt: skip
    made = filled(
        text, firm={"name": "甲公司"}, day="2026-03-02", moment="2026-03-02T01:05:00+00:00", flag=True, amount=1234.5,
        names=["张三", "李四"], way=["书面检查"], people=[{"name": "张三"}, {"name": "李四"}], image=PNG,
        document={"number": "济天市监检通〔2026〕1号"},
    )  # fmt: skip
    for said in (pdf_words(made), docx_words(made)):
        for words in (
            f"甲公司：{BLANK}，2026年3月2日，2026年3月2日9时05分，是，1,234.5，张三、李四", "□实地核查", "■书面检查",
            "张三（1）", "李四（2）", "签字：张三", "济天市监检通〔2026〕1号",
        ):  # fmt: skip
            assert words in said, words
        assert "不出现" not in said
    assert made.blocks[-1].places[0].image.startswith(b"\x89PNG")  # type: ignore[union-attr]
    assert in_words("2026-13-40", ZONE) == "2026-13-40" and in_words(date(2026, 3, 2), ZONE) == "2026年3月2日"


def test_long_texts_and_thirty_inspectors_go_on_over_pages_in_both_formats() -> None:
    story = "".join(f"第{n}句：检查人员查看了货架，没有发现超过保质期的食品；" for n in range(160))
    people = [{"name": f"检查员{n:02d}", "number": f"鲁A{n:05d}"} for n in range(1, 31)]
    text = template(
        {"type": "form", "rows": [[{"label": "现场情况", "value": "story", "signature": {"label": "记录人"}}]]},
        {"type": "list", "rows": "people", "as": "who", "title": "检查人员",
         "columns": [{"head": "姓名", "value": "who.name"}, {"head": "证号", "value": "who.number", "width": 2}]},
        {"type": "text", "text": "{story}"}, {"type": "closing"}, layout="letter",
    )  # fmt: skip
    made = filled(text, story=story, people=people, organ={"name": "天桥区市场监督管理局"})
    said = pdf_words(made)
    assert len(pypdfium2.PdfDocument(pdf.render(made))) >= 6
    assert said.count("第159句") == 2 and all(p["number"] in said for p in people) and "记录人：" in said
    assert docx_words(made).count("第159句") == 2
    first_marks = [line.strip()[:1] for page in pypdfium2.PdfDocument(pdf.render(made))
                   for line in page.get_textpage().get_text_range().splitlines()]  # fmt: skip
    assert not set(first_marks) & set("，。；：！？、）")
    assert docx.render(made) == docx.render(made)


def test_a_word_processor_gets_the_fonts_and_margins_of_official_documents() -> None:
    file = word.Document(io.BytesIO(docx.render(filled(template({"type": "text", "text": "正文"}, layout="letter")))))
    section = file.sections[0]
    assert [round(side.mm) for side in (section.page_width, section.page_height)] == [210, 297]
    assert [round(m.mm) for m in (section.top_margin, section.left_margin, section.right_margin)] == [37, 28, 26]
    xml = file.element.xml
    assert 'w:eastAsia="仿宋"' in xml and 'w:eastAsia="宋体"' in xml
    assert file.paragraphs[-1].runs[0].font.size.pt == 16
    assert "NUMPAGES" in section.footer._element.xml


# -- the shipped templates ----------------------------------------------------------------------


@pytest.fixture(scope="module")
def store(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    path = tmp_path_factory.mktemp("documents") / "documents.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    with database.write() as session:
        session.add(Department(district_id="370105", code="SCJG", name="天桥区市场监督管理局"))
    yield database
    database.dispose()


def replayed(database: Database, key: str, scenario: dict[str, Any]) -> str:
    """A case whose steps were submitted as the scenario says; returns its id."""
    start, case = scenario["start"], new_id()
    department = start.get("department") or "SCJG"
    with database.write() as session:
        definition = ProcessDefinition(
            id=new_id(), district_id="370105", key=f"{key}-{case[-12:]}", version=1, name=key,
            digest=case.replace("-", ""), bundle={}, deployed_at=NOW,
        )  # fmt: skip
        session.add(definition)
        session.flush()
        session.add(
            ProcessInstance(
                id=case, district_id="370105", definition_id=definition.id, process_key=key,
                business_key=f"{start['business_key']}#{case[-6:]}", title="示例", department=department, state=b"",
                started_at=NOW,
            )
        )  # fmt: skip
        session.flush()
        for n, step in enumerate(s for s in scenario["steps"] if "complete" in s):
            session.add(
                UserTask(
                    district_id="370105", instance_id=case, process_key=key, business_key=start["business_key"],
                    engine_task_id=new_id(), element_id=step["complete"], name=step["complete"], department=department,
                    group="", state="completed", created_at=NOW, closed_at=NOW + timedelta(minutes=n),
                    values=step["values"], context={"item": step["item"]} if "item" in step else {},
                )
            )  # fmt: skip
        chain = Chain(session.connection(), "370105")
        chain.queue(case, "instance-started", {"variables": start["variables"]}, actor=Actor.system(), now=NOW)
        chain.flush()
    return case


def plain_values(one: Template, submitted: dict[str, Any]) -> Iterator[str]:
    """What the scenario typed into fields that the template shows in a cell as they are."""
    for part in one.parts:
        for row in part.rows if part.when is None else ():
            for cell in row.cells if row.when is None else ():
                match cell.value.tree if cell.value and not cell.options else None:
                    case nodes.Path(base=nodes.Path(base=nodes.Name(name="steps"), key=step), key=name):
                        value = (submitted.get(step) or {}).get(name)
                        if isinstance(value, str) and value:
                            yield in_words(value, ZONE)


@pytest.mark.parametrize("key", SPEAKING)
def test_every_shipped_template_is_set_from_every_scenario_without_losing_a_field(key: str, store: Database) -> None:
    texts = {name: text for name, text in BUNDLES[key].items() if name.startswith("documents/")}
    seen: set[tuple[str, frozenset[str]]] = set()  # what was set already: scenarios share most of their forms
    for path in sorted((SETTINGS.process_dir / key / "scenarios").glob("*.json")):
        scenario = json.loads(path.read_text(encoding="utf-8"))
        case = replayed(store, key, scenario)
        submitted = {s["complete"]: s["values"] for s in scenario["steps"] if "complete" in s}
        with store.read() as session:
            instance = session.get_one(ProcessInstance, case)
            for name, text in texts.items():
                one = documents.template_of(text)
                made = documents.fill(
                    session, SETTINGS, instance, one, instance.department, NOW, number="济天市监〔2026〕1号",
                    issued_on=NOW.date(),
                )  # fmt: skip
                shown = frozenset("".join(value.split()) for value in plain_values(one, submitted))
                if (name, shown) in seen:
                    continue
                seen.add((name, shown))
                printed, typed = pdf_words(made), docx_words(made)
                for words in shown:
                    assert words in printed and words in typed, (path.stem, name, words)
                assert one.title in printed and "济天市监〔2026〕1号" in typed, (path.stem, name)
                assert "{" not in printed and "None" not in printed and "U+" not in printed, (path.stem, name)


@pytest.mark.parametrize("key", SPEAKING)
def test_every_shipped_template_makes_a_form_to_be_filled_in_by_hand(key: str) -> None:
    for name, text in BUNDLES[key].items():
        if name.startswith("documents/"):
            made = read(text).blank(FUNCTIONS, NOW, ZONE)
            printed = pdf_words(made)
            assert made.title in printed and "None" not in printed and "{" not in printed, name


def test_every_template_of_the_folder_is_named_by_a_diagram_and_has_a_kind_of_number() -> None:
    folder = SETTINGS.form_dir / "documents"
    named = {name for bundle in BUNDLES.values() for name in bundle if name.startswith("documents/")}
    assert {f"documents/{path.name}" for path in folder.glob("*.json")} <= named
    table = json.loads((SETTINGS.process_dir / "tables" / "document-number.json").read_text(encoding="utf-8"))
    kinds = {row["code"] for row in table["rows"]}
    bundled = [text for bundle in BUNDLES.values() for name, text in bundle.items() if name.startswith("documents/")]
    assert {read(text).code for text in bundled} <= kinds
    assert all(set(row) >= {"code", "name", "pattern", "effective_from", "source"} for row in table["rows"])


def test_the_reference_names_all_that_a_template_may_read_and_its_example_is_lawful() -> None:
    page = (SETTINGS.form_dir.parent / "docs" / "reference" / "document-templates.md").read_text(encoding="utf-8")
    assert [name for name in document_values.VOCABULARY if f"`{name}`" not in page] == []
    assert [
        path.stem for path in (SETTINGS.form_dir / "documents").glob("*.json") if f"`{path.stem}`" not in page
    ] == []
    assert [name for name in FUNCTIONS if f"`{name}" not in page] == []
    example = page.partition("```json\n")[2].partition("```")[0]
    assert examine(example, {**document_values.VOCABULARY, "steps": {}, "all_steps": {}})[1] == []
