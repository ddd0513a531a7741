"""``lianjian account``: the first administrator, lost passwords, people who leave."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from engine.cli.chinese import Group, command, help_option
from engine.cli.output import emit, json_option, settings

if TYPE_CHECKING:
    from engine.process_engine import ProcessEngine

LOGIN = click.argument("login", metavar="登录名")
PROMPT = click.option("--prompt", is_flag=True, help="自己输入密码（不显示），不用随机的一次性密码。")


@click.group("account", cls=Group, add_help_option=False)
@help_option
def account() -> None:
    """管理可以登录的账号：第一个系统管理员、重置密码、停用、启用、列出。

    其余账号用 lianjian import accounts 成批导入。每次操作都记入办理记录。

    \b
    示例：
      lianjian account create-admin admin
      lianjian account list
    """


@command("create-admin")
@LOGIN
@click.option("--name", default="系统管理员", metavar="姓名", help="姓名，显示在页面和办理记录中。")
@click.option("--department", default="", metavar="编码", help="所属部门的编码；不写则不属于任何部门。")
@PROMPT
@json_option
def create_admin(login: str, name: str, department: str, prompt: bool, as_json: bool) -> None:
    """建立一个系统管理员账号，显示一次性密码；第一次登录必须修改。

    \b
    示例：
      lianjian account create-admin admin
      lianjian account create-admin wangmin --name 王敏 --department SCJG
      lianjian account create-admin admin --prompt
    """
    from engine.accounts import hash_password
    from engine.commands.create_account import CreateAccount

    engine = _engine()
    password = _password(login, prompt)
    _execute(
        engine,
        CreateAccount(
            login, name, hash_password(password), ["系统管理员"], department, must_change_password=not prompt
        ),
    )
    _say(login, f"已建立系统管理员账号 {login}。", password, prompt, as_json)


@command("reset-password")
@LOGIN
@json_option
def reset_password(login: str, as_json: bool) -> None:
    """重置密码，显示一次性密码；同时解除锁定，退出该账号的全部登录，下次登录必须修改密码。

    \b
    示例：
      lianjian account reset-password wangmin
    """
    from engine.accounts import hash_password
    from engine.commands.reset_password import ResetPassword

    engine = _engine()
    user_id = _user_id(engine, login)
    password = _password(login, prompt=False)
    _execute(engine, ResetPassword(user_id, hash_password(password)))
    _say(login, f"已重置 {login} 的密码。", password, False, as_json)


@command("disable")
@LOGIN
@json_option
def disable(login: str, as_json: bool) -> None:
    """停用账号：不能再登录，现有的登录立即退出。已办的事项和记录不变。

    \b
    示例：
      lianjian account disable wangmin
    """
    _change(login, "disable", "停用", as_json)


@command("enable")
@LOGIN
@json_option
def enable(login: str, as_json: bool) -> None:
    """重新启用账号，密码不变。

    \b
    示例：
      lianjian account enable wangmin
    """
    _change(login, "enable", "启用", as_json)


@command("list")
@json_option
def list_accounts(as_json: bool) -> None:
    """列出全部账号：登录名、姓名、部门、状态、角色。

    \b
    示例：
      lianjian account list
      lianjian account list --json
    """
    from datetime import datetime

    import sqlalchemy as sa

    from engine.db import Database
    from engine.models import User, UserRole

    found = settings()
    now = datetime.now(found.timezone)
    database = Database(found.url)
    try:
        with database.read() as session:
            users = list(
                session.scalars(sa.select(User).where(User.district_id == found.district_id).order_by(User.login))
            )
            roles: dict[str, list[tuple[str, str]]] = {}
            for row in session.scalars(sa.select(UserRole).where(UserRole.district_id == found.district_id)):
                roles.setdefault(row.user_id, []).append((row.department, row.role))
    finally:
        database.dispose()
    rows = [
        {
            "login": user.login,
            "name": user.name,
            "department": user.department,
            "post": user.post,
            "active": user.active,
            "locked": user.locked_until is not None and user.locked_until > now,
            "must_change_password": user.must_change_password,
            "roles": [{"department": d, "role": r} for d, r in sorted(roles.get(user.id, []))],
        }
        for user in users
    ]
    emit(rows, "\n".join([*map(_line, rows), f"共 {len(rows):,} 个账号。"]), as_json)


for _command in (create_admin, reset_password, disable, enable, list_accounts):
    account.add_command(_command)


def _line(row: dict[str, Any]) -> str:
    states = [
        word
        for word, holds in (
            ("已停用", not row["active"]),
            ("已锁定", row["locked"]),
            ("待改密码", row["must_change_password"]),
        )
        if holds
    ]
    roles = "、".join(dict.fromkeys(grant["role"] for grant in row["roles"])) or "没有角色"
    return "  ".join([row["login"], row["name"], row["department"] or "—", roles, "、".join(states)]).rstrip()


def _engine() -> ProcessEngine:
    from engine.inspection.installation import open_engine

    return open_engine(settings())


def _execute(engine: ProcessEngine, change: Any) -> None:
    from engine.actor import Actor

    try:
        engine.execute(change, actor=Actor.command_line())
    finally:
        engine.database.dispose()


def _user_id(engine: ProcessEngine, login: str) -> str:
    from engine.accounts import find_user
    from engine.errors import NotFound

    with engine.read() as session:
        user = find_user(session, engine.settings.district_id, login)
    if user is None:
        raise NotFound(f"没有登录名为 {login} 的账号，请用 lianjian account list 核对。")
    return user.id


def _change(login: str, action: str, word: str, as_json: bool) -> None:
    from engine.commands.change_account import ChangeAccount

    engine = _engine()
    _execute(engine, ChangeAccount(_user_id(engine, login), action))
    emit({"login": login, "action": action}, f"已{word}账号 {login}。", as_json)


def _password(login: str, prompt: bool) -> str:
    """A random one, or what the operator types twice; :class:`InvalidInput` when it breaks the rules."""
    from engine.accounts import check_new_password, random_password
    from engine.errors import InvalidInput

    if not prompt:
        return random_password()
    typed: str = click.prompt("密码", hide_input=True, err=True)
    repeated: str = click.prompt("再输入一次", hide_input=True, err=True)
    try:
        check_new_password(login, "", typed, repeated)
    except InvalidInput as error:
        problems = "".join(message for messages in error.fields.values() for message in messages)
        raise InvalidInput(f"密码不合要求：{problems}") from None
    return typed


def _say(login: str, done: str, password: str, prompt: bool, as_json: bool) -> None:
    """A random password is shown here and nowhere else; a typed one never."""
    document = {"login": login, "password": None if prompt else password, "must_change_password": not prompt}
    hint = "" if prompt else f"\n一次性密码：{password}\n请当面或密封转交；第一次登录必须修改。"
    emit(document, done + hint, as_json)
