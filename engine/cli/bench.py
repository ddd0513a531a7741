"""``lianjian bench``: measure what this machine can do."""

from __future__ import annotations

import sys
from typing import Any

import click

from engine.cli.chinese import Group, command, help_option
from engine.cli.output import emit, json_option

SIZES = (100_000, 1_000_000, 14_000_000)


@click.group("bench", cls=Group, add_help_option=False)
@help_option
def bench() -> None:
    """测量本机的性能，不使用也不改变系统的数据库。"""


@command("draw")
@click.option(
    "--objects",
    type=click.IntRange(1_000, 50_000_000),
    multiple=True,
    metavar="户数",
    help="检查对象户数，可以重复；默认 100000、1000000、14000000。",
)
@json_option
def draw(objects: tuple[int, ...], as_json: bool) -> int:
    """测量抽取：20 个分层、比例 5%，用的是正式抽取的同一段程序。

    读取数据库、计算签号并选出、默克尔封存分别计时（钟表时间和处理器时间，秒），
    并给出常驻内存的最大值；另测检查人员分派。临时文件约每百万户 40 MB。

    \b
    示例：
      lianjian bench draw
      lianjian bench draw --objects 100000 --json
    """
    import tempfile
    from pathlib import Path

    from engine.inspection import draw_bench

    def progress(step: str) -> None:
        if sys.stderr.isatty():
            click.echo(f"  {step}", err=True)

    with tempfile.TemporaryDirectory(prefix="lianjian-bench-") as folder:
        found = draw_bench.measure(objects or SIZES, Path(folder), progress=progress)
    emit(found, _text(found), as_json)
    return 0


def _text(found: dict[str, list[dict[str, Any]]]) -> str:
    lines = ["抽取（5%，20 个分层；秒，钟表时间/处理器时间）："]
    for row in found["draws"]:
        limit = f"（限 {row['target_seconds']:g} 秒）" if row["target_seconds"] else ""
        parts = [
            f"{label} {row[name]['wall']:.2f}/{row[name]['cpu']:.2f}{said}"
            for label, name, said in (
                ("读取", "reading", ""),
                ("签号和选出", "tickets_and_selection", limit),
                ("默克尔封存", "merkle_commitment", ""),
            )
        ]
        lines.append(
            f"{row['objects']:>12,} 户 {row['hash']:6} {row['mode']:6} {'，'.join(parts)}，"
            f"内存 {row['resident_bytes'] / 1e6:.0f} MB（限 {row['target_bytes'] / 1e6:.0f} MB）"
            f" {'达标' if row['ok'] else '未达标'}"
        )
    lines.append("分派：")
    for row in found["assignments"]:
        limit = f"（限 {row['target_seconds']:g} 秒）" if row["target_seconds"] else ""
        lines.append(
            f"{row['jobs']:>12,} 个任务 {row['inspectors']:,} 人 {row['assignment']['wall']:.2f}/"
            f"{row['assignment']['cpu']:.2f}{limit}，每人 {row['load']['least']} 至 {row['load']['most']} 个 "
            f"{'达标' if row['ok'] else '未达标'}"
        )
    return "\n".join(lines)


bench.add_command(draw)
