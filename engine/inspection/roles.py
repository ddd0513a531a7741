"""The roles people hold in a department (docs/reference/roles.md)."""

from __future__ import annotations

#: As lanes, groups and pages spell them; the linter and the import of accounts refuse any other.
ROLES = (
    "承办人", "科室负责人", "分管负责人", "机关负责人", "执法检查人员", "抽取监督人", "法制审核人员", "联席会议办公室",
    "区政府", "监管督查", "流程设计", "系统管理员", "审计监督",
)  # fmt: skip
