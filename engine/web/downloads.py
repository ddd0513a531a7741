"""File names of answers: a server refuses an answer with header lines that are not ASCII (RFC 6266)."""

from __future__ import annotations

from urllib.parse import quote

from flask import Response


def name_file(response: Response, name: str, *, inline: bool = False) -> None:
    """Say what the answer is called when it is kept; Chinese names come as RFC 8187 asks, with an ASCII stand-in."""
    plain = "".join(c if c.isascii() and c.isprintable() and c not in '"\\' else "_" for c in name)
    said = f'{"inline" if inline else "attachment"}; filename="{plain}"'
    if plain != name:
        said += f"; filename*=UTF-8''{quote(name, safe='', errors='replace')}"
    response.headers["Content-Disposition"] = said
