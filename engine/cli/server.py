"""``lianjian serve`` and ``lianjian worker``."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from engine.cli.chinese import command
from engine.cli.data import DEMO_OBJECTS, demo
from engine.cli.database import upgrade
from engine.cli.definitions import deploy
from engine.cli.output import settings

if TYPE_CHECKING:
    from engine.settings import Settings


@command("serve")
@click.option("--host", envvar="LIANJIAN_HOST", default="127.0.0.1", metavar="地址", help="监听地址。")
@click.option("--port", envvar="PORT", default=8000, type=click.IntRange(1, 65535), metavar="端口", help="监听端口。")
@click.option("--threads", default=64, type=click.IntRange(1, 512), metavar="数量", help="每个进程的线程数。")
@click.option("--prepare", is_flag=True, help="先升级数据库、部署随系统提供的流程；演示系统还载入演示区县。")
@click.pass_context
def serve(ctx: click.Context, host: str, port: int, threads: int, prepare: bool) -> None:
    """提供网站服务，直到收到停止信号；后台任务默认在同一进程内运行。

    使用内置数据库时为一个进程，使用 PostgreSQL 时为两个进程。
    另行运行 lianjian worker 时，请设置 LIANJIAN_EMBEDDED_WORKER=0。

    \b
    示例：
      lianjian serve
      PORT=9000 lianjian serve
      LIANJIAN_DEMO=1 lianjian serve --prepare
      LIANJIAN_EMBEDDED_WORKER=0 lianjian serve --host 0.0.0.0 --port 8080
    """
    from engine.cli.gunicorn_server import Server

    found = settings()
    _require_free(host, port)
    if prepare:
        _prepare(ctx, found)
    _require_schema(found)
    Server(_with_standin(found), host, port, threads).run()


@command("worker")
def worker() -> None:
    """单独运行后台任务（推送省工作平台、定时器、办理记录封存），直到收到停止信号。

    使用 PostgreSQL 时可在多台机器上各运行一个；使用内置数据库时由 lianjian serve 代为运行。

    \b
    示例：
      lianjian worker
    """
    from engine import worker as background
    from engine.inspection.installation import open_engine, open_jobs

    found = settings()
    _require_schema(found)
    jobs = open_jobs(found)
    click.echo("后台任务已开始，按 Ctrl+C 停止。", err=True)
    background.run(open_engine(found, jobs=jobs), jobs)


def _require_free(host: str, port: int) -> None:
    """Raises :class:`LianjianError` when the address cannot be served, before anything is started."""
    import socket

    from engine.errors import LianjianError

    try:
        family, kind, protocol, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        raise LianjianError(
            f"不能在 {host}:{port} 上提供服务（{error.strerror}），请停止占用它的程序，或用 PORT=另一端口 重新运行。"
        ) from None


def _prepare(ctx: click.Context, found: Settings) -> None:
    """What ``db upgrade``, ``deploy`` and, in a demo system, ``demo`` do, without starting three more times."""
    ctx.invoke(upgrade, as_json=False)
    refused = ctx.invoke(deploy, folders=(), note="", as_json=False)
    if refused:
        ctx.exit(refused)
    if found.demo:
        ctx.invoke(demo, objects=DEMO_OBJECTS, as_json=False)


def _with_standin(found: Settings) -> Settings:
    """In a demo system without a provincial platform, start a stand-in that ends with this process."""
    if not found.demo or found.province_url:
        return found
    from engine.inspection.province_standin import spawn

    process, url = spawn(found.data_dir / "province.db")
    # It ends when its standard input closes, so somebody must hold it as long as the server runs.
    click.get_current_context().meta["lianjian.platform"] = process
    click.echo(f"省工作平台替身（仅供演示）：{url}")
    return replace(found, province_url=url)


def _require_schema(found: Settings) -> None:
    """Raises :class:`LianjianError` when the database was not upgraded to this release."""
    from engine import schema
    from engine.errors import LianjianError

    if schema.current(found.url) != schema.head():
        raise LianjianError("数据库结构不是本程序要求的版本，请先运行 lianjian db upgrade。")
