"""``lianjian db upgrade``."""

from __future__ import annotations

import click

from engine.cli.chinese import Group, command, help_option
from engine.cli.output import emit, json_option, settings


@click.group("db", cls=Group, add_help_option=False)
@help_option
def db() -> None:
    """建立和升级数据库。

    \b
    示例：
      lianjian db upgrade
    """


@command("upgrade")
@json_option
def upgrade(as_json: bool) -> None:
    """建立数据库，或升级到本程序要求的结构；已是最新时什么也不做。

    升级前请先备份。数据库地址取自 LIANJIAN_DATABASE_URL，未设置时使用数据目录中的 SQLite。

    \b
    示例：
      lianjian db upgrade
      LIANJIAN_DATABASE_URL=postgresql://lianjian@localhost/lianjian lianjian db upgrade --json
    """
    from engine import schema

    before, after = schema.upgrade(settings().url)
    if before == after:
        text = f"数据库结构已是最新（{after}）。"
    else:
        text = f"数据库结构已从 {before} 升级到 {after}。" if before else f"数据库已建立（结构版本 {after}）。"
    emit({"before": before, "after": after}, text, as_json)


db.add_command(upgrade)
