"""Trying a form (试填): drawn as officials will see it, filled in and checked, and nothing is kept.

Options that only a running case knows are stood in for by examples; so are values the form itself may not change.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from flask import Blueprint, make_response, render_template, request
from flask.typing import ResponseReturnValue
from werkzeug.datastructures import MultiDict

from engine.db import new_id
from engine.errors import InvalidInput, NotFound
from engine.forms import Form
from engine.forms.components import PICKERS, Component
from engine.web.context import database, now
from engine.web.form_view import PICKER_OPTIONS, form_view, row_action
from engine.web.guards import signed_in
from engine.web.library import find_definition
from engine.web.submissions import submitted

blueprint = Blueprint("form_trial", __name__, url_prefix="/processes")
EXAMPLES = ("示例一", "示例二", "示例三")


@blueprint.route("/<key>/<int(max=1000000):version>/forms/<name>", methods=["GET", "POST"])
@signed_in
def show(key: str, version: int, name: str) -> ResponseReturnValue:
    """The form of one version; a post is checked as a submission would be."""
    with database().read() as session:
        row = find_definition(session, key, version)
        text = row.bundle.get(f"forms/{name}.json")
    if text is None:
        raise NotFound("这个版本没有该表单，请从流程版本的页面进入。")
    form = Form.parse(text)
    context = examples(form)
    files: dict[str, dict[str, Any]] = {}
    values, accepted = form.with_defaults(context), None
    errors: dict[str, list[str]] = {}
    extra: dict[str, int] = {}
    if request.method == "POST":
        acted = row_action(request.form)
        post, extra = acted or (_with_files(request.form, files), {})
        values = form.from_multidict(post)
        if acted is None:
            try:
                accepted = submitted(form, form.validate(values, context, now()))
            except InvalidInput as error:
                errors = error.fields
    view = form_view(form, values, errors, context, now(), extra_rows=extra or None)
    page = render_template(
        "library/form.html", row=row, form=view, title=form.title, accepted=accepted, attachments=files
    )
    return make_response(page, 422 if errors else 200)


def examples(form: Form) -> dict[str, Any]:
    """A form context of examples: what each list of options and each fixed value of the form may be called."""
    found: dict[str, Any] = {}
    for component in _all(form.components):
        options = component.values_key or (component.type in PICKERS and PICKER_OPTIONS.get(component.type)) or ""
        if options:
            found[options] = [{"value": f"example-{n}", "label": word} for n, word in enumerate(EXAMPLES, 1)]
        if component.default_key and (component.readonly or component.type == "dynamiclist"):
            found[component.default_key] = _fixed(component)
    return found


def _all(components: tuple[Component, ...]) -> Iterator[Component]:
    for component in components:
        yield component
        yield from _all(component.components)


def _fixed(component: Component) -> Any:
    if component.type == "dynamiclist":
        return [{inner.key: _fixed(inner) if inner.readonly else inner.default for inner in component.components}]
    if component.type in ("date", "datetime"):
        return now().isoformat() if component.subtype == "datetime" else now().date().isoformat()
    if component.type == "number":
        return component.validate.get("min", 1)
    if component.values:
        return component.values[0][0]
    return "example-1" if component.values_key or component.type in PICKERS else EXAMPLES[0]


def _with_files(post: MultiDict[str, str], files: dict[str, dict[str, Any]]) -> MultiDict[str, str]:
    """The post as if its files had been stored; ``files`` learns their names."""
    kept: MultiDict[str, str] = MultiDict(post)
    for name, file in request.files.items(multi=True):
        if file.filename:
            stored = new_id()
            kept.add(name.removeprefix("upload-"), stored)
            size = len(file.read())
            files[stored] = {"file_name": file.filename, "size": size, "media_type": file.mimetype, "url": ""}
    return kept
