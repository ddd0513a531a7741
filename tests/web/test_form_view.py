"""How forms are drawn and what their buttons do without JavaScript."""

from __future__ import annotations

import re
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from flask import render_template_string
from werkzeug.datastructures import MultiDict

from engine.errors import InvalidInput
from engine.forms import Form
from engine.web.form_view import form_view, post_name, row_action
from tests.browser.gallery import CONTEXT, EVERYTHING

FORMS = sorted((Path(__file__).resolve().parents[2] / "forms").glob("*.json"))
PAGE = """{% from "forms.html" import error_summary, form_fields with context %}
{{ error_summary(form) }}<form>{{ form_fields(form, attachments) }}</form>"""


class Checker(HTMLParser):
    """Collects ids, label targets and names, and notices tags that do not close."""

    VOID = frozenset({"input", "img", "br", "path", "hr", "meta", "link"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.targets: list[str] = []
        self.names: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        if "template" not in self.open:
            self.ids += [found["id"]] if found.get("id") else []
            self.targets += [found["for"]] if tag == "label" and found.get("for") else []
            self.targets += (found.get("aria-describedby") or "").split()
            self.targets += [found["href"][1:]] if (found.get("href") or "").startswith("#") else []
            self.names += [found["name"]] if found.get("name") else []
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self.VOID:
            return
        assert self.open and self.open[-1] == tag, f"</{tag}> closes {self.open[-3:]}"
        self.open.pop()


@pytest.fixture
def draw(web: Any) -> Any:
    """Draw a form; returns its HTML after checking that it is well-formed and its links lead somewhere."""

    def run(
        form: Form, values: dict[str, Any] | None = None, errors: Any = None, attachments: Any = None, **options: Any
    ) -> str:
        shown = form.with_defaults(CONTEXT) if values is None else values
        with web.app.test_request_context("/"):
            view = form_view(form, shown, errors, CONTEXT, web.clock(), **options)
            html = render_template_string(PAGE, form=view, attachments=attachments or {})
        checker = Checker()
        checker.feed(html)
        assert checker.open == []
        assert len(checker.ids) == len(set(checker.ids)), "ids are unique"
        assert set(checker.targets) <= set(checker.ids), "labels, descriptions and error links lead to an element"
        return html

    return run


def everything() -> Form:
    return Form.parse(EVERYTHING)


def field(html: str, name: str) -> str:
    """The part of the page about one field."""
    found = re.search(rf'<(div|fieldset)[^>]*data-field="{re.escape(name)}".*?(?=data-field=|</form>)', html, re.DOTALL)
    assert found, f"no field {name}"
    return found[0]


@pytest.mark.parametrize("path", FORMS, ids=lambda path: path.stem)
def test_every_shipped_form_is_drawn_and_accepts_its_own_empty_post(path: Path, draw: Any) -> None:
    form = Form.parse(path.read_text())
    assert form.components[-1].label in draw(form) or form.components[-1].type == "text"
    try:
        form.validate(form.from_multidict(MultiDict()), {})
    except InvalidInput as error:
        html = draw(form, form.from_multidict(MultiDict()), error.fields)
        for messages in error.fields.values():
            assert messages[0].replace('"', "&#34;") in html


def test_errors_stand_beside_their_fields_and_on_top_with_links(draw: Any) -> None:
    form = everything()
    post = MultiDict([("name", "短"), ("count", "x"), ("removals-0-uscc", "1"), ("removals-0-reason", "其他")])
    values = form.from_multidict(post)
    with pytest.raises(InvalidInput) as caught:
        form.validate(values, CONTEXT)
    html = draw(form, values, caught.value.fields)
    assert "“名称”至少 4 个字" in field(html, "name")
    assert "应为数字" in field(html, "count")
    assert 'href="#f-removals-0-uscc"' in html
    assert "移出名单第 1 行：" in html
    assert 'aria-invalid="true"' in field(html, "removals-0-uscc")


def test_everything_typed_comes_back_even_when_it_is_wrong(draw: Any) -> None:
    form = everything()
    post = MultiDict(
        [
            ("name", '<b>"x"</b>'), ("count", "十二"), ("day", "2026年3月2日"), ("moment", "明天"), ("category", "2"),
            ("problem", "是"), ("ways", "书面检查"), ("ways", "网络监测"), ("departments", "SCJG"), ("told", "true"),
            ("place-lat", "36.7"), ("place-lng", "east"), ("removals-3-uscc", "abc"), ("note", "第一行\n第二行"),
        ]
    )  # fmt: skip
    html = draw(form, form.from_multidict(post), {"name": ["x"]})
    assert "&lt;b&gt;&#34;x&#34;&lt;/b&gt;" in field(html, "name")
    for name, value in (("count", "十二"), ("day", "2026年3月2日"), ("moment", "明天")):
        assert f'value="{value}"' in field(html, name)
    assert '<option value="2" selected' in field(html, "category")
    assert re.findall(r'value="([^"]+)" checked', field(html, "ways")) == ["书面检查", "网络监测"]
    assert re.findall(r'value="([^"]+)" checked', field(html, "departments")) == ["SCJG"]
    assert "checked" in field(html, "told")
    assert 'value="36.7"' in html and 'value="east"' in html
    assert 'value="abc"' in field(html, "removals-0-uscc")
    assert "第一行\n第二行</textarea>" in html


def test_a_date_time_is_shown_as_people_write_it(draw: Any) -> None:
    html = draw(everything(), {"moment": "2026-03-02T01:30:00+00:00"})
    assert 'value="2026-03-02 09:30"' in field(html, "moment")


def test_a_hidden_field_is_drawn_hidden_and_disabled_with_its_condition(draw: Any) -> None:
    assert re.search(r'data-field="clause"[^>]*data-condition="[^"]+"[^>]* hidden', draw(everything()))
    shown = draw(everything(), {"problem": "是"})
    assert not re.search(r'data-field="clause"[^>]* hidden', shown)
    assert "disabled" in field(draw(everything()), "clause") and "disabled" not in field(shown, "clause")


def test_conditions_inside_rows_are_decided_row_by_row(draw: Any) -> None:
    html = draw(everything(), {"removals": [{"reason": "其他"}, {"reason": "已注销"}]})
    assert not re.search(r'data-field="removals-0-other"[^>]* hidden', html)
    assert re.search(r'data-field="removals-1-other"[^>]* hidden', html)


def test_adding_and_removing_rows_works_without_javascript(draw: Any) -> None:
    form = everything()
    post = MultiDict([("removals-0-uscc", "first"), ("removals-1-uscc", "second"), ("_add", "removals")])
    kept, extra = row_action(post) or (MultiDict(), {})
    html = draw(form, form.from_multidict(kept), extra_rows=extra)
    assert len(re.findall(r'<div class="row-box" data-row="removals-\d', html)) == 3
    kept, extra = row_action(MultiDict([*list(post.items(multi=True))[:2], ("_remove", "removals-0")])) or (post, {})
    html = draw(form, form.from_multidict(kept), extra_rows=extra)
    assert "second" in html and "first" not in html
    assert row_action(MultiDict([("name", "x")])) is None


def test_files_already_uploaded_are_listed_and_stay_in_the_form(draw: Any) -> None:
    attachments = {"a1": {"file_name": "门头.jpg", "size": 2048, "media_type": "image/jpeg", "url": "/attachments/a1"}}
    html = draw(everything(), {"photos": ["a1", "gone"]}, attachments=attachments)
    part = field(html, "photos")
    assert 'href="/attachments/a1">门头.jpg' in part and "2 KB" in part
    assert re.findall(r'name="photos" value="([^"]+)" checked', part) == ["a1", "gone"]
    assert 'name="upload-photos"' in part and 'capture="environment"' in part


def test_a_read_only_field_shows_its_label_and_sends_its_value(draw: Any) -> None:
    form = Form.parse(
        '{"type": "default", "id": "f", "title": "t", "components": [{"type": "select", "key": "c", "label": "类别",'
        ' "readonly": true, "values": [{"value": "1", "label": "未发现问题"}]}]}'
    )
    html = draw(form, {"c": "1"})
    assert "未发现问题" in html and '<input type="hidden" name="c" value="1">' in html and "<select" not in html


def test_an_error_nobody_draws_is_still_in_the_summary(draw: Any) -> None:
    assert "任务级的问题" in draw(everything(), {}, {"elsewhere": ["任务级的问题"]})


@pytest.mark.parametrize(
    ("key", "name"),
    [("name", "name"), ("rows[0]", "rows-0"), ("rows[12].uscc", "rows-12-uscc"), ("a[0].b[1].c", "a-0-b-1-c")],
)
def test_error_keys_become_post_names(key: str, name: str) -> None:
    assert post_name(key) == name
