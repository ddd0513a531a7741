"""``lianjian demo`` and ``lianjian import``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from engine.cli.chinese import command
from engine.cli.output import Progress, emit, json_option, settings

if TYPE_CHECKING:
    from engine.inspection.registry_import import ImportReport

#: What a district has, about.
DEMO_OBJECTS = 100_000
KINDS = {
    "objects": "检查对象",
    "inspectors": "执法检查人员",
    "items": "随机抽查事项",
    "departments": "部门",
    "accounts": "账号",
}


@command("import")
@click.argument("kind", metavar="名录", type=click.Choice(list(KINDS)))
@click.argument("file", metavar="文件", type=click.Path(path_type=Path))
@click.option("--errors", type=click.Path(path_type=Path), metavar="文件", help="差错清单写到哪里；默认写在原文件旁。")
@click.option(
    "--passwords",
    type=click.Path(path_type=Path),
    metavar="文件",
    help="新账号的初始密码写到哪里（只有您可读）；默认写在原文件旁。只用于 accounts。",
)
@click.option(
    "--reason", default="", metavar="文字", help="更新已有的行的理由，记入每行的变更记录；默认为“导入文件 <文件名>”。"
)
@json_option
def import_(
    kind: str, file: Path, errors: Path | None, passwords: Path | None, reason: str, as_json: bool
) -> int:  # fmt: skip
    """从 CSV 或 Excel 文件导入名录。

    名录：departments 部门，items 随机抽查事项，inspectors 执法检查人员，accounts 账号，objects 检查对象。
    第一次导入的顺序：部门、抽查事项、执法检查人员、账号、检查对象。

    编码和表头自动识别；好的行入库，有问题的行写入差错清单。同一文件再导入一次什么也不会改变。有行被拒绝时退出码为 1。

    \b
    示例：
      lianjian import departments 部门.csv
      lianjian import accounts 账号.csv --passwords 初始密码.csv
      lianjian import items 事项清单.xlsx
      lianjian import objects 检查对象.csv --errors 差错.csv
      lianjian import inspectors 人员.xlsx --json
    """
    from datetime import datetime

    from engine.actor import Actor
    from engine.db import Database
    from engine.inspection.registry_import import import_file

    if passwords and kind != "accounts":
        raise click.UsageError("--passwords 只用于 accounts。")
    found = settings()
    lines = Progress(shown=not as_json)
    database = Database(found.url)
    try:
        report = import_file(
            database,
            kind,
            file,
            datetime.now(found.timezone),
            found.district_id,
            progress=lambda done, total: lines(f"导入{KINDS[kind]}", done, total),
            error_path=errors,
            actor=Actor.command_line(),
            password_path=passwords,
            reason=reason.strip()[:300] or f"导入文件 {file.name}"[:300],
        )
    finally:
        database.dispose()
    emit(report.as_dict(), _imported(report), as_json)
    return 1 if report.rejected else 0


def _imported(report: ImportReport) -> str:
    text = (
        f"{KINDS[report.kind]}：共 {report.total:,} 行，新增 {report.inserted:,}，更新 {report.updated:,}，"
        f"未变 {report.unchanged:,}，拒绝 {report.rejected:,}，待核 {report.to_verify:,}。"
    )
    if report.password_file:
        text += f"\n初始密码清单：{report.password_file}（只有您可读，转交后请销毁；第一次登录必须修改）"
    return text + (f"\n差错清单：{report.error_file}" if report.error_file else "")


@command("demo")
@click.option(
    "--objects", default=DEMO_OBJECTS, type=click.IntRange(100, 2_000_000), metavar="数量", help="检查对象户数。"
)
@json_option
def demo(objects: int, as_json: bool) -> None:
    """载入虚构的演示区县：部门、人员、事项清单和检查对象；已载入时什么也不做。

    企业和人员均为虚构，并标明“演示”。不要在正式数据库上运行。

    \b
    示例：
      lianjian demo
      lianjian demo --objects 2000 --json
    """
    from datetime import datetime

    from engine.db import Database
    from engine.inspection.demo import load_demo
    from engine.inspection.demo.first_pages import show_first_pages
    from engine.inspection.demo.follow_ups import show_follow_ups
    from engine.inspection.installation import open_engine

    found = settings()
    lines = Progress(shown=not as_json)
    database = Database(found.url)
    try:
        reports = load_demo(database, found, datetime.now(found.timezone), lines, objects=objects)
        engine = open_engine(found, database=database)
        show_follow_ups(engine)
        show_first_pages(engine)
    finally:
        database.dispose()
    text = "\n".join(map(_imported, reports.values())) or "演示区县已载入，未作改动。"
    emit({kind: report.as_dict() for kind, report in reports.items()}, text, as_json)
