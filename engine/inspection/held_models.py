"""Tables of things an organ holds: evidence preserved in advance, things sealed or seized, what became of them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class HeldItem(Base):
    """在管物品: one thing under a measure, from the list handed over until it is returned or its fate is sealed.

    Until when it may be held is the measure's own deadline, never copied here.
    """

    __tablename__ = "held_item"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(220))  # <measure>/物品-<serial>
    measure: Mapped[str] = mapped_column(sa.String(200))  # business key of the follow-up that holds it now
    root: Mapped[str] = mapped_column(sa.String(160))  # business key at the beginning of the chain
    department: Mapped[str] = mapped_column(sa.String(32))
    uscc: Mapped[str] = mapped_column(sa.String(18), default="")
    subject_name: Mapped[str] = mapped_column(sa.String(200), default="")
    serial: Mapped[int]
    name: Mapped[str] = mapped_column(sa.String(200))
    mark: Mapped[str] = mapped_column(sa.String(200), default="")  # 规格、型号、批号等标记
    quantity: Mapped[str] = mapped_column(sa.String(40))  # as counted on the spot, e.g. 12.5
    unit: Mapped[str] = mapped_column(sa.String(20), default="")
    condition: Mapped[str] = mapped_column(sa.String(200), default="")  # 成色、状态
    place: Mapped[str] = mapped_column(sa.String(200))  # 保存地点
    keeper: Mapped[str] = mapped_column(sa.String(100))  # 保管人
    #: held: 先行登记保存 | 查封 | 扣押 | 送检 | 待退还; ended: 已退还 | 已没收 | 已销毁 | 已移送 | 检验耗尽
    state: Mapped[str] = mapped_column(sa.String(12))
    held_from: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    updated_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_held_item_measure", "district_id", "measure"),
        sa.Index("ix_held_item_root", "district_id", "root"),
        sa.Index("ix_held_item_page", "district_id", "department", "ended_at"),
    )


class HeldItemChange(Base):
    """One change of a thing: what became of it, when, by whom and on which paper; rows are only added."""

    __tablename__ = "held_item_change"
    id: Mapped[str] = pk()
    item: Mapped[str] = mapped_column(Id, index=True)
    at: Mapped[datetime]
    measure: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(12))
    note: Mapped[str] = mapped_column(sa.Text, default="")
    receiver: Mapped[str] = mapped_column(sa.String(100), default="")  # who signed for it
    by: Mapped[str | None] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(sa.String(64), default="")
