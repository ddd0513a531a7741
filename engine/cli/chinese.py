"""Chinese help pages and error messages for click."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

_HEADINGS = {"Options": "选项", "Commands": "命令", "Positional arguments": "参数"}


class _Formatter(click.HelpFormatter):
    def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
        args = args.replace("[OPTIONS]", "[选项]").replace("COMMAND [ARGS]...", "命令 [参数]…")
        super().write_usage(prog, args, "用法：")

    def write_heading(self, heading: str) -> None:
        super().write_heading(_HEADINGS.get(heading, heading))


class _Context(click.Context):
    formatter_class = _Formatter


class Command(click.Command):
    """A command whose help page is in Chinese."""

    context_class = _Context


class Group(click.Group):
    """A group of such commands."""

    context_class = _Context
    command_class = Command


help_option = click.help_option("--help", help="显示本页。")


def command(name: str) -> Callable[[Callable[..., Any]], click.Command]:
    """Declare a command with ``--help`` in Chinese."""

    def declare(function: Callable[..., Any]) -> click.Command:
        return click.command(name, cls=Command, add_help_option=False)(help_option(function))

    return declare


def explain(error: click.ClickException) -> str:
    """What went wrong on the command line, in Chinese, and where to read on."""
    match error:
        case click.NoSuchOption():
            what = f"没有选项 {error.option_name}。"
        case click.exceptions.NoSuchCommand():
            what = f"没有命令 {error.command_name}。"
        case click.MissingParameter():
            what = f"缺少参数 {error.param.make_metavar(error.ctx) if error.param and error.ctx else ''}。"
        case click.BadParameter():
            what = _bad_value(error)
        case click.exceptions.NoArgsIsHelpError():
            return error.format_message()
        case _:
            what = error.format_message()
    context = error.ctx if isinstance(error, click.UsageError) else None
    hint = f" 运行 {context.command_path} --help 查看用法。" if context else ""
    return f"错误：{what}{hint}"


def _bad_value(error: click.BadParameter) -> str:
    if error.param is None:
        return error.message
    name = error.param.metavar or error.param.opts[0]
    kind = error.param.type
    if isinstance(kind, click.Choice):
        return f"{name} 只能是 {'、'.join(kind.choices)}。"
    if isinstance(kind, click.IntRange):
        return f"{name} 应是 {kind.min}—{kind.max} 的整数。"
    if isinstance(kind, click.Path):
        return f"{name} 不存在或不是所需的文件：{error.message}"
    return f"{name} 的值无效：{error.message}"
