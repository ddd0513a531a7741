"""The console command as a shell sees it."""

from __future__ import annotations

import json
import os
import re
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from engine import schema
from engine.actor import Actor
from engine.calendar import announced_years
from engine.cli import cli
from engine.db import Database
from engine.history import Chain

COMMANDS = (
    "serve", "worker", "db upgrade", "account create-admin", "account reset-password", "account disable",
    "account enable", "account list", "demo", "import", "deploy", "lint", "run", "decide",
    "verify-draw", "recover-key", "verify-history", "verify-archive", "bench draw",
)  # fmt: skip


def lianjian(*arguments: str, cwd: Path | None = None, **settings: str) -> subprocess.CompletedProcess[str]:
    root = Path(__file__).resolve().parents[2]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("LIANJIAN_")}
    return subprocess.run(
        [sys.executable, "-m", "engine.cli", *arguments],
        cwd=cwd, env={**environment, **settings, "PYTHONPATH": str(root)}, capture_output=True, text=True,
    )  # fmt: skip


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_in_chinese_with_an_example(name: str) -> None:
    page = lianjian(*name.split(), "--help")
    assert page.returncode == 0
    assert "示例：" in page.stdout and f"lianjian {name}" in page.stdout
    assert not re.search(r"Usage|Options|Show this message", page.stdout)


def test_the_documented_commands_are_all_there_are() -> None:
    assert sorted(cli.commands) == sorted({name.split()[0] for name in COMMANDS})


def test_the_front_page_documents_the_exit_codes() -> None:
    assert "退出码" in lianjian("--help").stdout


def test_help_loads_neither_the_database_nor_the_web_nor_the_workflow_library() -> None:
    code = "import sys, engine.cli; print({'sqlalchemy', 'flask', 'SpiffWorkflow', 'dbos', 'rich'} & set(sys.modules))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["nonsense"], "没有命令 nonsense"),
        (["serve", "--prt", "1"], "没有选项 --prt"),
        (["serve", "--port", "99999"], "端口 应是 1—65535 的整数"),
        (["import", "firms", "a.csv"], "名录 只能是 objects、inspectors、items、departments、accounts"),
        (["import", "items", "a.csv", "--passwords", "b.csv"], "--passwords 只用于 accounts"),
        (["import", "items"], "缺少参数 文件"),
    ],
)
def test_wrong_usage_ends_with_2_and_says_what_in_chinese(arguments: list[str], words: str) -> None:
    done = lianjian(*arguments)
    assert done.returncode == 2
    assert words in done.stderr


def test_a_bad_setting_names_its_variable() -> None:
    done = lianjian("db", "upgrade", LIANJIAN_DEMO="maybe")
    assert done.returncode == 1
    assert "LIANJIAN_DEMO" in done.stderr


def test_the_database_is_made_once_and_then_left_alone(tmp_path: Path) -> None:
    first = lianjian("db", "upgrade", "--json", LIANJIAN_DATA_DIR=str(tmp_path / "data"))
    second = lianjian("db", "upgrade", "--json", LIANJIAN_DATA_DIR=str(tmp_path / "data"))
    assert json.loads(first.stdout) == {
        "before": None, "after": schema.head(), "calendar_years": sorted(announced_years()),
    }  # fmt: skip
    again = {"before": schema.head(), "after": schema.head(), "calendar_years": []}
    assert json.loads(second.stdout) == again


def test_serving_an_old_database_is_refused_with_the_remedy(tmp_path: Path) -> None:
    done = lianjian("serve", LIANJIAN_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert "lianjian db upgrade" in done.stderr


def test_a_port_in_use_is_named_before_anything_is_started(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = lianjian("serve", "--prepare", "--port", str(port), LIANJIAN_DATA_DIR=str(tmp_path))
    assert done.returncode == 1
    assert f"127.0.0.1:{port}" in done.stderr and "PORT=" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_a_diagram_is_named(tmp_path: Path) -> None:
    done = lianjian("lint", str(tmp_path))
    assert done.returncode == 1
    assert "没有流程图" in done.stderr


def test_a_diagram_that_cannot_run_ends_with_3_and_is_not_deployed(tmp_path: Path) -> None:
    folder = tmp_path / "broken"
    folder.mkdir()
    (folder / "broken.bpmn").write_text("<not-bpmn/>")
    settings = {"LIANJIAN_DATA_DIR": str(tmp_path / "data")}
    checked = lianjian("lint", "--json", str(folder), **settings)
    assert checked.returncode == 3
    assert {"process", "rule", "severity", "file", "element", "message", "remedy"} <= set(json.loads(checked.stdout)[0])
    assert lianjian("db", "upgrade", **settings).returncode == 0
    deployed = lianjian("deploy", "--json", str(folder), **settings)
    assert deployed.returncode == 3
    assert json.loads(deployed.stdout)[0]["refused"] is True


def test_a_tampered_history_ends_with_4_and_is_not_exported(new_sqlite_url, clock, tmp_path: Path) -> None:  # type: ignore[no-untyped-def]
    url = new_sqlite_url()
    database = Database(url)
    with database.write() as session:
        chain = Chain(session, "370105")
        for number in range(3):
            chain.append("district", "noted", {"n": number}, actor=Actor.system(), now=clock())
    settings = {"LIANJIAN_DATABASE_URL": url, "LIANJIAN_DATA_DIR": str(tmp_path)}
    root = tmp_path / "root.json"
    sound = lianjian("verify-history", "--export", str(root), **settings)
    assert sound.returncode == 0, sound.stderr
    assert "全部相符" in sound.stdout and json.loads(root.read_text())["size"] == 3
    with database.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE history_event SET body = '{\"n\":7}' WHERE seq = 2")
    database.dispose()
    broken = lianjian(
        "verify-history", "--json", "--root", str(root), "--export", str(tmp_path / "no.json"), **settings
    )
    assert broken.returncode == 4
    assert "第 2 条" in json.loads(broken.stdout)["problems"][0]
    assert not (tmp_path / "no.json").exists()
