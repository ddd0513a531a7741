"""Views for the shell's tests; given to ``create_app`` by module name, never part of the product."""

from __future__ import annotations

from flask import Blueprint, render_template_string, request
from flask.typing import ResponseReturnValue

from engine import errors
from engine.web.context import actor
from engine.web.guards import public, requires_role, signed_in
from engine.web.navigation import NavItem

blueprint = Blueprint("sample", __name__)
NAV = (
    NavItem("督查", "sample.board", "board", 2, "/sample/board", roles=frozenset({"监管督查"})),
    NavItem("样例", "sample.form", "inbox", -1, "/sample/form"),
)

RAISED = {
    "conflict": errors.Conflict("另一位工作人员已先提交，请刷新后查看。", task="t1"),
    "forbidden": errors.Forbidden("您不是该任务的候选人。"),
    "not-found": errors.NotFound("没有找到这项工作。"),
    "invalid": errors.InvalidInput("有 1 项需要改正。", {"name": ["请填写“名称”。"]}),
    "refused": errors.ModelRefused(
        "流程不能部署。", [{"file": "a.bpmn", "element": "x", "message": "缺少出口", "remedy": "连线"}]
    ),
    "unreadable": errors.StateUnreadable("办理状态无法读取。"),
    "defect": ZeroDivisionError("secret detail"),
}


@blueprint.route("/sample/form", methods=["GET", "POST"])
@signed_in
def form() -> ResponseReturnValue:
    if request.method == "POST":
        return {"actor": actor().name, "fields": sorted(request.form.items(multi=True))}
    return render_template_string(
        '{% extends "base.html" %}{% block heading %}样例{% endblock %}'
        '{% block content %}<script nonce="{{ csp_nonce() }}">1</script>{% endblock %}'
    )


@blueprint.get("/sample/board")
@requires_role("监管督查", "系统管理员")
def board() -> ResponseReturnValue:
    return "board"


@blueprint.get("/sample/raise/<name>")
@blueprint.get("/api/sample/raise/<name>", endpoint="api_fail")
@public
def fail(name: str) -> ResponseReturnValue:
    raise RAISED[name]
