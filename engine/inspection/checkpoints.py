"""检查要点: the department writes what is looked at for an item, line by line with its legal basis (R23)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Forbidden, InvalidInput, NotFound
from engine.forms import Form
from engine.inspection.joint_models import Checkpoint
from engine.inspection.models import Item
from engine.inspection.object_kinds import OBJECT_KINDS
from engine.settings import Settings

OFFICER = "承办人"


def checklist_form(settings: Settings) -> Form:
    """The form of an item's checklist, read anew so that an office may change it."""
    return Form.parse((settings.form_dir / "item-checklist.json").read_text("utf-8"))


def form_context() -> dict[str, Any]:
    """What the form offers."""
    return {"object_kinds": [{"value": kind, "label": kind} for kind in OBJECT_KINDS]}


@dataclass(frozen=True)
class SaveCheckpoints:
    """Replace the lines of an item's checklist; returns how many it has now.

    Work plans submitted before keep the lines they were approved with.  Raises :class:`Forbidden` for anybody but the
    item's department, :class:`NotFound`, :class:`InvalidInput` naming every faulty line.
    """

    item: str
    values: Mapping[str, Any]

    def run(self, ctx: CommandContext) -> int:
        item = ctx.session.scalar(sa.select(Item).where(Item.district_id == ctx.district_id, Item.code == self.item))
        if item is None:
            raise NotFound("抽查事项清单中没有这个事项，可能链接有误。")
        if not ctx.actor.has_role(OFFICER, item.department):
            raise Forbidden("检查要点由事项责任部门的承办人维护。")
        form = checklist_form(ctx.kernel.settings)
        points = form.validate(dict(self.values), form_context(), now=ctx.now).get("points") or []
        seen: dict[str, int] = {}
        faults: dict[str, list[str]] = {}
        for n, point in enumerate(points):
            if point["content"] in seen:
                faults[f"points[{n}].content"] = [f"与第 {seen[point['content']] + 1} 条相同，请删除其中一条。"]
            seen.setdefault(point["content"], n)
        if faults:
            raise InvalidInput("检查要点有内容需要修改。", fields=faults)
        ctx.session.execute(
            sa.delete(Checkpoint).where(Checkpoint.district_id == ctx.district_id, Checkpoint.item == item.code)
        )
        ctx.session.add_all(
            Checkpoint(
                id=new_id(), district_id=ctx.district_id, item=item.code, position=n, content=point["content"],
                legal_basis=point.get("legal_basis") or "", subject=point.get("subject") or "",
                kinds=list(point.get("kinds") or []),
            )
            for n, point in enumerate(points, start=1)
        )  # fmt: skip
        ctx.record(None, "item-checklist-saved", {"item": item.code, "points": points})
        return len(points)
