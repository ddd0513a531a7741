"""Publications to subscribe to: JSON Feed 1.1 and RSS 2.0, from entries as the public pages show them."""

from __future__ import annotations

from collections.abc import Sequence
from email.utils import format_datetime
from xml.etree import ElementTree

from flask import Response, jsonify
from flask.typing import ResponseReturnValue

from engine.inspection.publication import words_of
from engine.inspection.publication_view import Entry

Items = Sequence[tuple[Entry, str]]


def json_feed(title: str, home: str, items: Items) -> ResponseReturnValue:
    """JSON Feed: every item carries its content by label, for programs."""
    return jsonify(
        version="https://jsonfeed.org/version/1.1", title=title, home_page_url=home, language="zh-CN",
        items=[
            {
                "id": entry.id, "url": address, "title": entry.title, "content_text": _words(entry),
                "date_published": entry.published_at.isoformat() if entry.published_at else None,
                "date_modified": entry.corrected_at.isoformat() if entry.corrected_at else None,
                "_lianjian": {
                    "state": entry.state, "content": entry.content,
                    "public_until": entry.public_until.isoformat() if entry.public_until else None,
                },
            }
            for entry, address in items
        ],
    )  # fmt: skip


def rss(title: str, home: str, items: Items) -> ResponseReturnValue:
    """RSS: the same for readers."""
    root = ElementTree.Element("rss", version="2.0")
    channel = ElementTree.SubElement(root, "channel")
    for name, text in (("title", title), ("link", home), ("description", title), ("language", "zh-CN")):
        ElementTree.SubElement(channel, name).text = text
    for entry, address in items:
        item = ElementTree.SubElement(channel, "item")
        moment = format_datetime(entry.published_at) if entry.published_at else ""
        parts = (("title", entry.title), ("link", address), ("description", _words(entry)), ("pubDate", moment))
        for name, text in parts:
            ElementTree.SubElement(item, name).text = text
        ElementTree.SubElement(item, "guid", isPermaLink="false").text = entry.id
    text = ElementTree.tostring(root, encoding="unicode")
    return Response(
        f'<?xml version="1.0" encoding="UTF-8"?>\n{text}', content_type="application/rss+xml; charset=utf-8"
    )


def _words(entry: Entry) -> str:
    return "\n".join(f"{label}：{words_of(value)}" for label, value in entry.content.items())
