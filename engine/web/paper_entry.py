"""The signed paper behind an entry (纸质补录、代录), as a page's form sends it."""

from __future__ import annotations

from datetime import date

from werkzeug.datastructures import MultiDict

from engine.commands.complete_task import Paper
from engine.errors import InvalidInput
from engine.web.context import now, settings

PAPER_FILE = "paper_attachment_id"
PAPER_TEXTS = ("paper_document_number", "paper_signed_by", "paper_signed_on")


def paper_of(post: MultiDict[str, str]) -> Paper | None:
    """The signed paper behind the entry, when any of its fields is filled.

    Raises :class:`InvalidInput` for a date of signature that is none or lies ahead.
    """
    # A name that is missing costs werkzeug an exception, and these nearly always are.
    texts = {name: post[name].strip() if name in post else "" for name in (*PAPER_TEXTS, PAPER_FILE)}
    if not any(texts.values()) and not post.get("paper"):
        return None
    if signed_on := texts["paper_signed_on"]:
        try:
            ahead = date.fromisoformat(signed_on) > now().astimezone(settings().timezone).date()
        except ValueError:
            raise InvalidInput(
                "签署日期有误。", fields={"paper_signed_on": ["签署日期请写成 2026-03-02 的样子。"]}
            ) from None
        if ahead:
            raise InvalidInput("签署日期有误。", fields={"paper_signed_on": ["签署日期晚于今天，请核对。"]})
    return Paper(
        document_number=texts["paper_document_number"],
        signed_on=signed_on,
        signed_by=texts["paper_signed_by"],
        attachment_id=texts[PAPER_FILE],
    )
