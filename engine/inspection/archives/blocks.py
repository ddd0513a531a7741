"""Submitted values as blocks of the bound volume."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping, Sequence

from engine.documents.model import Block, Facts, Listing, Signature, Signatures
from engine.documents.thumbnails import readable
from engine.forms.words import Line

#: A list of more columns becomes one table a row: it would not be legible across the page.
COLUMNS = 5


def blocks_of(lines: Sequence[Line], known: Mapping[str, str]) -> list[Block]:
    """What one form said, as blocks; ``known`` is the path in the ZIP by file id."""
    blocks: list[Block] = []
    facts: list[tuple[str, str]] = []
    signatures: list[Signature] = []
    for label, value in lines:
        if isinstance(value, str):
            facts.append((label, value))
        elif "files" in value:
            facts.append((label, "\n".join(known.get(file, "—") for file in value["files"])))
        elif "image" in value:
            if image := drawn(str(value["image"])):
                signatures.append(Signature(label, image))
        else:
            blocks += [Facts(facts, title=_more(blocks))] if facts else []
            facts = []
            blocks += _table(label, value["head"], value["rows"])
    blocks += [Facts(facts, title=_more(blocks))] if facts else []
    if signatures:
        blocks.append(Signatures(signatures))
    return blocks


def _more(blocks: Sequence[Block]) -> str:
    """What stands behind a table is told apart from it."""
    return "其他填写内容" if blocks else ""


def _table(title: str, head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[Block]:
    if len(head) <= COLUMNS:
        return [Listing(list(head), [list(row) for row in rows], [1.0] * len(head), title=title)]
    return [
        Facts([(name, cell) for name, cell in zip(head, row, strict=True) if cell != "—"], title=f"{title} {n}")
        for n, row in enumerate(rows, start=1)
    ]


def drawn(address: str) -> bytes:
    """The PNG of a drawn signature out of its ``data:`` address; empty when there is none that can be shown."""
    kind, comma, data = address.partition(",")
    if not comma or not kind.startswith("data:image/png"):
        return b""
    try:
        image = base64.b64decode(data, validate=True)
    except (binascii.Error, ValueError):
        return b""
    return image if readable(image) else b""
