"""What commands print: text for people, one JSON document for programs."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from engine.settings import Settings

json_option = click.option("--json", "as_json", is_flag=True, help="输出一个 JSON 文档，供程序读取。")


def emit(document: Any, text: str, as_json: bool) -> None:
    """Print ``document`` as JSON or else ``text``."""
    if as_json:
        import orjson

        options = orjson.OPT_INDENT_2 | orjson.OPT_NON_STR_KEYS
        click.echo(orjson.dumps(document, default=str, option=options).decode())
    elif text:
        click.echo(text)


def json_text(value: Any) -> str:
    """A value on one line, as JSON."""
    import orjson

    return orjson.dumps(value, default=str, option=orjson.OPT_NON_STR_KEYS).decode()


def exact_json(value: Any) -> str:
    """A value of the expression language as JSON, decimals to their last digit, dates as ISO text."""
    from collections.abc import Mapping
    from decimal import Decimal

    from engine.expressions import json_safe

    if isinstance(value, Decimal):
        return format(value.normalize(), "f") if -40 < value.adjusted() < 40 else str(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return str(value)
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json_text(str(k))}: {exact_json(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(exact_json, value)) + "]"
    return json_text(json_safe(value))


def settings() -> Settings:
    """The settings of the environment, with the data folder made when it is missing."""
    from engine.settings import Settings

    found = Settings.from_env()
    found.data_dir.mkdir(parents=True, exist_ok=True)
    return found


class Progress:
    """Keeps one line a step on the terminal up to date; a log gets a line every five seconds."""

    def __init__(self, shown: bool) -> None:
        self._shown, self._terminal, self._last = shown, sys.stderr.isatty(), 0.0

    def __call__(self, step: str, done: int, expected: int) -> None:
        moment, finished = time.monotonic(), done >= expected
        if not self._shown or (moment - self._last < (0.1 if self._terminal else 5) and not finished):
            return
        self._last = moment
        end = "\r" if self._terminal and not finished else "\n"
        click.echo(f"  {step} {done:,}/{max(done, expected):,}{end}", err=True, nl=False)


def read_json(path: Path) -> Any:
    """The JSON document at ``path``.  Raises :class:`InvalidInput` when it is none."""
    import orjson

    from engine.errors import InvalidInput

    try:
        return orjson.loads(path.read_bytes())
    except ValueError:
        raise InvalidInput(f"文件 {path} 不是有效的 JSON，请检查是否选错了文件。") from None
