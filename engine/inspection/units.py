"""承办单位: sections, brigades and 市场监管所 of a department, and which of them an object belongs to."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection import tables
from engine.inspection.joint_models import Unit
from engine.models import User

OFFICER, ADMINISTRATOR = "承办人", "系统管理员"
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")


def units_of(session: Session, district_id: str, department: str = "", *, active: bool = True) -> list[Unit]:
    """Units of a department, or of all, by code."""
    statement = sa.select(Unit).where(Unit.district_id == district_id).order_by(Unit.department, Unit.code)
    if department:
        statement = statement.where(Unit.department == department)
    if active:
        statement = statement.where(Unit.active)
    return list(session.scalars(statement))


def unit_for(units: Sequence[Unit], *, responsible_unit: str, region: str, section: str) -> Unit | None:
    """Which unit receives an object: the one the registry names as responsible, the one of its sub-district,
    the section of the drawn officer; None when it is the department's own office.
    """
    for unit in units:
        if responsible_unit and unit.name == responsible_unit:
            return unit
    for unit in units:
        if region and any(region.startswith(code) for code in unit.regions):
            return unit
    return next((unit for unit in units if section and unit.name == section), None)


def may_save(actor: Actor, department: str) -> bool:
    """Whether the actor may enter and change a department's units."""
    return actor.has_role(OFFICER, department) or actor.has_role(ADMINISTRATOR)


@dataclass(frozen=True)
class SaveUnit:
    """Create a unit, or change the one with ``code``.

    ``receivers`` are user ids of the department who sign for receipt; without one the department's officers do.
    Raises :class:`Forbidden` for anybody but the department's officers and the administrator,
    :class:`InvalidInput` naming every faulty field, :class:`NotFound`.
    """

    code: str
    department: str
    name: str
    kind: str
    regions: Sequence[str] = ()
    receivers: Sequence[str] = ()
    active: bool = True
    new: bool = False

    def run(self, ctx: CommandContext) -> str:
        if not may_save(ctx.actor, self.department):
            raise Forbidden("承办单位由本部门承办人或者系统管理员登记和修改。")
        code = self.code.strip().upper()
        row = ctx.session.scalar(sa.select(Unit).where(Unit.district_id == ctx.district_id, Unit.code == code))
        if not self.new and (row is None or row.department != self.department):
            raise NotFound(f"没有编号为 {code} 的承办单位。")
        self._check(ctx, code, row)
        values = {
            "name": self.name.strip(), "kind": self.kind, "regions": sorted(set(self.regions)),
            "receivers": list(dict.fromkeys(self.receivers)), "active": self.active,
        }  # fmt: skip
        if row is None:
            row = Unit(
                id=new_id(), district_id=ctx.district_id, code=code, department=self.department, created_at=ctx.now
            )
            ctx.session.add(row)
        for field, value in values.items():
            setattr(row, field, value)
        row.updated_at = ctx.now
        ctx.record(None, "unit-saved", {"code": code, "department": self.department, **values})
        return code

    def _check(self, ctx: CommandContext, code: str, row: Unit | None) -> None:
        faults: dict[str, list[str]] = {}
        today, settings = ctx.now.astimezone(ctx.kernel.settings.timezone).date(), ctx.kernel.settings
        if not _CODE.fullmatch(code):
            faults["code"] = ["请填写编号：2 至 32 位大写字母、数字或短横线，例如 SCJG-LK。"]
        elif self.new and row is not None:
            faults["code"] = [f"编号 {code} 已用于“{row.name}”，请换一个编号。"]
        if not 2 <= len(self.name.strip()) <= 100:
            faults["name"] = ["请填写单位名称，2 至 100 个字。"]
        if self.kind not in {o["value"] for o in tables.options(settings, "unit-kind", today)}:
            faults["kind"] = ["请选择单位种类。"]
        if not set(self.regions) <= {o["value"] for o in tables.options(settings, "region", today)}:
            faults["regions"] = ["请从列表中选择负责的街道。"]
        own = set(
            ctx.session.scalars(
                sa.select(User.id).where(
                    User.district_id == ctx.district_id, User.department == self.department, User.active
                )
            )
        )
        if not set(self.receivers) <= own:
            faults["receivers"] = ["签收人应是本部门在用的账号，请重新选择。"]
        if faults:
            raise InvalidInput("承办单位的内容需要修改。", fields=faults)
