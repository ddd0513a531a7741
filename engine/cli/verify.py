"""``lianjian verify-draw``, ``recover-key``, ``verify-history`` and ``verify-archive``."""

from __future__ import annotations

from pathlib import Path

import click

from engine.cli.chinese import command
from engine.cli.output import emit, json_option, read_json, settings

BROKEN = 4


@command("verify-draw")
@click.argument("record", metavar="抽取记录", type=click.Path(path_type=Path, exists=True))
@click.option("--log-key", default="", metavar="公钥", help="您从别处得知的日志公钥（十六进制），用来核对签名。")
@click.option(
    "--share",
    "shares",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    multiple=True,
    metavar="份额",
    help="密钥份额文件，可以重复；记录中没有密钥时由它们恢复。",
)
@json_option
def verify_draw(record: Path, log_key: str, shares: tuple[Path, ...], as_json: bool) -> int:
    """验证一次抽取：封存、随机因子、检查对象和执法检查人员是否都按公布的规则产生。

    抽取记录是从公示页下载的文件夹、ZIP 或企业收到的抽中证明（JSON）。
    只读取这份记录，不连接数据库，也不联网；任何人都可以在自己的电脑上运行。验证未通过时退出码为 4。

    \b
    示例：
      lianjian verify-draw CN-370105-SCJG-2026-0001.zip
      lianjian verify-draw --json 抽取记录/
      lianjian verify-draw --share 份额一.json --share 份额二.json 抽取记录.zip
    """
    from engine.inspection.draw_record import read_record
    from engine.inspection.draw_verify import verify
    from engine.inspection.escrow import key_from, with_key

    if shares:
        files = read_record(record)
        _, key = key_from([path.read_text("utf-8") for path in shares])
        report = verify({**files, "result.json": with_key(files.get("result.json", ""), key)}, log_key=log_key)
    else:
        report = verify(record, log_key=log_key)
    emit(report.as_dict(), report.text(), as_json)
    return 0 if report.ok else BROKEN


@command("recover-key")
@click.argument("shares", metavar="份额...", nargs=-1, required=True,
                type=click.Path(path_type=Path, exists=True, dir_okay=False))  # fmt: skip
@json_option
def recover_key(shares: tuple[Path, ...], as_json: bool) -> None:
    """用各保管单位交出的密钥份额恢复一次受保护抽取的密钥。

    合成的密钥与封存时公布的摘要一致才写入数据库，并记入办理记录；不一致的什么也不改。

    \b
    示例：
      lianjian recover-key key-share-*.json
    """
    from engine.actor import Actor
    from engine.inspection.draw_commands import RecoverKey
    from engine.inspection.installation import open_engine

    engine = open_engine(settings())
    try:
        texts = tuple(path.read_text("utf-8") for path in shares)
        draw_id = engine.execute(RecoverKey(texts), actor=Actor.command_line())
    finally:
        engine.database.dispose()
    emit({"draw_id": draw_id}, f"抽取 {draw_id} 的密钥已恢复，与封存时公布的摘要一致。", as_json)


@command("verify-history")
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="文件",
    help="与以前导出的根比对：其后只许增加，不许改动。",
)
@click.option(
    "--export",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="文件",
    help="验证通过后导出当前的根，请交由数据库管理员以外的人保管。",
)
@json_option
def verify_history(root: Path | None, export: Path | None, as_json: bool) -> int:  # fmt: skip
    """验证全部办理记录：逐条重算哈希链，并与以前导出的根比对。

    任何一条记录被改动、删除、插入或截断，都会指出在哪里；此时退出码为 4，不导出。

    \b
    示例：
      lianjian verify-history --export 2026-03.json
      lianjian verify-history --root 2026-03.json
      lianjian verify-history --json
    """
    from dataclasses import asdict
    from datetime import datetime

    import orjson

    from engine.db import Database
    from engine.history import export_root, verify

    found = settings()
    database = Database(found.url)
    try:
        with database.read() as session:
            result = verify(session, found.district_id, read_json(root) if root else None)
        if export and not result.problems:
            with database.write() as session:
                content = export_root(session, found.district_id, datetime.now(found.timezone))
            export.write_bytes(orjson.dumps(content, option=orjson.OPT_INDENT_2) + b"\n")
    finally:
        database.dispose()
    summary = f"核对了 {result.streams:,} 件事项的 {result.events:,} 条记录，其中 {result.sealed:,} 条已封存。"
    verdict = f"发现 {len(result.problems)} 处问题。" if result.problems else "全部相符，未发现改动。"
    saved = f"\n当前的根已导出到 {export}。" if export and not result.problems else ""
    emit(asdict(result), "\n".join([*result.problems, summary + verdict]) + saved, as_json)
    return BROKEN if result.problems else 0


@command("verify-archive")
@click.argument("package", metavar="档案包", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option(
    "--root",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="文件",
    help="您从别处得到的历史根（导出的根，或者公布的根的列表），用来比对。",
)
@click.option(
    "--link",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    metavar="文件",
    help="从案卷的根到 --root 的衔接证明，两者大小不同时需要。",
)
@json_option
def verify_archive(package: Path, root: Path | None, link: Path | None, as_json: bool) -> int:
    """核验一个归档案卷（ZIP）：文件、原件、办理记录是否完整未改，是否在公布的历史根中。

    只读取这个文件，不连接数据库，也不联网；任何人都可以在自己的电脑上运行。
    缺少、改动、多出的文件和被改动的办理记录逐一指出，此时退出码为 4。

    \b
    示例：
      lianjian verify-archive SCJG-JC·2026-D10-0001.zip
      lianjian verify-archive 案卷.zip --root 2026-11.json
      lianjian verify-archive 案卷.zip --root 2026-12.json --link 衔接.json --json
    """
    from engine.inspection.archives.verify import verify

    report = verify(package, read_json(root) if root else None, read_json(link) if link else None)
    emit({**vars(report), "ok": report.ok}, report.text(), as_json)
    return 0 if report.ok else BROKEN
