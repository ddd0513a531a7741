"""Pages that show every part of the look and every form component, for browser tests and for eyes.

Never part of the product: tests pass this module's name to ``create_app(modules=…)``.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from flask import Blueprint, abort, render_template, render_template_string, request
from flask.typing import ResponseReturnValue

from engine.errors import InvalidInput
from engine.forms import Form
from engine.web.context import now
from engine.web.form_view import form_view, row_action
from engine.web.guards import public, signed_in
from engine.web.navigation import NavItem

blueprint = Blueprint("gallery", __name__, template_folder="templates")
FORMS = Path(__file__).resolve().parents[2] / "forms"
NAV = (
    NavItem("待办", "gallery.parts", "inbox", 1, "/gallery/parts"),
    NavItem("已办", "gallery.done", "done", 2, "/gallery/done"),
    NavItem("抽查任务", "gallery.done", "flag", 3, "/gallery/campaigns", group="监管"),
    NavItem("检查", "gallery.done", "clipboard", 4, "/gallery/inspections", group="监管"),
    NavItem("督查看板", "gallery.done", "board", 5, "/gallery/board", group="监管"),
    NavItem("检查对象", "gallery.done", "building", 6, "/gallery/objects", group="名录库"),
    NavItem("流程库", "gallery.done", "flow", 7, "/gallery/processes", group="管理"),
)

#: Every component type with and without options, conditions and rows.
EVERYTHING = """{"type": "default", "schemaVersion": 16, "id": "everything", "title": "全部组件", "components": [
 {"type": "text", "text": "一、文字"},
 {"type": "textfield", "key": "name", "label": "名称", "description": "例如：天桥区餐饮联合抽查。",
  "validate": {"required": true, "minLength": 4, "maxLength": 40}},
 {"type": "textarea", "key": "note", "label": "情况说明"},
 {"type": "number", "key": "count", "label": "抽查数量", "validate": {"required": true, "min": 1}, "decimalDigits": 0,
  "properties": {"unit": "户"}},
 {"type": "date", "key": "day", "label": "截止日期", "validate": {"required": true}},
 {"type": "datetime", "key": "moment", "label": "到达时间"},
 {"type": "text", "text": "二、选择"},
 {"type": "select", "key": "category", "label": "类别", "valuesKey": "categories", "validate": {"required": true}},
 {"type": "radio", "key": "problem", "label": "是否发现问题", "values": ["否", "是"],
  "defaultValue": "否", "validate": {"required": true}},
 {"type": "textfield", "key": "clause", "label": "涉嫌违反的条款", "validate": {"required": true},
  "conditional": {"hide": "=problem != \\"是\\""}},
 {"type": "checklist", "key": "ways", "label": "检查方式", "values": ["实地核查", "书面检查", "网络监测"]},
 {"type": "departmentPicker", "key": "departments", "label": "参与部门", "multiple": true},
 {"type": "checkbox", "key": "told", "label": "已告知权利", "validate": {"required": true}},
 {"type": "text", "text": "三、逐行"},
 {"type": "dynamiclist", "key": "removals", "label": "移出名单", "description": "只能依法移出。",
  "validate": {"maxItems": 3}, "components": [
   {"type": "textfield", "key": "uscc", "label": "统一社会信用代码", "validate": {"required": true, "format": "uscc"}},
   {"type": "select", "key": "reason", "label": "理由", "values": ["已注销", "正在立案", "其他"],
    "validate": {"required": true}},
   {"type": "textfield", "key": "other", "label": "其他理由", "validate": {"required": true},
    "conditional": {"hide": "=reason != \\"其他\\""}}]},
 {"type": "text", "text": "四、取证"},
 {"type": "filepicker", "key": "files", "label": "附件"},
 {"type": "photo", "key": "photos", "label": "现场照片", "validate": {"maxItems": 10}},
 {"type": "location", "key": "place", "label": "到场位置"},
 {"type": "signature", "key": "signature", "label": "签名"}
]}"""
CONTEXT = {
    "categories": [("1", "未发现问题"), ("2", "发现问题已责令改正"), ("3", "不配合检查")],
    "departments": [
        ("FGJ", "发展和改革局"), ("JTJ", "教育和体育局"), ("RSJ", "人力资源和社会保障局"), ("ZJJ", "住房和城乡建设局"),
        ("NYJ", "农业农村局"), ("SWJ", "商务局"), ("WLJ", "文化和旅游局"), ("WJJ", "卫生健康局"), ("YJJ", "应急管理局"),
        ("SCJG", "市场监督管理局"), ("TJJ", "统计局"), ("STJ", "生态环境分局"),
    ],
    "facts": [
        {"title": "检查对象", "rows": [
            ["名称", "济南天桥示例餐饮有限公司（演示）"], ["统一社会信用代码", "91370105MA3EXAMPLE"],
            ["地址", "天桥区堤口路 1 号"], ["检查事项", "食品经营许可、消防安全"]]},
        {"title": "本次检查人员", "table": {"head": ["编号", "姓名", "单位"], "rows": [
            ["SCJG-0012", "李建国", "市场监督管理局"], ["SCJG-0044", "王秀英", "市场监督管理局"]]}},
    ],
}  # fmt: skip


def load(key: str) -> Form:
    path = FORMS / f"{key}.json"
    if key == "everything":
        return Form.parse(EVERYTHING)
    if not path.exists():
        abort(404)
    return Form.parse(path.read_text())


@blueprint.route("/gallery/form/<key>", methods=["GET", "POST"])
@signed_in
def show_form(key: str) -> ResponseReturnValue:
    form = load(key)
    errors: dict[str, list[str]] = {}
    extra: dict[str, int] = {}
    values = form.with_defaults(CONTEXT)
    status = 200
    if request.method == "POST":
        action = row_action(request.form)
        if action is not None:
            post, extra = action
            values = form.from_multidict(post)
        else:
            values = form.from_multidict(request.form)
            try:
                return {"accepted": form.validate(values, CONTEXT, now())}
            except InvalidInput as error:
                errors, status = error.fields, 422
    view = form_view(form, values, errors, CONTEXT, now(), extra_rows=extra)
    return render_template("gallery_form.html", form=view), status


@blueprint.post("/gallery/draft")
@signed_in
def draft() -> ResponseReturnValue:
    return {"saved": True}


@blueprint.get("/gallery/parts")
@signed_in
def parts() -> ResponseReturnValue:
    return render_template("gallery_parts.html", moment=now(), day=timedelta(days=1))


@blueprint.get("/gallery/done")
@signed_in
def done() -> ResponseReturnValue:
    return render_template("gallery_empty.html")


@blueprint.get("/gallery/official")
@signed_in
def official() -> ResponseReturnValue:
    return render_template("gallery_official.html")


@blueprint.get("/gallery/diagram/<key>.bpmn")
@signed_in
def diagram(key: str) -> ResponseReturnValue:
    path = FORMS.parent / "processes" / key / f"{key}.bpmn"
    return path.read_text(), {"Content-Type": "application/xml; charset=utf-8"}


@blueprint.get("/gallery/witness/<step>")
@public
def witness(step: str) -> ResponseReturnValue:
    fields = ("logged_sha256",) if step == "log" else ("nonce", "part")
    return render_template_string(
        """{% extends "base.html" %}{% block heading %}随机因子{% endblock %}
        {% block scripts %}<script type="module" src="{{ asset('witness.js') }}"></script>{% endblock %}
        {% block content %}<section class="panel"><div class="panel-body stack">
        <div data-witness="CN-370105-SCJG-2026-0001" data-step="{{ step }}" data-form="#f"></div>
        <form class="form" id="f">{% for name in fields %}<div class="field"><label for="{{ name }}">{{ name }}</label>
        <input id="{{ name }}" name="{{ name }}"></div>{% endfor %}</form></div></section>{% endblock %}""",
        step=step,
        fields=fields,
    )
