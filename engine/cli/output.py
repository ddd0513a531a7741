"""What commands print: text for people, one JSON document for programs."""

from __future__ import annotations

from collections.abc import Callable
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


def settings() -> Settings:
    """The settings of the environment, with the data folder made when it is missing."""
    from engine.settings import Settings

    found = Settings.from_env()
    found.data_dir.mkdir(parents=True, exist_ok=True)
    return found


def progress(label: str, shown: bool) -> Callable[[int, int], None]:
    """A callback for ``(done, expected)`` that keeps one line on the terminal up to date."""
    import sys
    import time

    terminal, last = sys.stderr.isatty(), 0.0

    def show(done: int, expected: int) -> None:
        nonlocal last
        moment = time.monotonic()
        finished = done >= expected
        # A log file gets a line every five seconds, a terminal its one line ten times a second.
        if not shown or (moment - last < (0.1 if terminal else 5) and not finished):
            return
        last = moment
        end = "\r" if terminal and not finished else "\n"
        click.echo(f"{label} {done:,}/{max(done, expected):,}{end}", err=True, nl=False)

    return show


def read_json(path: Path) -> Any:
    """The JSON document at ``path``.  Raises :class:`InvalidInput` when it is none."""
    import orjson

    from engine.errors import InvalidInput

    try:
        return orjson.loads(path.read_bytes())
    except ValueError:
        raise InvalidInput(f"文件 {path} 不是有效的 JSON，请检查是否选错了文件。") from None
