"""Uploaded files, as they were: the original bytes to whoever may see the instance."""

from __future__ import annotations

import sqlalchemy as sa
from flask import Blueprint, make_response
from flask.typing import ResponseReturnValue

from engine.errors import NotFound
from engine.models import Attachment
from engine.scope import instance_in_scope
from engine.web.context import actor, database
from engine.web.downloads import name_file
from engine.web.guards import signed_in

blueprint = Blueprint("attachments", __name__)


@blueprint.get("/attachments/<uuid:attachment_id>")
@signed_in
def show(attachment_id: object) -> ResponseReturnValue:
    """Never rendered inside our origin except as an image or PDF, and then without any script."""
    with database().read() as session:
        row = session.scalar(
            sa.select(Attachment)
            .where(Attachment.id == str(attachment_id), instance_in_scope(actor(), Attachment.instance_id))
            .options(sa.orm.undefer(Attachment.content))
        )
        if row is None:
            raise NotFound("没有找到该附件，可能链接有误，或不属于您所在的部门。")
    response = make_response(row.content)
    inline = row.media_type.startswith("image/") or row.media_type == "application/pdf"
    response.headers["Content-Type"] = row.media_type
    name_file(response, row.file_name, inline=inline)
    response.headers["Content-Security-Policy"] = "default-src 'none'; img-src 'self'; sandbox"
    return response
