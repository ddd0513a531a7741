"""The files of a deployed version, as they can be changed and uploaded again: one by one, or all in one ZIP."""

from __future__ import annotations

import io
import zipfile
from pathlib import PurePosixPath

from flask import Blueprint, Response, make_response
from flask.typing import ResponseReturnValue

from engine.bpmn.xml import encode
from engine.errors import NotFound
from engine.web.context import database, settings
from engine.web.downloads import name_file
from engine.web.guards import signed_in
from engine.web.library import find_definition

blueprint = Blueprint("definition_files", __name__, url_prefix="/processes")


@blueprint.get("/<key>/<int(max=1000000):version>/files/<path:name>")
@signed_in
def one(key: str, version: int, name: str) -> ResponseReturnValue:
    """A diagram, table, form or template as deployed."""
    with database().read() as session:
        text = find_definition(session, key, version).bundle.get(name)
    if text is None:
        raise NotFound("这个版本没有该文件，请从流程库的版本页下载。")
    kind = "application/json" if name.endswith(".json") else "application/xml"
    return _sent(encode(text), PurePosixPath(name).name, kind)


@blueprint.get("/<key>/<int(max=1000000):version>/files.zip")
@signed_in
def everything(key: str, version: int) -> ResponseReturnValue:
    """Every file of the version; the ZIP can be uploaded as it is."""
    with database().read() as session:
        row = find_definition(session, key, version)
        bundle, deployed = dict(row.bundle), row.deployed_at.astimezone(settings().timezone)
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as package:
        for name, text in sorted(bundle.items()):
            entry = zipfile.ZipInfo(name, deployed.timetuple()[:6])
            package.writestr(entry, encode(text), zipfile.ZIP_DEFLATED)
    return _sent(packed.getvalue(), f"{key}-{version}.zip", "application/zip")


def _sent(data: bytes, name: str, kind: str) -> Response:
    response = make_response(data)
    response.headers["Content-Type"] = kind
    name_file(response, name)
    return response
