"""Accounts of the demo district: one for every post a joint inspection needs.

Every account has the same password, is named after its post and never after a person.
"""

from __future__ import annotations

from typing import NamedTuple

from engine.inspection.demo.departments import ORGANS, Organ
from engine.inspection.demo.inspectors import inspector_name

DEMO_PASSWORD = "demo-2026"


class Account(NamedTuple):
    """A login, its role (the lane's name), its department, its post; ``inspector`` when it is one's own."""

    login: str
    role: str
    department: str
    name: str
    post: str
    inspector: str = ""
    everywhere: bool = False  # holds the role in every department


class DemoLogin(NamedTuple):
    """One line of the table printed after start-up."""

    login: str
    role: str
    department: str
    note: str


_ROLES = (
    ("officer", "承办人"),
    ("section", "科室负责人"),
    ("deputy", "分管负责人"),
    ("head", "机关负责人"),
    ("legal", "法制审核人员"),
)
#: Departments that take part in the demo's campaigns have six inspectors with accounts, the others two.
_LEADING = {"SCJG", "WJJ", "YJJ", "ZJJ"}


def accounts() -> list[Account]:
    """Every demo account, in the order they are created."""
    found = [account for organ in ORGANS for account in _of_organ(organ)]
    for number, department in enumerate(("GAJ", "SSJ", "TJJ"), start=1):
        name = f"演示·抽取监督人{'一二三'[number - 1]}"
        found.append(Account(f"witness{number}", "抽取监督人", department, name, "抽取监督人"))
    found += [
        Account("office", "联席会议办公室", "SCJG", "演示·联席会议办公室", "联席会议办公室"),
        Account("district", "区政府", "QZF", "演示·区政府", "区政府审批"),
        Account("supervisor", "监管督查", "SCJG", "演示·监管督查", "监管督查", everywhere=True),
        Account("designer", "流程设计", "SCJG", "演示·流程设计", "流程设计"),
        Account("admin", "系统管理员", "SCJG", "演示·系统管理员", "系统管理员"),
        Account("auditor", "审计监督", "QZF", "演示·审计监督", "审计监督"),
    ]
    return found


def _of_organ(organ: Organ) -> list[Account]:
    prefix = organ.code.lower()
    found = [
        Account(f"{prefix}-{post}", role, organ.code, f"演示·{role}({organ.short})", f"{organ.name}{role}")
        for post, role in _ROLES
    ]
    for number in range(1, (6 if organ.code in _LEADING else 2) + 1):
        found.append(
            Account(
                f"{prefix}-inspector{number}",
                "执法检查人员",
                organ.code,
                inspector_name(organ, number),
                f"{organ.name}执法检查人员",
                f"{organ.code}-{number:03d}",
            )
        )
    return found


#: The logins to show after start-up: the lead department in full, the others by their pattern.
DEMO_LOGINS: tuple[DemoLogin, ...] = (
    DemoLogin("scjg-officer", "承办人", "市场监督管理局", "起草工作方案、汇总、公示"),
    DemoLogin("scjg-section", "科室负责人", "市场监督管理局", "审核"),
    DemoLogin("scjg-deputy", "分管负责人", "市场监督管理局", "审核"),
    DemoLogin("scjg-head", "机关负责人", "市场监督管理局", "批准"),
    DemoLogin("scjg-inspector1 … 6", "执法检查人员", "市场监督管理局", "现场检查"),
    DemoLogin("scjg-legal", "法制审核人员", "市场监督管理局", "法制审核"),
    DemoLogin("wjj-… yjj-… zjj-…", "同上", "卫生健康局、应急管理局、住房和城乡建设局", "同样的岗位后缀"),
    DemoLogin("<部门代码小写>-…", "同上", "其余各部门", "同样的岗位后缀，检查人员各2名"),
    DemoLogin("witness1", "抽取监督人", "公安分局", "随机因子"),
    DemoLogin("witness2", "抽取监督人", "税务局", "随机因子"),
    DemoLogin("witness3", "抽取监督人", "统计局", "随机因子"),
    DemoLogin("office", "联席会议办公室", "市场监督管理局", "联合计划"),
    DemoLogin("district", "区政府", "区政府", "联合计划审批"),
    DemoLogin("supervisor", "监管督查", "市场监督管理局", "督办、超期"),
    DemoLogin("designer", "流程设计", "市场监督管理局", "流程库"),
    DemoLogin("admin", "系统管理员", "市场监督管理局", "异常处理"),
    DemoLogin("auditor", "审计监督", "区政府", "抽取记录全量核验"),
)
