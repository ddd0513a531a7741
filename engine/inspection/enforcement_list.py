"""The enforcements an officer keeps an eye on: what is due, overdue, in instalments, on its way to the court."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from engine.inspection.enforcement_models import PaymentTerm, PenaltyDebt
from engine.models import Deadline

#: Views of the list: code → words.
VIEWS = {
    "": "全部未结", "due": "待缴纳", "overdue": "逾期", "instalments": "分期", "court": "申请法院执行",
    "missed": "逾期未申请法院", "stayed": "停止执行", "closed": "已结",
}  # fmt: skip


#: Apart from the table the list itself joins.
_Running = aliased(Deadline)


def _deadline(name: str, *more: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    return sa.exists().where(
        _Running.district_id == PenaltyDebt.district_id, _Running.business_key == PenaltyDebt.number,
        _Running.name == name, _Running.met_at.is_(None), *more,
    )  # fmt: skip


_CONDITIONS: dict[str, Callable[[datetime], sa.ColumnElement[bool]]] = {
    "due": lambda now: sa.and_(PenaltyDebt.overdue_since.is_(None), _deadline("payment", _Running.due_at >= now)),
    "overdue": lambda now: sa.or_(PenaltyDebt.overdue_since.is_not(None), _deadline("payment", _Running.due_at < now)),
    "instalments": lambda now: sa.exists().where(
        PaymentTerm.district_id == PenaltyDebt.district_id, PaymentTerm.debt == PenaltyDebt.number, PaymentTerm.plan > 0
    ),
    "court": lambda now: sa.or_(PenaltyDebt.applied_on.is_not(None), _deadline("court-application")),
    "missed": lambda now: sa.and_(PenaltyDebt.court_missed, PenaltyDebt.applied_on.is_(None)),
    "stayed": lambda now: PenaltyDebt.stayed_since.is_not(None),
}


def in_view(view: str, now: datetime) -> sa.ColumnElement[bool]:
    """Which enforcements a view of the list shows; an unknown one shows all that are open."""
    if view == "closed":
        return PenaltyDebt.closed_at.is_not(None)
    asked = _CONDITIONS.get(view)
    still = PenaltyDebt.closed_at.is_(None)
    return still if asked is None else sa.and_(still, asked(now))
