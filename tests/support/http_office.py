"""Officials at their browsers: they sign in, open a task's page and post its form, over real HTTP."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

_TOKEN = re.compile(r'name="csrf-token" content="([^"]+)"')
_VERSION = re.compile(r'name="version" value="(\d+)"')


def posted(values: Mapping[str, Any], prefix: str = "") -> Iterator[tuple[str, str]]:
    """Values as the names and texts a browser posts: ``findings-0-item`` for rows, one pair a choice."""
    for key, value in values.items():
        name = prefix + key
        if value is None or value is False:
            continue
        if isinstance(value, list):
            for number, entry in enumerate(value):
                if isinstance(entry, Mapping):
                    yield from posted(entry, f"{name}-{number}-")
                else:
                    yield name, str(entry)
        else:
            yield name, "true" if value is True else str(value)


def fields(values: Mapping[str, Any], **more: str) -> dict[str, list[str]]:
    """:func:`posted` as httpx wants it."""
    data: dict[str, list[str]] = {name: [text] for name, text in more.items()}
    for name, text in posted(values):
        data.setdefault(name, []).append(text)
    return data


def problems_in(page: str) -> list[str]:
    """What a refused page says is wrong, for the message of a failing test."""
    return [text.strip() for text in re.findall(r'class="[^"]*error[^"]*"[^>]*>([^<]+)', page) if text.strip()]


@dataclass(frozen=True)
class Opened:
    """A task's page as somebody has it open: what its form would send."""

    token: str
    version: str
    status: int
    text: str


class Browser:
    """One signed-in official."""

    def __init__(self, url: str, login: str, password: str) -> None:
        self.login = login
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=60)
        token = self._token(self._client.get("/sign-in").text)
        reply = self._client.post("/sign-in", data={"csrf_token": token, "login": login, "password": password})
        assert reply.status_code == 303, f"{login} cannot sign in: {reply.status_code}"
        self._client.get("/inbox")  # where a browser lands

    def _token(self, page: str) -> str:
        found = _TOKEN.search(page)
        assert found, "the page carries no CSRF token"
        return found[1]

    def get(self, path: str) -> httpx.Response:
        return self._client.get(path)

    def open(self, task_id: str) -> Opened:
        """The task's page; ``version`` is empty when it is closed already."""
        reply = self._client.get(f"/tasks/{task_id}")
        version = _VERSION.search(reply.text)
        return Opened(self._token(reply.text), version[1] if version else "", reply.status_code, reply.text)

    def submit(self, task_id: str, page: Opened, values: Mapping[str, Any], action: str = "") -> httpx.Response:
        """Post the form of an opened page; ``action`` is ``/draft``, ``/claim`` and the like."""
        data = fields(values, csrf_token=page.token, version=page.version)
        return self._client.post(f"/tasks/{task_id}{action}", data=data)

    def close(self) -> None:
        self._client.close()
