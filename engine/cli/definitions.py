"""``lianjian lint`` and ``lianjian deploy``."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

import click

from engine.cli.chinese import command
from engine.cli.output import emit, json_option, settings

FOLDERS = click.argument("folders", metavar="[目录]…", nargs=-1, type=click.Path(path_type=Path))
PATHS = click.argument("paths", metavar="[目录|文件]…", nargs=-1, type=click.Path(exists=True, path_type=Path))
REFUSED = 3


@command("lint")
@PATHS
@json_option
def lint(paths: tuple[Path, ...], as_json: bool) -> int:
    """检查流程图、决策表和表单能否严格按图运行，一次列出全部问题。

    每个目录是一个流程（目录名即流程标识，含 .bpmn 和 .dmn）；一同写出的几个文件合为一个流程，
    它们导入（import）的、放在同一目录的流程图一并检查。
    都不写时检查随系统提供的全部流程。有错误时退出码为 3；“不支持”的合乎标准，但不能部署。
    单个的文件如果没有本系统的属性（别的工具画的图），只检查图本身，不检查角色和服务是否存在。

    \b
    示例：
      lianjian lint
      lianjian lint processes/joint-inspection
      lianjian lint --json order.bpmn fee.dmn
    """
    from engine.errors import ModelRefused
    from engine.lint.bundle import process_folders, property_names, read_bundle, read_files, with_imported
    from engine.lint.finding import WORDS

    found = settings()
    findings: list[dict[str, Any]] = []
    files = [path for path in paths if not path.is_dir()]
    folders = [path for path in paths if path.is_dir()] if paths else process_folders(found.process_dir)
    for folder in folders:
        findings += _judged(folder.resolve().name, read_bundle(folder, found.form_dir), True)
    if files:
        try:
            bundle = read_files(with_imported(files), found.form_dir)
        except ModelRefused as refusal:
            findings += [{"process": files[0].stem, **f} for f in refusal.findings]
        else:
            findings += _judged(files[0].stem, bundle, bool(property_names(bundle)))
    counts = Counter(f["severity"] for f in findings)
    shown = [f"{counts[kind]} 处{word}" for kind, word in WORDS.items() if counts[kind] or kind != "unsupported"]
    summary = f"检查了 {len(folders) + bool(files)} 个流程：{'，'.join(shown)}。"
    emit(findings, "\n".join([*finding_lines(findings), summary]), as_json)
    return REFUSED if counts["error"] else 0


def _judged(process: str, bundle: dict[str, str], installed: bool) -> list[dict[str, Any]]:
    from engine.lint.linter import lint as check

    if not installed:
        return [{"process": process, **f.as_dict()} for f in check(bundle)]
    from engine.inspection.installation import roles, services

    return [{"process": process, **f.as_dict()} for f in check(bundle, roles=roles(), services=services())]


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
        return "\n".join([result["message"], *finding_lines(result["findings"])])
    word = "已部署" if result["created"] else "无变化"
    if result["created"] and not result["current"]:
        word += "；正在使用的是本单位的版本，新版本放在旁边供比较"
    return f"{result['key']} 第 {result['version']} 版，{word}。"


def finding_lines(findings: list[dict[str, Any]]) -> list[str]:
    """Findings as a person reads them, a line each; what is said of many elements alike is one line."""
    from engine.lint.folding import fold

    return [_line(finding) for finding in fold(findings)]


def _line(finding: dict[str, Any]) -> str:
    from engine.lint.finding import WORDS

    word = WORDS[finding["severity"]]
    where = "：".join(part for part in (finding["file"], "、".join(finding["elements"])) if part)
    return f"{word} {where}：{finding['message']}{finding['remedy']}（{finding['rule']}）"
