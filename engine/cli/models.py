"""``lianjian run`` and ``lianjian decide``: models tried without touching the installation's database."""

from __future__ import annotations

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from engine.cli.chinese import Command, command, help_option
from engine.cli.definitions import REFUSED, finding_lines
from engine.cli.output import emit, exact_json, json_option, json_text
from engine.cli.shield import accepted

if TYPE_CHECKING:
    from engine.cli.trial import Trial
    from engine.lint.mains import Main

#: The run itself went wrong, or a step could not be applied.
FAILED = 5
#: What is told of a run that could not go to its end.
NOTHING: dict[str, Any] = {
    "outcome": "failed", "trace": [], "open_tasks": [], "waiting": [], "undelivered": [], "data": {}, "instances": [],
}  # fmt: skip
MAX_JSON = 1_000_000
_STEPS = ("complete", "message", "signal", "advance_time")

FILES = click.argument(
    "files", metavar="文件…", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path)
)  # fmt: skip


class _InOrder(Command):
    """Keeps the steps of a run in the order they were written."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        given, _, order = self.make_parser(ctx).parse_args(list(args))
        values: dict[str, Iterator[str]] = {name: iter(given.get(name) or ()) for name in _STEPS}
        ctx.obj = [(p.name, next(values[p.name])) for p in order if p.name in values]
        return super().parse_args(ctx, args)


@click.command("run", cls=_InOrder, add_help_option=False)
@FILES
@click.option(
    "--process", "wanted", multiple=True, metavar="编号", help="启动哪个流程，几个的依次启动；不写的全部启动。"
)
@click.option("--vars", "variables", default="{}", metavar="JSON", help="启动时的变量；@文件 表示从文件读取。")
@click.option("--now", default="", metavar="时刻", help="从哪个时刻开始，ISO 8601；不写为现在。")
@click.option("--complete", multiple=True, metavar="步骤[=JSON]", help="办理这个编号的待办。")
@click.option("--message", multiple=True, metavar="名称[=JSON]", help="送来一个消息，也可以由它启动流程。")
@click.option("--signal", multiple=True, metavar="名称[=JSON]", help="发出一个信号，也可以由它启动流程。")
@click.option("--advance-time", multiple=True, metavar="时刻|时长", help="把时间拨过去，触发到期的定时。")
@json_option
@help_option
@click.pass_context
def run(
    ctx: click.Context, files: tuple[Path, ...], wanted: tuple[str, ...], variables: str, now: str, as_json: bool,
    **_: Any,
) -> int:  # fmt: skip
    """试跑流程：在临时的数据库里真正执行，走到走不动为止，不影响本系统。

    几个文件合在一起：被调用的流程、决策表可以在别的文件里。
    --complete、--message、--signal、--advance-time 按书写的次序执行，可以重复；每一步之后都走到走不动为止。
    输出走过的步骤和各步之后的数据、待办、等待的定时和消息、结果。
    模型有错误时不执行，退出码为 3；执行中出错，或者某一步无法进行时，退出码为 5。

    \b
    示例：
      lianjian run leave.bpmn --vars '{"days": 3}' --complete apply --complete 'approve={"decision": "同意"}'
      lianjian run order.bpmn fee.dmn --message 'paid={"amount": 20}' --advance-time P3D --json
    """
    from engine.errors import ModelRefused
    from engine.lint.mains import listeners_first

    steps = [_step(name, text) for name, text in ctx.obj]
    start = read_object(variables, "--vars")
    try:
        trial, bundle = _open(files, now)
        candidates = trial.deploy(bundle)
    except ModelRefused as refusal:
        return refuse(refusal.findings, as_json)
    accepted()
    chosen = _choose(trial, candidates, wanted)
    for main in chosen if wanted else listeners_first(chosen):
        trial.start(main.id, start)
    for name, what, payload in steps:
        trial.step(name, what, payload)
    report = trial.report(chosen[0].id if chosen else "")
    emit(report, "\n".join(_told(report)), as_json)
    return FAILED if report["error"] else 0


def _open(files: Sequence[Path], now: str) -> tuple[Trial, dict[str, str]]:
    gc.disable()  # importing leaves no garbage; looking for it takes a seventh of the start-up
    from datetime import UTC, datetime

    from engine.bpmn.timers import parse_instant
    from engine.cli.trial import Trial, needs_installation
    from engine.errors import ExpressionError
    from engine.lint.bundle import read_files
    from engine.lint.mains import without_missing_forms
    from engine.service_tasks import ServiceRegistry
    from engine.settings import Settings

    gc.enable()
    settings = Settings.from_env()
    bundle = without_missing_forms(read_files(files, settings.form_dir))
    services = ServiceRegistry()
    if needs_installation(bundle):
        from engine.inspection.installation import services as installed

        services = installed()
    try:
        moment = parse_instant(now, settings.timezone) if now else datetime.now(UTC)
    except ExpressionError as error:
        raise click.UsageError(f"--now：{error.message}") from None
    return Trial(settings, services, moment.astimezone(settings.timezone)), bundle


def _choose(trial: Trial, candidates: Sequence[Main], wanted: Sequence[str]) -> list[Main]:
    """The processes to start; none when each begins with an event."""
    chosen = candidates
    if wanted:
        by_id = {main.id: main for main in candidates}
        unknown = next((each for each in wanted if each not in by_id), None)
        if unknown is not None:
            raise click.UsageError(f"没有可以启动的流程“{unknown}”；可以启动的有：{'、'.join(by_id)}。")
        chosen = [by_id[each] for each in dict.fromkeys(wanted)]
    return [main for main in chosen if not trial.awaits_event(main)]


def _step(name: str, text: str) -> tuple[str, str, dict[str, Any]]:
    if name == "advance_time":
        return name, text.strip(), {}
    what, sign, payload = text.partition("=")
    if not what.strip():
        raise click.UsageError(f"--{name} 应写成“名称”或者“名称=JSON”。")
    return name, what.strip(), read_object(payload, f"--{name} {what}") if sign else {}


def _told(report: dict[str, Any]) -> Iterator[str]:
    for number, step in enumerate(report["trace"], 1):
        yield f"{number:4} {step['element']} {step['name']} {json_text(step['data'])}"
    for task in report["open_tasks"]:
        yield f"待办 {task['element']} {task['name']}"
    for wait in report["waiting"]:
        yield f"等待 {wait['element']} {wait.get('due_at') or wait.get('message') or wait.get('signal') or ''}"
    for name in report["undelivered"]:
        yield f"没有人等待的消息 {name}"
    words = {"completed": "办结", "waiting": "等待中", "failed": "出错", "terminated": "终止"}
    yield f"结果：{words.get(report['outcome'], report['outcome'])}"
    if report["error"]:
        yield f"错误：{report['error']}"
    yield f"数据：{json_text(report['data'])}"


@command("decide")
@FILES
@click.option("--decision", required=True, metavar="编号", help="决策的编号或者名称。")
@click.option("--input", "given", default="{}", metavar="JSON", help="输入的数据；@文件 表示从文件读取。")
@json_option
def decide(files: tuple[Path, ...], decision: str, given: str, as_json: bool) -> int:
    """按决策表得出一个结果。

    几个 .dmn 文件合在一起。日期写成 "2026-01-31" 这样的文字，结果里的日期也是文字；没有结果时为 null。
    算不出来的部分按标准为 null，并说明原因。文件不是决策表时退出码为 3，完全无法计算时退出码为 5。

    \b
    示例：
      lianjian decide fee.dmn --decision fee --input '{"days": 3}'
      lianjian decide fee.dmn --decision 收费标准 --input @input.json --json
    """
    from datetime import UTC, datetime

    from engine.bpmn.decisions import read_decisions
    from engine.errors import LianjianError, ModelRefused

    values = read_object(given, "--input", exact=True)
    try:
        decisions = read_decisions(*(path.read_bytes() for path in files))
    except ModelRefused as refusal:
        return refuse(refusal.findings, as_json)
    known = {one[key]: one["id"] for key in ("name", "id") for one in decisions.listed()}
    decision = " ".join(decision.split())
    if decision not in known:
        raise click.UsageError(f"没有决策“{decision}”；文件里有：{'、'.join(sorted(set(known.values())))}。")
    try:
        answer = decisions.evaluate(decision, values, now=datetime.now(UTC))
        result = exact_json(answer.exact)
    except LianjianError as error:
        emit({"decision": known[decision], "error": error.message}, f"错误：{error.message}", as_json)
        return FAILED
    errors = list(answer.errors)
    document = f'{{"decision": {json_text(known[decision])}, "result": {result}, "errors": {json_text(errors)}}}'
    click.echo(document if as_json else "\n".join([*map("提醒：{}".format, errors), result]))
    return 0


def read_object(text: str, option: str, *, exact: bool = False) -> dict[str, Any]:
    """A JSON object of the command line; ``@file`` stands for a file; ``exact`` keeps decimals as written."""
    import json
    from decimal import Decimal

    import orjson

    if text.startswith("@"):
        try:
            text = Path(text[1:]).read_text("utf-8")
        except (OSError, UnicodeDecodeError):
            raise click.UsageError(f"{option} 的文件 {text[1:]} 无法读取。") from None
    if len(text) > MAX_JSON:
        raise click.UsageError(f"{option} 的内容有 {len(text):,} 个字符，超过上限 {MAX_JSON:,}。")
    try:
        orjson.loads(text)  # has the same limit of nesting under every Python, but rounds long integers
        found = json.loads(text, parse_float=Decimal if exact else float)
    except ValueError:
        raise click.UsageError(f"{option} 不是有效的 JSON，或者嵌套过深。") from None
    if not isinstance(found, dict):
        raise click.UsageError(f'{option} 应是一个 JSON 对象，例如 {{"days": 3}}。')
    return found


def refuse(findings: list[dict[str, Any]], as_json: bool) -> int:
    """Say why a model is refused; returns the exit code."""
    lines = [*finding_lines(findings), f"模型有 {len(findings)} 处问题，不能执行。"]
    emit({"refused": findings}, "\n".join(lines), as_json)
    return REFUSED
