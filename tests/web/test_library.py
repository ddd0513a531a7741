"""The process library: reading versions, comparing them, deploying files, findings all at once."""

from __future__ import annotations

import io
import json
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.deploy import Deploy
from engine.inspection.installation import roles, services
from engine.lint.bundle import read_bundle
from engine.models import ProcessDefinition
from engine.process_engine import ProcessEngine
from engine.settings import Settings
from engine.web import process_view
from engine.web.app import create_app
from tests.web.conftest import Web

KEY = "department-inspection"
DIAGRAM = f"{KEY}.bpmn"


@pytest.fixture
def shipped() -> dict[str, str]:
    settings = Settings()
    return read_bundle(settings.process_dir / KEY, settings.form_dir)


@pytest.fixture
def office(web: Web, shipped: dict[str, str]) -> Web:
    """An application that knows the real service tasks, with one shipped process and a designer."""
    engine = ProcessEngine(web.database, web.settings, services(), roles=roles(), clock=web.clock)
    made = Web(create_app(web.settings, engine), web.database, web.clock, web.settings)
    engine.execute(Deploy(KEY, shipped), actor=Actor.system())
    made.user("designer", "流程设计", name="设计员")
    return made


def upload(made: Web, client: Any, files: dict[str, str], **data: str) -> Any:
    parts = [(io.BytesIO(text.encode()), name) for name, text in files.items()]
    return made.submit(client, "/processes/deploy", {"key": KEY, "keep": "1", "files": parts, **data})


def versions(made: Web) -> list[tuple[int, str, str]]:
    with made.database.read() as session:
        rows = session.execute(
            sa.select(ProcessDefinition.version, ProcessDefinition.origin, ProcessDefinition.note).order_by(
                ProcessDefinition.version
            )
        )
        return [(row.version, row.origin, row.note) for row in rows]


def test_everybody_signed_in_reads_a_version_with_its_forms_and_tables(office: Web) -> None:
    client = office.sign_in("zhang")
    assert "部门检查" in client.get("/processes").text
    assert "随系统提供" in client.get(f"/processes/{KEY}").text
    page = client.get(f"/processes/{KEY}/1").text
    assert "全部规则检查通过" in page
    assert "现场检查" in page and "执法检查人员" in page, "steps with their lanes"
    assert "后续处置" in page and "汇总全部相符" in page and "administrative-penalty" in page, "the decision table"
    assert 'id="form-site-check"' in page and "必填" in page
    assert "recusal.json" in page, "scenarios"
    picture = client.get(f"/processes/{KEY}/1/diagram.bpmn")
    assert picture.mimetype == "application/xml" and b"site_check" in picture.data
    assert "/processes/deploy" not in client.get("/processes").text, "only designers are offered to deploy"
    assert client.get("/processes/deploy").status_code == 403
    assert office.client().get("/processes").status_code == 302
    for path in (f"/processes/{KEY}/9", "/processes/none", f"/processes/{KEY}/compare"):
        assert client.get(path).status_code == 404


def test_a_designer_deploys_a_changed_diagram_on_top_of_the_present_forms(office: Web, shipped: dict[str, str]) -> None:
    client = office.sign_in("designer")
    changed = shipped[DIAGRAM].replace('name="公示预览"', 'name="公示内容预览"')
    done = upload(office, client, {DIAGRAM: changed}, note="改名")
    assert (done.status_code, done.location) == (303, f"/processes/{KEY}/2")
    assert versions(office) == [(1, "shipped", ""), (2, "office", "改名")]
    page = client.get(f"/processes/{KEY}/2").text
    assert "设计员" in page and "改名" in page
    with office.database.read() as session:
        row = session.scalars(sa.select(ProcessDefinition).where(ProcessDefinition.version == 2)).one()
    assert row.bundle == {**shipped, DIAGRAM: changed}
    difference = client.get(f"/processes/{KEY}/compare").text
    assert "<del>公示预览</del>" in difference and "<ins>公示内容预览</ins>" in difference
    assert "共 1 处" in difference, "a renamed step is one difference"
    assert "没有差别" in client.get(f"/processes/{KEY}/compare?from=1&to=1").text
    again = upload(office, client, {DIAGRAM: changed})
    assert "完全相同" in client.get(again.location).text
    assert len(versions(office)) == 2


def test_a_designer_changes_what_a_document_says_without_a_program(office: Web, shipped: dict[str, str]) -> None:
    client = office.sign_in("designer")
    page = client.get(f"/processes/{KEY}/1").text
    assert "文书模板" in page and "行政检查通知书" in page and "文号种类：检通" in page
    blank = client.get(f"/processes/{KEY}/1/documents/inspection-notice.pdf")
    assert blank.mimetype == "application/pdf" and blank.data.startswith(b"%PDF")
    text = client.get(f"/processes/{KEY}/1/documents/inspection-notice.json").text
    assert text == shipped["documents/inspection-notice.json"]
    assert client.get(f"/processes/{KEY}/1/documents/nothing.json").status_code == 404

    refused = upload(office, client, {"inspection-notice.json": text.replace("{object.name}", "{object.nmae}")})
    assert refused.status_code == 422 and "不存在的字段“nmae”" in refused.text
    changed = text.replace("行政检查不收取任何费用。", "行政检查不收取任何费用，不得影响正常经营。")
    assert upload(office, client, {"inspection-notice.json": changed}, note="写明不影响经营").status_code == 303
    with office.database.read() as session:
        bundle = session.scalars(sa.select(ProcessDefinition.bundle).where(ProcessDefinition.version == 2)).one()
    assert bundle["documents/inspection-notice.json"] == changed and bundle[DIAGRAM] == shipped[DIAGRAM]
    assert "不得影响正常经营" in client.get(f"/processes/{KEY}/compare").text


def test_what_was_downloaded_is_uploaded_again_without_a_difference(office: Web, shipped: dict[str, str]) -> None:
    client = office.sign_in("designer")
    page = client.get(f"/processes/{KEY}/1").text
    for name in ("forms/site-check.json", "follow-up.dmn"):
        assert f'href="/processes/{KEY}/1/files/{name}"' in page
        one = client.get(f"/processes/{KEY}/1/files/{name}")
        assert one.text == shipped[name] and name.rpartition("/")[2] in one.headers["Content-Disposition"]
    assert client.get(f"/processes/{KEY}/1/files/forms/nothing.json").status_code == 404
    assert "下载全部（ZIP）" in page
    packed = client.get(f"/processes/{KEY}/1/files.zip").data
    with zipfile.ZipFile(io.BytesIO(packed)) as package:
        assert {name: package.read(name).decode() for name in package.namelist()} == shipped

    parts = [(io.BytesIO(packed), f"{KEY}-1.zip")]
    again = office.submit(client, "/processes/deploy", {"key": KEY, "files": parts})
    assert again.status_code == 303 and "内容与第 1 版完全相同" in client.get(again.location).text
    parts = [(io.BytesIO(packed), "copy.zip")]
    copied = office.submit(client, "/processes/deploy", {"key": "copy", "files": parts})
    assert copied.location == "/processes/copy/1"
    with office.database.read() as session:
        bundles = session.scalars(sa.select(ProcessDefinition.bundle)).all()
    assert bundles == [shipped, shipped]
    broken = office.submit(client, "/processes/deploy", {"key": KEY, "files": [(io.BytesIO(packed[:900]), "a.zip")]})
    assert broken.status_code == 422 and "a.zip：不是可以解开的 ZIP 文件" in broken.text


def test_an_earlier_version_is_put_to_use_again(office: Web, shipped: dict[str, str]) -> None:
    client = office.sign_in("designer")
    upload(office, client, {DIAGRAM: shipped[DIAGRAM].replace('name="公示预览"', 'name="公示内容预览"')})
    page = f"/processes/{KEY}"
    assert f"{page}/1/restore" in client.get(page).text and f"{page}/2/restore" not in client.get(page).text
    web_answer = office.submit(client, f"{page}/1/restore", {}, page)
    assert web_answer.status_code == 303
    assert "新事项改按第 1 版办理" in client.get(page).text
    assert f"{page}/2/restore" in client.get(page).text
    assert "另有较新的版本未启用" in client.get("/processes").text
    assert office.submit(office.sign_in("zhang"), f"{page}/2/restore", {}, "/processes").status_code == 403
    assert len(versions(office)) == 2


def test_a_bad_model_is_refused_with_every_finding_at_its_element(office: Web, shipped: dict[str, str]) -> None:
    client = office.sign_in("designer")
    bad = shipped[DIAGRAM].replace('value="site-check"', 'value="no-such-form"')
    bad = bad.replace('value="publish-result"', 'value="no-such-service"')
    bad = bad.replace("<bpmn:definitions ", '<bpmn:definitions expressionLanguage="http://www.w3.org/1999/XPath" ', 1)
    bad = re.sub(r"(<bpmn:conditionExpression[^>]*>)[^<]*", r"\1string(kind) eq 'A' or @open", bad, count=1)
    refused = upload(office, client, {DIAGRAM: bad}, note="还在")
    assert refused.status_code == 422
    assert "不支持</span>" in refused.text and "unsupported-expression-language" in refused.text
    assert "no-such-form" in refused.text and "no-such-service" in refused.text
    assert "用户任务“现场检查”" in refused.text and "known-forms" in refused.text
    assert "还在" in refused.text, "what was typed comes back"
    assert len(versions(office)) == 1


def test_one_cause_is_not_buried_under_what_follows_from_it(office: Web, shipped: dict[str, str]) -> None:
    client = office.sign_in("designer")
    unreadable = upload(office, client, {DIAGRAM: shipped[DIAGRAM].replace("<bpmn:process ", "<bpmn:process <", 1)})
    assert "发现 1 处问题" in unreadable.text and re.search(r"XML 格式错误（第 \d+ 行第 \d+ 列）", unreadable.text)
    bad = shipped[DIAGRAM].replace('value="site-check"', 'value="no-such-form"')
    bad = re.sub('targetRef="[^"]+"', 'targetRef="nowhere"', bad, count=1)
    page = upload(office, client, {DIAGRAM: bad}).text
    assert re.findall(r"· (flow-ends|known-forms)</span>", page) == ["flow-ends", "known-forms"]
    assert page.index("known-forms") < page.index("unreachable-nodes") and page.count("从开始事件无法到达") == 1
    assert "document-schema" not in page, "which fields there are is known when the forms are"


@pytest.mark.parametrize(
    ("name", "text", "said"),
    [
        ("a.exe", "MZ", "只接受"),
        ("form.json", "{", "不是 UTF-8 的表单"),
        ("form.json", json.dumps({"id": "../../etc"}), "缺少表单标识"),
        ("form.json", "[]", "不是 UTF-8 的表单"),
        ("x.bpmn", "<!DOCTYPE x [<!ENTITY a 'b'>]><x/>", "没有部署"),
        ("x.bpmn", "no xml", "没有部署"),
        ("x.dmn", "<x/>", "没有部署"),
    ],
)
def test_files_that_are_no_models_are_refused_in_words(office: Web, name: str, text: str, said: str) -> None:
    refused = upload(office, office.sign_in("designer"), {name: text}, keep="")
    assert refused.status_code == 422 and said in refused.text
    assert len(versions(office)) == 1


@pytest.mark.parametrize("key", ["", "Ab", "../x", "deploy", "a" * 61])
def test_a_key_that_cannot_be_an_address_is_refused(office: Web, shipped: dict[str, str], key: str) -> None:
    refused = upload(office, office.sign_in("designer"), {DIAGRAM: shipped[DIAGRAM]}, key=key)
    assert refused.status_code == 422 and "流程标识由小写字母" in refused.text


def test_nothing_chosen_is_said(office: Web) -> None:
    refused = upload(office, office.sign_in("designer"), {})
    assert refused.status_code == 422 and "请选择流程图" in refused.text


def test_conditions_tables_and_forms_are_compared(shipped: dict[str, str]) -> None:
    new = dict(shipped)
    new["follow-up.dmn"] = new["follow-up.dmn"].replace('"rectification"', '"none"', 1)
    form = json.loads(new["forms/site-check.json"])
    removed = form["components"].pop()
    form["components"][0]["label"] = "改过的标签"
    new["forms/site-check.json"] = json.dumps(form, ensure_ascii=False)
    new[DIAGRAM] = new[DIAGRAM].replace(">has_problem = true<", ">has_problem = false<", 1)
    changes = process_view.compare(shipped, new)
    assert {change.where for change in changes} == {"流程图", "决策表", "表单"}
    condition = [row for change in changes for row in change.rows if row[0] == "条件"]
    assert condition == [("条件", "has_problem = true", "has_problem = false")]
    assert any(change.where == "决策表" and any("none" in after for _, _, after in change.rows) for change in changes)
    label = removed.get("label") or removed.get("text")
    assert any(change.kind == "removed" and str(label) in change.name for change in changes)
    assert process_view.compare(shipped, shipped) == []


def test_moving_shapes_is_no_difference(shipped: dict[str, str]) -> None:
    moved = re.sub(r'<dc:Bounds x="\d+', '<dc:Bounds x="7', shipped[DIAGRAM])
    assert moved != shipped[DIAGRAM]
    assert process_view.compare(shipped, {**shipped, DIAGRAM: moved}) == []


def test_every_shipped_process_is_described_completely() -> None:
    settings = Settings()
    for folder in sorted(Path(settings.process_dir).glob("*/*.bpmn")):
        bundle = read_bundle(folder.parent, settings.form_dir)
        steps = process_view.steps(bundle)
        assert steps and all(step.name for step in steps if step.kind == "用户任务")
        assert len(process_view.forms(bundle)) == sum(name.startswith("forms/") for name in bundle)
        for table in process_view.tables(bundle):
            assert table.rules and all(len(i) == len(table.inputs) and o for i, o, _ in table.rules)
