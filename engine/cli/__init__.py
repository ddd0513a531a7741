"""The console command ``lianjian``.

Modules of this package import the rest of the system inside their commands, so that
``--help`` and a mistyped option answer at once.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence

import click

from engine import __version__
from engine.cli.accounts import account
from engine.cli.bench import bench
from engine.cli.chinese import Group, explain, help_option
from engine.cli.data import demo, import_
from engine.cli.database import db
from engine.cli.definitions import deploy, lint
from engine.cli.models import decide, run
from engine.cli.server import serve, worker
from engine.cli.shield import EXHAUSTED, SHIELDED, shield
from engine.cli.verify import recover_key, verify_archive, verify_draw, verify_history
from engine.errors import LianjianError
from engine.settings import Settings

EXIT_CODES = """\b
退出码：
  0  成功
  1  未能完成，原因已用中文说明
  2  命令用法有误
  3  流程图、表单或决策表有错误，未部署也未执行
  4  验证未通过：抽取记录、办理记录或归档案卷被改动或不完整
  5  试跑或者决策出错，原因已用中文说明
"""


@click.group(cls=Group, epilog=EXIT_CODES, add_help_option=False)
@help_option
@click.version_option(__version__, message="%(prog)s %(version)s", help="显示版本。")
def cli() -> None:
    """双随机联合监管系统的命令行。

    \b
    示例：
      lianjian db upgrade && lianjian deploy && lianjian serve
      lianjian serve --help
    """


for command in (
    serve,
    worker,
    db,
    account,
    demo,
    import_,
    deploy,
    lint,
    run,
    decide,
    verify_draw,
    recover_key,
    verify_history,
    verify_archive,
    bench,
):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> None:
    """Run the command line and exit with a documented code."""
    try:
        given = sys.argv[1:] if arguments is None else arguments
        if given and given[0] in SHIELDED and (ended := shield(given, Settings.from_env())) is not None:
            sys.exit(ended)
        sys.exit(cli.main(arguments, prog_name="lianjian", standalone_mode=False) or 0)
    except click.exceptions.Exit as ended_early:
        sys.exit(ended_early.exit_code)
    except (MemoryError, RecursionError):
        sys.exit(EXHAUSTED)
    except click.Abort:
        click.echo("已中止。", err=True)
        sys.exit(1)
    except click.ClickException as error:
        click.echo(explain(error), err=True)
        sys.exit(error.exit_code)
    except LianjianError as error:
        click.echo(f"错误：{error.message}", err=True)
        sys.exit(error.exit_code)
