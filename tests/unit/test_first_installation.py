"""From an empty server to people who can sign in: the way docs/how-to/install.md goes."""

from __future__ import annotations

import csv
import json
import re
import shlex
import shutil
import stat
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner

from engine.accounts import find_user, hash_password, open_session, password_matches
from engine.actor import Actor
from engine.calendar import Calendar
from engine.cli import cli, main
from engine.commands.create_account import CreateAccount
from engine.commands.reset_password import ResetPassword
from engine.commands.seed_calendar import SeedCalendar
from engine.db import Database
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection.models import Inspector
from engine.inspection.registry_import import ImportReport, import_file
from engine.models import CalendarDay, CalendarYear, Deadline, Department, HistoryEvent, User, UserRole, UserSession
from engine.process_engine import ProcessEngine
from tests.conftest import SHANGHAI

ROOT = Path(__file__).resolve().parents[2]
DISTRICT = "370105"
NOW = datetime(2026, 3, 2, 9, 0, tzinfo=SHANGHAI)
DEPARTMENTS = "编码,名称,类型,上级,排序\nSCJG,市场监督管理局,行政机关,,1\nWJJ,卫生健康局,,,2\nQZF,区政府,办公室,,99\n"
ACCOUNTS = "登录名,姓名,部门编码,职务,角色,检查人员编号\n"
WANG = "wangmin,王敏,SCJG,科员,承办人、执法检查人员,SCJG-001\n"
LI = "lili,李丽,卫生健康局,局长,机关负责人；监管督查@全部,\n"


# --- the page --------------------------------------------------------------------------------


@dataclass
class Server:
    """A fresh server with its own data folder; ``run`` is the console command as a shell calls it."""

    folder: Path
    read: Callable[[], Any]

    def run(self, *arguments: str) -> tuple[int, str, str]:
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        out, err = self.read()
        return int(ended.value.code or 0), out, err

    def json(self, *arguments: str) -> Any:
        code, out, err = self.run(*arguments, "--json")
        assert code == 0, err
        return json.loads(out)

    def database(self) -> Database:
        return Database(f"sqlite:///{self.folder / 'data/lianjian.db'}")


@pytest.fixture
def server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Server:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIANJIAN_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.delenv("LIANJIAN_DATABASE_URL", raising=False)
    monkeypatch.delenv("LIANJIAN_DEMO", raising=False)
    return Server(tmp_path, capsys.readouterr)


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The data folder of a server on which only ``lianjian db upgrade`` was run."""
    folder = tmp_path_factory.mktemp("upgraded")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("LIANJIAN_DATA_DIR", str(folder))
        with pytest.raises(SystemExit):
            main(["db", "upgrade"])
    return folder


@pytest.fixture
def empty_server(server: Server, upgraded: Path) -> Server:
    """A server with a database and nothing in it."""
    shutil.copytree(upgraded, server.folder / "data")
    return server


def commands_of_the_page() -> list[str]:
    text = (ROOT / "docs/how-to/install.md").read_text("utf-8")
    sections = [text.split(f"\n## {number}、")[1].split("\n## ")[0] for number in "三四七"]
    blocks = [block for section in sections for block in re.findall(r"^```sh\n(.*?)^```", section, re.M | re.S)]
    return [line for block in blocks for line in block.splitlines()]


def test_the_commands_of_the_installation_page_lead_to_a_system_people_can_sign_in_to(server: Server) -> None:
    files = {
        "部门.csv": DEPARTMENTS,
        "事项清单.xlsx": "事项编码,责任部门,抽查类别,抽查事项,检查依据\nSC-01,SCJG,示例,示例事项,示例法第一条\n",
        "检查人员.csv": "人员编号,姓名,所属部门,执法证号\nSCJG-001,王敏,SCJG,370105001\n",
        "账号.csv": ACCOUNTS + WANG + LI,
        "检查对象.csv": "统一社会信用代码,检查对象名称,检查对象类型\n91370105MA3C00000K,示例公司（虚构）,企业\n",
    }
    for name, text in files.items():
        (server.folder / name).write_text(text, "utf-8")
    commands = commands_of_the_page()
    assert [line.split()[1] for line in commands] == ["db", "deploy", "account", *["import"] * 5, "verify-history"]
    outputs = []
    for line in commands:
        code, out, err = server.run(*shlex.split(line)[1:])
        assert code == 0, (line, out, err)
        outputs.append(out)
    (one_time,) = re.findall(r"一次性密码：(\S+)", outputs[2])
    with (server.folder / "初始密码.csv").open(encoding="utf-8-sig", newline="") as file:
        initial = {row["登录名"]: row["初始密码"] for row in csv.DictReader(file)}
    database = server.database()
    with database.read() as session:
        for login, password in {**initial, "admin": one_time}.items():
            user = find_user(session, DISTRICT, login)
            assert user is not None and user.active and user.must_change_password
            assert password_matches(user.password_hash, password)
        linked = session.scalar(sa.select(User.login).join(Inspector, Inspector.user_id == User.id))
        assert linked == "wangmin"
    database.dispose()
    assert set(initial) == {"wangmin", "lili"}


def test_a_new_database_knows_the_holidays_and_has_the_key_of_the_draw_log(empty_server: Server) -> None:
    database = empty_server.database()
    with database.read() as session:
        calendar = Calendar.load(session, DISTRICT, SHANGHAI)
    database.dispose()
    assert not calendar.is_provisional(2026)
    assert calendar.is_working_day(date(2026, 2, 14)), "a Saturday worked for the Spring Festival"
    key = empty_server.folder / "data/draw-log.key"
    before = key.read_text()
    assert stat.S_IMODE(key.stat().st_mode) == 0o600
    assert empty_server.json("db", "upgrade")["calendar_years"] == []
    assert key.read_text() == before


def test_an_administrator_is_made_once_and_named_without_a_department(empty_server: Server) -> None:
    made = empty_server.json("account", "create-admin", "admin")
    assert made["must_change_password"] is True and len(made["password"]) >= 16
    code, _, err = empty_server.run("account", "create-admin", "admin")
    assert code == 1 and "reset-password admin" in err
    (row,) = empty_server.json("account", "list")
    assert row["roles"] == [{"department": "", "role": "系统管理员"}]
    assert "admin  系统管理员  —  系统管理员  待改密码" in empty_server.run("account", "list")[1]


def test_a_typed_password_is_asked_twice_judged_and_never_shown(empty_server: Server) -> None:
    runner = CliRunner()
    arguments = ["account", "create-admin", "boss", "--prompt"]
    short = runner.invoke(cli, arguments, input="short\nshort\n")
    assert isinstance(short.exception, InvalidInput) and "至少 10 位" in short.exception.message
    done = runner.invoke(cli, arguments, input="horse-battery-9\nhorse-battery-9\n")
    assert done.exit_code == 0 and "horse" not in done.output
    assert [row["must_change_password"] for row in empty_server.json("account", "list")] == [False]


def test_accounts_are_reset_disabled_and_enabled_by_login(empty_server: Server) -> None:
    first = empty_server.json("account", "create-admin", "admin")["password"]
    second = empty_server.json("account", "reset-password", "admin")["password"]
    assert first != second
    empty_server.json("account", "disable", "admin")
    assert [row["active"] for row in empty_server.json("account", "list")] == [False]
    assert "已停用" in empty_server.run("account", "list")[1]
    empty_server.json("account", "enable", "admin")
    assert [row["active"] for row in empty_server.json("account", "list")] == [True]
    code, _, err = empty_server.run("account", "disable", "nobody")
    assert code == 1 and "nobody" in err and "account list" in err
    database = empty_server.database()
    with database.read() as session:
        events = session.execute(sa.select(HistoryEvent.actor_name, HistoryEvent.kind, HistoryEvent.body)).all()
    database.dispose()
    assert {event.actor_name for event in events} == {"系统（命令行）"}
    actions = [json.loads(event.body).get("action") for event in events if event.kind == "account-changed"]
    assert actions == ["reset-password", "disable", "enable"]
    assert not any(second in event.body for event in events)


# --- the calendar ----------------------------------------------------------------------------


def test_seeding_leaves_corrections_alone_and_moves_provisional_deadlines(
    engine: ProcessEngine, database: Database
) -> None:
    with database.write() as session:
        session.execute(sa.delete(CalendarYear).where(CalendarYear.year == 2026))
        session.merge(CalendarDay(day="2025-12-30", district_id=DISTRICT, works=False, notice="更正"))
        session.add(
            Deadline(
                district_id=DISTRICT, business_key="K", name="publication", rule="20wd", provisional=True,
                started_at=datetime(2026, 2, 2, 9, tzinfo=SHANGHAI), due_at=datetime(2026, 3, 3, tzinfo=SHANGHAI),
            )
        )  # fmt: skip
    assert engine.execute(SeedCalendar(), actor=Actor.command_line()) == [2026]
    assert engine.execute(SeedCalendar(), actor=Actor.command_line()) == []
    with database.read() as session:
        assert not Calendar.load(session, DISTRICT, SHANGHAI).is_working_day(date(2025, 12, 30))
        deadline = session.scalars(sa.select(Deadline)).one()
        assert not deadline.provisional
        event = session.scalars(sa.select(HistoryEvent).where(HistoryEvent.kind == "calendar-seeded")).one()
    body = json.loads(event.body)
    assert body["years"] == [2026] and body["moved"][0][:2] == ["K", "publication"]


# --- departments -----------------------------------------------------------------------------


@dataclass
class Files:
    """Imports text as a file on the test's database."""

    database: Database
    folder: Path

    def load(self, kind: str, text: str, name: str = "", encoding: str = "utf-8", **options: Any) -> ImportReport:
        path = self.folder / (name or f"{kind}.csv")
        path.write_bytes(text.encode(encoding))
        return import_file(self.database, kind, path, NOW, DISTRICT, **options)

    def errors(self, report: ImportReport) -> list[tuple[int, str, str]]:
        return [(problem.line, problem.field, problem.message) for problem in report.errors]

    def imports(self) -> list[dict[str, Any]]:
        with self.database.read() as session:
            rows = session.scalars(
                sa.select(HistoryEvent.body).where(HistoryEvent.kind == "registry-imported").order_by(HistoryEvent.seq)
            )
            return [json.loads(body) for body in rows]


@pytest.fixture
def files(database: Database, tmp_path: Path) -> Files:
    return Files(database, tmp_path)


def counts(report: ImportReport) -> tuple[int, int, int, int]:
    return report.inserted, report.updated, report.unchanged, report.rejected


def departments_of(database: Database) -> dict[str, tuple[str, str, str | None, int]]:
    with database.read() as session:
        rows = session.scalars(sa.select(Department).order_by(Department.position))
        return {row.code: (row.name, row.kind, row.parent_code, row.position) for row in rows}


def test_departments_are_imported_once_and_a_second_run_changes_nothing(files: Files) -> None:
    assert counts(files.load("departments", DEPARTMENTS, encoding="gb18030")) == (3, 0, 0, 0)
    first = departments_of(files.database)
    assert first["QZF"] == ("区政府", "office", None, 99) and first["WJJ"] == ("卫生健康局", "organ", None, 2)
    again = files.load("departments", DEPARTMENTS, encoding="gb18030")
    assert counts(again) == (0, 0, 3, 0) and again.encoding == "gb18030"
    assert departments_of(files.database) == first


def test_a_superior_may_be_named_and_may_come_later_and_a_new_department_comes_last(files: Files) -> None:
    files.load("departments", DEPARTMENTS)
    report = files.load(
        "departments", "编码,名称,上级\nxyk,信用监管科,市场监督管理局\nA,甲科,B1\nB1,乙局,\nA1,甲科室,B1\n"
    )
    assert files.errors(report) == [(3, "编码", "不是部门编码")]
    found = departments_of(files.database)
    assert found["XYK"] == ("信用监管科", "organ", "SCJG", 100)
    assert found["A1"][2] == "B1" and found["SCJG"][2] is None
    changed = files.load("departments", "编码,名称\nWJJ,卫生健康委员会\n")
    assert counts(changed) == (0, 1, 0, 0)
    assert departments_of(files.database)["WJJ"] == ("卫生健康委员会", "organ", None, 2)


def test_a_missing_superior_a_circle_and_a_second_department_of_a_name_are_refused(files: Files) -> None:
    files.load("departments", DEPARTMENTS)
    rows = ["K1,一科,NONE", "K2,二科,K1", "K3,三科,K4", "K4,四科,K3", "K5,五科,K5", "K6,区政府,", "K7,七科,QZF"]
    report = files.load("departments", "\n".join(["编码,名称,上级", *rows]))
    assert counts(report) == (1, 0, 0, 6)
    assert sorted(files.errors(report)) == [
        (2, "上级", "没有这个上级部门"), (3, "上级", "没有这个上级部门"),
        (4, "上级", "上级部门就在本部门之下"), (5, "上级", "上级部门就在本部门之下"),
        (6, "上级", "上级部门就在本部门之下"), (7, "名称", "与部门 QZF 的名称相同"),
    ]  # fmt: skip
    assert all(problem.remedy for problem in report.errors)
    assert set(departments_of(files.database)) == {"SCJG", "WJJ", "QZF", "K7"}


# --- accounts --------------------------------------------------------------------------------


def account_rows(database: Database) -> dict[str, tuple[str, str, str, set[tuple[str, str]], str]]:
    with database.read() as session:
        roles: dict[str, set[tuple[str, str]]] = {}
        for row in session.scalars(sa.select(UserRole)):
            roles.setdefault(row.user_id, set()).add((row.department, row.role))
        return {
            user.login: (user.name, user.department, user.post, roles[user.id], user.password_hash)
            for user in session.scalars(sa.select(User))
        }


def initial_passwords(path: Path) -> dict[str, str]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        return {row["登录名"]: row["初始密码"] for row in csv.DictReader(file)}


@pytest.fixture
def staffed(files: Files) -> Files:
    """Departments and one inspector are there, no accounts."""
    files.load("departments", DEPARTMENTS)
    files.load("inspectors", "人员编号,姓名,所属部门,执法证号\nSCJG-001,王敏,SCJG,1\n")
    return files


def test_new_accounts_get_a_password_each_that_only_the_operator_can_read(staffed: Files) -> None:
    report = staffed.load("accounts", ACCOUNTS + WANG + LI, password_path=staffed.folder / "pw.csv")
    assert counts(report) == (2, 0, 0, 0) and report.password_file == str(staffed.folder / "pw.csv")
    assert stat.S_IMODE((staffed.folder / "pw.csv").stat().st_mode) == 0o600
    passwords = initial_passwords(staffed.folder / "pw.csv")
    assert len(set(passwords.values())) == 2
    rows = account_rows(staffed.database)
    assert all(password_matches(rows[login][4], password) for login, password in passwords.items())
    assert rows["wangmin"][:4] == (
        "王敏", "SCJG", "科员", {("SCJG", "承办人"), ("SCJG", "执法检查人员")},
    )  # fmt: skip
    assert rows["lili"][3] == {("WJJ", "机关负责人"), ("SCJG", "监管督查"), ("WJJ", "监管督查")}
    with staffed.database.read() as session:
        assert all(session.scalars(sa.select(User.must_change_password)))
        inspector = session.scalars(sa.select(Inspector)).one()
        user = find_user(session, DISTRICT, "wangmin")
        assert user is not None and inspector.user_id == user.id


def test_a_second_run_changes_no_account_and_writes_no_passwords(staffed: Files) -> None:
    staffed.load("accounts", ACCOUNTS + WANG + LI, password_path=staffed.folder / "pw.csv")
    before, written = account_rows(staffed.database), (staffed.folder / "pw.csv").read_bytes()
    report = staffed.load("accounts", ACCOUNTS + WANG + LI, password_path=staffed.folder / "pw.csv")
    assert counts(report) == (0, 0, 2, 0) and report.password_file == ""
    assert account_rows(staffed.database) == before
    assert (staffed.folder / "pw.csv").read_bytes() == written


def test_an_existing_list_of_passwords_is_not_overwritten_and_nobody_is_imported(staffed: Files) -> None:
    (staffed.folder / "pw.csv").write_text("handed out tomorrow")
    with pytest.raises(InvalidInput, match="--passwords"):
        staffed.load("accounts", ACCOUNTS + WANG, password_path=staffed.folder / "pw.csv")
    assert (staffed.folder / "pw.csv").read_text() == "handed out tomorrow"
    assert account_rows(staffed.database) == {}


def test_where_passwords_cannot_be_written_no_account_is_made(staffed: Files) -> None:
    with pytest.raises(InvalidInput, match="无法写入"):
        staffed.load("accounts", ACCOUNTS + WANG, password_path=staffed.folder / "nowhere/pw.csv")
    assert account_rows(staffed.database) == {}


def test_unknown_roles_and_departments_are_named_with_what_there_is_and_good_rows_stand(staffed: Files) -> None:
    text = ACCOUNTS + WANG + "zhao,赵一,NOPE,,承办人,\nqian,钱二,SCJG,,局座、承办人@NOPE,\nsun,孙三,SCJG,,,\n"
    text += "370105199001011234,李四,SCJG,,承办人,\nwangmin,王敏,SCJG,,承办人,\n"
    report = staffed.load("accounts", text)
    assert counts(report) == (1, 0, 0, 5)
    assert staffed.errors(report) == [
        (3, "部门编码", "系统中没有这个部门"), (4, "角色", "没有这个角色"), (4, "角色", "系统中没有 @ 后的部门"),
        (5, "角色", "为空"), (6, "登录名", "像是身份证号，本系统不保存身份证号"), (7, "登录名", "与第 2 行重复"),
    ]  # fmt: skip
    remedies = {problem.field: problem.remedy for problem in report.errors[:2]}
    assert "SCJG、WJJ" in remedies["部门编码"] and "法制审核人员" in remedies["角色"]
    assert "钱二" not in Path(report.error_file).read_text("utf-8-sig")
    assert "370105199001011234" not in json.dumps(staffed.imports()), "a refused value may be private"


def test_the_file_states_all_roles_of_a_person_and_leaves_password_and_disabling_alone(staffed: Files) -> None:
    staffed.load("accounts", ACCOUNTS + WANG + LI)
    with staffed.database.write() as session:
        user = find_user(session, DISTRICT, "wangmin")
        assert user is not None
        user.active, user.must_change_password = False, False
    before = account_rows(staffed.database)
    report = staffed.load("accounts", ACCOUNTS + "wangmin,王敏,WJJ,科长,科室负责人,SCJG-001\n")
    assert counts(report) == (0, 1, 0, 0)
    after = account_rows(staffed.database)
    assert after["wangmin"] == ("王敏", "WJJ", "科长", {("WJJ", "科室负责人")}, before["wangmin"][4])
    assert after["lili"] == before["lili"], "whoever is not in the file is left alone"
    with staffed.database.read() as session:
        user = find_user(session, DISTRICT, "wangmin")
        assert user is not None and not user.active and not user.must_change_password


def test_an_inspector_registered_later_is_linked_by_importing_the_accounts_again(files: Files) -> None:
    files.load("departments", DEPARTMENTS)
    early = files.load("accounts", ACCOUNTS + WANG)
    assert early.hints == 1 and "再导入一次" in early.errors[0].remedy
    files.load("inspectors", "人员编号,姓名,所属部门,执法证号\nSCJG-001,王敏,SCJG,1\n")
    assert counts(files.load("accounts", ACCOUNTS + WANG)) == (0, 1, 0, 0)
    assert counts(files.load("accounts", ACCOUNTS + WANG)) == (0, 0, 1, 0)
    other = files.load("accounts", ACCOUNTS + "zhao,赵一,SCJG,,承办人,SCJG-001\n")
    assert files.errors(other) == [(2, "检查人员编号", "已关联账号 wangmin")]
    freed = files.load("accounts", ACCOUNTS + "wangmin,王敏,SCJG,科员,承办人,\n")
    assert counts(freed) == (0, 1, 0, 0)
    twice = "zhao,赵一,SCJG,,承办人,SCJG-001\nqian,钱二,SCJG,,承办人,SCJG-001\n"
    report = files.load("accounts", ACCOUNTS + twice, password_path=files.folder / "more.csv")
    assert counts(report) == (1, 0, 0, 1)
    assert (3, "检查人员编号", "与 zhao 的编号相同") in files.errors(report)


# --- the history -----------------------------------------------------------------------------


def test_every_import_is_in_the_history_with_its_file_and_who_ran_it(staffed: Files) -> None:
    staffed.load("accounts", ACCOUNTS + WANG, actor=Actor.command_line(), password_path=staffed.folder / "pw.csv")
    bodies = staffed.imports()
    assert [(b["kind"], b["file"], b["inserted"]) for b in bodies] == [
        ("departments", "departments.csv", 3), ("inspectors", "inspectors.csv", 1), ("accounts", "accounts.csv", 1),
    ]  # fmt: skip
    assert all(len(body["sha256"]) == 64 for body in bodies)
    (change,) = bodies[2]["changes"]
    assert change["login"] == "wangmin" and change["new"] and ["SCJG", "承办人"] in change["roles"]
    text = json.dumps(bodies)
    assert not any(password in text for password in initial_passwords(staffed.folder / "pw.csv").values())
    with staffed.database.read() as session:
        names = list(session.scalars(sa.select(HistoryEvent.actor_name).order_by(HistoryEvent.seq)))
    assert names == ["系统", "系统", "系统（命令行）"]


# --- the commands ----------------------------------------------------------------------------


def test_only_administrators_create_accounts_and_reset_passwords(engine: ProcessEngine) -> None:
    hashed = hash_password("a-long-word-2026")
    officer = Actor("0197f000-0000-7000-8000-000000000000", "张敏", "SCJG", frozenset({"SCJG/承办人"}))
    with pytest.raises(Forbidden):
        engine.execute(CreateAccount("boss", "王", hashed, ["系统管理员"]), actor=officer)
    user_id = engine.execute(CreateAccount("boss", "王", hashed, ["系统管理员"]), actor=Actor.command_line())
    with pytest.raises(Forbidden):
        engine.execute(ResetPassword(user_id, hashed), actor=officer)


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"login": "x y"}, InvalidInput), ({"name": " "}, InvalidInput), ({"roles": ["局座"]}, InvalidInput),
        ({"department": "NOPE"}, NotFound), ({"login": "boss"}, Conflict),
    ],
)  # fmt: skip
def test_an_account_that_cannot_be_is_refused_with_the_remedy(
    engine: ProcessEngine, change: dict[str, Any], error: type[Exception]
) -> None:
    engine.execute(CreateAccount("boss", "王", "hash", ["系统管理员"]), actor=Actor.command_line())
    wanted = {"login": "second", "name": "李", "password_hash": "hash", "roles": ["系统管理员"], **change}
    with pytest.raises(error):
        engine.execute(CreateAccount(**wanted), actor=Actor.command_line())


def test_resetting_a_password_unlocks_and_signs_out_everywhere(engine: ProcessEngine, clock: Any) -> None:
    user_id = engine.execute(CreateAccount("boss", "王", "old", ["系统管理员"]), actor=Actor.command_line())
    with engine.database.write() as session:
        user = session.get_one(User, user_id)
        user.locked_until, user.must_change_password = clock.advance(minutes=5), False
        open_session(session, user, clock())
    engine.execute(ResetPassword(user_id, "new"), actor=Actor.command_line())
    with engine.read() as session:
        user = session.get_one(User, user_id)
        assert (user.password_hash, user.locked_until, user.must_change_password) == ("new", None, True)
        assert session.scalars(sa.select(UserSession)).all() == []
