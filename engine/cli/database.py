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

    工作日历中还没有的年度，一并录入本程序所知的节假日安排；已录入或更正的年度不动。
    数据目录中还没有抽取日志的签名密钥时产生一个。
    升级前请先备份。数据库地址取自 LIANJIAN_DATABASE_URL，未设置时使用数据目录中的 SQLite。

    \b
    示例：
      lianjian db upgrade
      LIANJIAN_DATABASE_URL=postgresql://lianjian@localhost/lianjian lianjian db upgrade --json
    """
    from engine import schema
    from engine.actor import Actor
    from engine.commands.seed_calendar import SeedCalendar
    from engine.inspection.draw_log import log_key
    from engine.inspection.installation import open_engine

    found = settings()
    log_key(found.data_dir)  # from the first day on, so that it can be backed up and given to other hosts
    before, after = schema.upgrade(found.url)
    engine = open_engine(found)
    try:
        years = engine.execute(SeedCalendar(), actor=Actor.command_line())
    finally:
        engine.database.dispose()
    if before == after:
        text = f"数据库结构已是最新（{after}）。"
    else:
        text = f"数据库结构已从 {before} 升级到 {after}。" if before else f"数据库已建立（结构版本 {after}）。"
    if years:
        text += f"\n工作日历已录入 {years[0]}—{years[-1]} 年中 {len(years)} 个年度的节假日安排。"
    emit({"before": before, "after": after, "calendar_years": years}, text, as_json)


db.add_command(upgrade)
