"""常用筛选: a person keeps the questions they ask a list again and again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.orm import Session

from engine.commands.context import CommandContext
from engine.db import new_id
from engine.errors import Conflict, Forbidden, InvalidInput, NotFound
from engine.inspection.registry_models import SavedFilter

MOST = 30
_NAME, _QUERY = 40, 2_000


def saved_filters(session: Session, district_id: str, user_id: str | None, page: str) -> Sequence[SavedFilter]:
    """The person's filters of one list page, by name."""
    statement = (
        sa.select(SavedFilter)
        .where(SavedFilter.district_id == district_id, SavedFilter.user_id == user_id, SavedFilter.page == page)
        .order_by(SavedFilter.name)
    )
    return session.scalars(statement).all()


@dataclass(frozen=True)
class SaveFilter:
    """Keep ``query`` of a list page under a name of the person's own; the same name again replaces it.

    Raises :class:`InvalidInput` for an empty or long name, an empty filter, or too many.
    """

    page: str
    name: str
    query: str

    def run(self, ctx: CommandContext) -> None:
        name = _name(self.name)
        if not self.query or len(self.query) > _QUERY:
            raise InvalidInput("请先设定筛选条件并查询，再保存为常用筛选。", fields={"name": ["还没有筛选条件。"]})
        mine = list(saved_filters(ctx.session, ctx.district_id, _person(ctx), self.page))
        same = next((row for row in mine if row.name == name), None)
        if same is not None:
            same.query = self.query
            return
        if len(mine) >= MOST:
            raise InvalidInput(f"常用筛选最多 {MOST} 个，请先删除不用的。", fields={"name": ["常用筛选已满。"]})
        ctx.session.add(
            SavedFilter(
                id=new_id(), district_id=ctx.district_id, user_id=_person(ctx), page=self.page, name=name,
                query=self.query, created_at=ctx.now,
            )
        )  # fmt: skip


@dataclass(frozen=True)
class RenameFilter:
    """Give one of the person's filters another name.  Raises :class:`NotFound`, :class:`Conflict`."""

    filter_id: str
    name: str

    def run(self, ctx: CommandContext) -> None:
        row, name = _own(ctx, self.filter_id), _name(self.name)
        others = saved_filters(ctx.session, ctx.district_id, _person(ctx), row.page)
        if any(other.name == name and other.id != row.id for other in others):
            raise Conflict(f"已有名为“{name}”的常用筛选，请换一个名称。")
        row.name = name


@dataclass(frozen=True)
class DeleteFilter:
    """Forget one of the person's filters.  Raises :class:`NotFound`."""

    filter_id: str

    def run(self, ctx: CommandContext) -> None:
        ctx.session.delete(_own(ctx, self.filter_id))


def _person(ctx: CommandContext) -> str:
    if ctx.actor.user_id is None:
        raise Forbidden("常用筛选属于个人，请登录后保存。")
    return ctx.actor.user_id


def _own(ctx: CommandContext, filter_id: str) -> SavedFilter:
    row = ctx.session.get(SavedFilter, filter_id)
    if row is None or row.district_id != ctx.district_id or row.user_id != ctx.actor.user_id:
        raise NotFound("没有找到这个常用筛选，可能已经删除。")
    return row


def _name(text: str) -> str:
    name = " ".join(text.split())
    if not name or len(name) > _NAME:
        raise InvalidInput("名称有误。", fields={"name": [f"请填写 1 至 {_NAME} 个字的名称。"]})
    return name
