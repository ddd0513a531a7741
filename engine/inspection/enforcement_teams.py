"""综合行政执法队伍: enter, change and close a comprehensive enforcement team (R22)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa

from engine.actor import Actor
from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.inspection.registry_models import EnforcementTeam
from engine.models import Department

#: The office coordinates both registries (R21).
OFFICE = "联席会议办公室"
_CODE = re.compile(r"[A-Z0-9][A-Z0-9-]{1,31}")


@dataclass(frozen=True)
class SaveTeam:
    """Create a team, or change the one with ``code``; members carry the code in their registry row.

    ``serves`` are departments whose items the team enforces, ``basis`` the document that gives it the power.
    Raises :class:`InvalidInput` naming every faulty field, :class:`Forbidden` for anybody but the conference
    office, :class:`NotFound`.
    """

    code: str
    name: str
    department: str
    serves: Sequence[str]
    basis: str
    active: bool = True
    new: bool = False

    def run(self, ctx: CommandContext) -> str:
        if not may_save(ctx.actor):
            raise Forbidden("综合行政执法队伍由联席会议办公室登记和修改。")
        code = self.code.strip().upper()
        row = ctx.session.scalar(
            sa.select(EnforcementTeam).where(
                EnforcementTeam.district_id == ctx.district_id, EnforcementTeam.code == code
            )
        )
        if row is None and not self.new:
            raise NotFound(f"没有编号为 {code} 的综合行政执法队伍。")
        self._check(ctx, code, row)
        values = {
            "name": self.name.strip(), "department": self.department, "serves": list(self.serves),
            "basis": self.basis.strip(), "active": self.active,
        }  # fmt: skip
        before = {field: getattr(row, field) for field in values} if row is not None else None
        if row is None:
            row = EnforcementTeam(id=new_id(), district_id=ctx.district_id, code=code, regions=[], created_at=ctx.now)
            ctx.session.add(row)
        for field, value in values.items():
            setattr(row, field, value)
        row.updated_at = ctx.now
        ctx.record(None, "enforcement-team", {"code": code, "before": before, "after": values})
        return code

    def _check(self, ctx: CommandContext, code: str, row: EnforcementTeam | None) -> None:
        faults: dict[str, list[str]] = {}
        known = set(ctx.session.scalars(sa.select(Department.code).where(Department.district_id == ctx.district_id)))
        if not _CODE.fullmatch(code):
            faults["code"] = ["请填写编号：2 至 32 位大写字母、数字或短横线，例如 ZFJ-01。"]
        elif self.new and row is not None:
            faults["code"] = [f"编号 {code} 已用于“{row.name}”，请换一个编号。"]
        if not 2 <= len(self.name.strip()) <= 100:
            faults["name"] = ["请填写队伍名称，2 至 100 个字。"]
        if self.department not in known:
            faults["department"] = ["请选择队伍所属的部门。"]
        if not self.serves or not set(self.serves) <= known:
            faults["serves"] = ["请至少选择一个由该队伍行使执法权的部门。"]
        if not 2 <= len(self.basis.strip()) <= 300:
            faults["basis"] = ["请填写授权依据的文件名称和文号，2 至 300 个字。"]
        if faults:
            raise InvalidInput("执法队伍" + "".join(m for found in faults.values() for m in found), fields=faults)


def may_save(actor: Actor) -> bool:
    """Whether the actor may enter and change teams."""
    return actor.has_role(OFFICE)
