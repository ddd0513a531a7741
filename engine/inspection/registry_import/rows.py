"""Rows of text → records ready for the database, with everything that is wrong with a row at once.

Parsing is by column; what concerns several columns, the district or other tables is in one
``finish`` function a kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from engine.errors import InvalidInput
from engine.inspection import uscc
from engine.inspection.registry_import.columns import COLUMNS, KINDS, Column, header_fields, normalise_header
from engine.inspection.registry_import.report import HINT, REJECTED, TO_VERIFY, RowProblem
from engine.inspection.registry_import.values import BadValue, clean

Record = dict[str, Any]


@dataclass(slots=True)
class Surroundings:
    """What a row is judged against: the district, its departments by code and name, its item codes.

    Accounts are judged against the codes of the ``organs``, the ``roles`` there are, and the
    ``inspectors``: code → name and the login already linked, if any.
    """

    district_id: str
    departments: Mapping[str, str]
    items: frozenset[str] = frozenset()
    organs: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    inspectors: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(slots=True)
class RowReader:
    """Turns the cells of one file into records; made once its header is known."""

    kind: str
    columns: list[tuple[int, Column]]
    surroundings: Surroundings
    problems: list[RowProblem] = field(default_factory=list)

    @property
    def key(self) -> str:
        return COLUMNS[self.kind][0].field

    @property
    def key_header(self) -> str:
        return COLUMNS[self.kind][0].header

    def read(self, line: int, cells: list[str]) -> Record | None:
        """The record of a row, or None when it is rejected; ``problems`` then says everything about it."""
        self.problems = []
        record: Record = {}
        for index, column in self.columns:
            value = cells[index]
            if value:
                value = clean(value)
            if not value:
                if column.required:
                    self._add(line, REJECTED, column.header, "", "为空", column.remedy)
                else:
                    record[column.field] = column.default()
                continue
            try:
                record[column.field] = column.parse(value)
            except BadValue as bad:
                self._add(line, REJECTED, column.header, value, bad.message, bad.remedy)
        if not self.problems and self.kind in _FINISH:
            _FINISH[self.kind](self, line, record)
        return None if any(problem.level == REJECTED for problem in self.problems) else record

    def fields(self) -> list[str]:
        """Fields this file sets; those of columns it lacks keep their value in the registry."""
        return [column.field for _, column in self.columns] + _DERIVED.get(self.kind, [])

    def _add(self, line: int, level: str, header: str, value: str, message: str, remedy: str) -> None:
        self.problems.append(RowProblem(line, level, header, value, message, remedy))

    def known_department(self, text: str) -> str | None:
        """The code of the department named ``text``."""
        return self.surroundings.departments.get(department_key(text))

    def department(self, line: int, header: str, record: Record, field: str = "department") -> None:
        """Replace a department's name in ``field`` by its code."""
        text = record[field]
        code = self.known_department(text)
        if code is None:
            known = "、".join(sorted(set(self.surroundings.departments.values()))) or "（尚无部门）"
            self._add(line, REJECTED, header, text, "系统中没有这个部门", f"请填写部门代码或全称；现有代码：{known}。")
        else:
            record[field] = code


def make_reader(kind: str, header: list[str], surroundings: Surroundings) -> tuple[RowReader, list[str]]:
    """A reader for this header, and the header's columns that are ignored.

    Raises :class:`InvalidInput` naming the required columns that are missing.
    """
    known = header_fields(kind)
    columns: dict[str, tuple[int, Column]] = {}
    ignored = []
    for index, name in enumerate(header):
        column = known.get(normalise_header(name))
        if column is None or column.field in columns:
            ignored.append(name.strip())
        else:
            columns[column.field] = (index, column)
    missing = [column.header for column in COLUMNS[kind] if column.required and column.field not in columns]
    if missing:
        raise InvalidInput(
            f"{KINDS[kind]}文件缺少必需的列：{'、'.join(missing)}。请补上这些列后重新导入。",
            fields={name: ["缺少这一列。"] for name in missing},
        )
    return RowReader(kind, list(columns.values()), surroundings), [name for name in ignored if name]


def score(kind: str) -> Callable[[list[str]], int]:
    """Counts how many cells are known headers of ``kind``."""
    known = header_fields(kind)
    return lambda cells: len({known[name].field for cell in cells if (name := normalise_header(cell)) in known})


_PLACE = re.compile(r"^(?:[^省市区县]{2,6}省)?(?:[^省市区县]{2,6}市)?(?:[^省市区县]{2,6}[区县])?区?")


def department_key(text: str) -> str:
    """A department's code or name as it is compared: without province, city and district in front."""
    return _PLACE.sub("", "".join(text.split())).upper()


def _finish_object(reader: RowReader, line: int, record: Record) -> None:
    code = record["uscc"]
    reasons = uscc.doubts(code)
    for reason in reasons:
        reader._add(line, TO_VERIFY, "统一社会信用代码", code, reason, "导入并标记待核，请对照营业执照更正代码。")
    region = record.get("region", "")
    if region and not region.startswith(reader.surroundings.district_id):
        reasons.append(f"行政区划代码 {region} 不在本区")
        reader._add(line, TO_VERIFY, "行政区划代码", region, "不在本区", "导入并标记待核，请核对住所所在街道。")
    record["to_verify"] = "；".join(reasons)[:200]
    if record.get("supervisor"):
        reader.department(line, "主管监管部门", record, "supervisor")
    if not record.get("kind"):
        kind = uscc.KIND_BY_PREFIX.get(code[:2], "")
        if not kind:
            remedy = "请补填检查对象类型，例如 企业、个体工商户。"
            reader._add(line, REJECTED, "检查对象类型", "", "为空，且无法由信用代码判断", remedy)
        record["kind"] = kind


def _finish_inspector(reader: RowReader, line: int, record: Record) -> None:
    reader.department(line, "所属部门", record)
    for region in record.get("regions", ()):
        if not region.startswith(reader.surroundings.district_id):
            reader._add(line, REJECTED, "负责片区", region, "不在本区", "请填写本区街道（镇）的9位代码。")
    unknown = [code for code in record.get("items", ()) if code not in reader.surroundings.items]
    if unknown:
        remedy = "已导入；请先导入抽查事项清单，或更正事项编码。"
        reader._add(line, HINT, "对应抽查事项", "；".join(unknown), "清单中没有这些事项", remedy)
    drawable = record.get("drawable", True)
    if drawable and record.get("expert"):
        drawable = False  # an expert assists and never counts towards the two (国办发〔2024〕54号)
    if drawable and not record.get("certificate_number"):
        drawable = False  # uncertified staff are registered, never drawn (国办发〔2024〕54号)
        remedy = "已导入为不参与抽取；取得执法证后补填执法证号。"
        reader._add(line, HINT, "执法证号", "", "没有执法证，不能参与抽取", remedy)
    record["drawable"] = drawable


#: What every item must state before it may be checked (R23), beyond what every row must have.
_R23 = {
    "content": "检查内容",
    "procedure": "检查流程",
    "approval_authority": "审批权限",
    "publication_procedure": "公示程序",
    "archiving": "归档方式",
}


def _finish_item(reader: RowReader, line: int, record: Record) -> None:
    reader.department(line, "责任部门", record)
    missing = [header for name, header in _R23.items() if not record.get(name)]
    published = record.get("published", True)
    if missing and published:
        published = False
        remedy = "已导入为未公布；补齐后重新导入即可公布并抽查。"
        reader._add(line, HINT, "、".join(missing), "", "事项要素不全，不能公布和抽查", remedy)
    record["published"] = published


#: After ``@``: the role is held in every organ of the district.
EVERYWHERE = "全部"


def _finish_account(reader: RowReader, line: int, record: Record) -> None:
    reader.department(line, "部门编码", record)
    around = reader.surroundings
    grants: set[tuple[str, str]] = set()
    for entry in record["roles"]:
        role, _, place = (part.strip() for part in entry.replace("＠", "@").partition("@"))
        if role not in around.roles:
            reader._add(line, REJECTED, "角色", entry, "没有这个角色", f"请填写：{'、'.join(around.roles)}。")
        elif place == EVERYWHERE:
            grants |= {(code, role) for code in around.organs}
        elif place and department_key(place) not in around.departments:
            remedy = f"请在 @ 后填写部门编码或全称，或写 {role}@{EVERYWHERE}。"
            reader._add(line, REJECTED, "角色", entry, "系统中没有 @ 后的部门", remedy)
        else:
            grants.add((around.departments[department_key(place)] if place else record["department"], role))
    record["roles"] = sorted(grants)
    code = record.get("inspector")
    if not code:
        return
    if code not in around.inspectors:
        remedy = "账号已导入；请先导入执法检查人员名录，再导入一次本文件。"
        reader._add(line, HINT, "检查人员编号", code, "名录中没有这名检查人员，尚未关联", remedy)
        return
    name, login = around.inspectors[code]
    if login and login != record["login"]:
        remedy = f"请核对编号；确需更换的，先清空 {login} 一行的检查人员编号并导入。"
        reader._add(line, REJECTED, "检查人员编号", code, f"已关联账号 {login}", remedy)
    elif name != record["name"]:
        remedy = f"已关联；名录中是 {name}，请核对编号。"
        reader._add(line, HINT, "检查人员编号", code, "与名录中的姓名不一致", remedy)


#: Departments name one another, so organisation.py judges them together.
_FINISH = {
    "objects": _finish_object,
    "inspectors": _finish_inspector,
    "items": _finish_item,
    "accounts": _finish_account,
    "permits": lambda reader, line, record: reader.department(line, "接收部门", record, "supervisor"),
}
#: Fields that ``finish`` sets whatever columns the file has.
_DERIVED = {"objects": ["kind", "to_verify"], "inspectors": ["drawable"], "items": ["published"]}
