"""``lianjian lint`` and ``lianjian deploy``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from engine.cli.chinese import command
from engine.cli.output import emit, json_option, settings

FOLDERS = click.argument("folders", metavar="[目录]…", nargs=-1, type=click.Path(path_type=Path))
REFUSED = 3


@command("lint")
@FOLDERS
@json_option
def lint(folders: tuple[Path, ...], as_json: bool) -> int:
    """检查流程图、决策表和表单能否严格按图运行，一次列出全部问题。

    每个目录是一个流程（目录名即流程标识，含 .bpmn 和 .dmn）；不写目录时检查随系统提供的全部流程。有错误时退出码为 3。

    \b
    示例：
      lianjian lint
      lianjian lint processes/joint-inspection
      lianjian lint --json my-process
    """
    from engine.inspection.installation import roles, services
    from engine.lint.bundle import process_folders, read_bundle
    from engine.lint.linter import lint as check

    found = settings()
    findings: list[dict[str, Any]] = []
    chosen = folders or process_folders(found.process_dir)
    for folder in chosen:
        bundle = read_bundle(folder, found.form_dir)
        findings += [
            {"process": folder.resolve().name, **f.as_dict()} for f in check(bundle, roles=roles(), services=services())
        ]
    errors = sum(f["severity"] == "error" for f in findings)
    summary = f"检查了 {len(chosen)} 个流程：{errors} 处错误，{len(findings) - errors} 处提醒。"
    emit(findings, "\n".join([*map(_line, findings), summary]), as_json)
    return REFUSED if errors else 0


@command("deploy")
@FOLDERS
@click.option("--note", default="", metavar="说明", help="这一版改了什么，显示在流程库中。")
@json_option
def deploy(folders: tuple[Path, ...], note: str, as_json: bool) -> int:
    """部署流程：检查通过后，流程图、决策表和表单一并成为新的不可变版本。

    在办的事项继续按原版本办理。内容与已有版本相同时不产生新版本。
    不写目录时部署随系统提供的全部流程；写明目录时作为本单位的版本部署，系统升级不会覆盖它。
    有错误时不部署，退出码为 3。

    \b
    示例：
      lianjian deploy
      lianjian deploy my-processes/joint-inspection --note "会签增加统计局"
    """
    from engine.actor import Actor
    from engine.commands.deploy import Deploy
    from engine.errors import ModelRefused
    from engine.inspection.installation import open_engine
    from engine.lint.bundle import process_folders, read_bundle

    found = settings()
    engine = open_engine(found)
    results: list[dict[str, Any]] = []
    refused = False
    for folder in folders or process_folders(found.process_dir):
        key = folder.resolve().name
        bundle = read_bundle(folder, found.form_dir)
        origin = "office" if folders else "shipped"
        try:
            done = engine.execute(Deploy(key, bundle, origin=origin, note=note), actor=Actor.system())
        except ModelRefused as error:
            refused = True
            results.append({"key": key, "refused": True, "message": error.message, "findings": error.findings})
        else:
            results.append(
                {"key": key, "refused": False, "version": done.version, "created": done.created,
                 "current": done.current,
                 "findings": done.warnings}
            )  # fmt: skip
    emit(results, "\n".join(_deployed(result) for result in results), as_json)
    return REFUSED if refused else 0


def _deployed(result: dict[str, Any]) -> str:
    if result["refused"]:
        return "\n".join([result["message"], *map(_line, result["findings"])])
    word = "已部署" if result["created"] else "无变化"
    if result["created"] and not result["current"]:
        word += "；正在使用的是本单位的版本，新版本放在旁边供比较"
    return f"{result['key']} 第 {result['version']} 版，{word}。"


def _line(finding: dict[str, Any]) -> str:
    word = "错误" if finding["severity"] == "error" else "提醒"
    where = "：".join(part for part in (finding["file"], finding["element"]) if part)
    return f"{word} {where}：{finding['message']}{finding['remedy']}（{finding['rule']}）"
