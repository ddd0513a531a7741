"""Tables around the item list: its versions, adjustments, special key areas, visits outside the draw."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class ItemList(Base):
    """抽查事项清单的一个版本: the province's list as it was issued, or the district's as it was compiled (R6, R7).

    A version is complete and never altered: its rows are :class:`ItemListEntry`.
    """

    __tablename__ = "item_list"
    id: Mapped[str] = pk()
    scope: Mapped[str] = mapped_column(sa.String(12))  # province | district
    version: Mapped[str] = mapped_column(sa.String(40))  # as officials call it, e.g. 2026年第1版
    title: Mapped[str] = mapped_column(sa.String(200), default="")
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 文号
    issued_on: Mapped[date]
    count: Mapped[int] = mapped_column("entry_count", default=0)
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    file_name: Mapped[str] = mapped_column(sa.String(200), default="")  # of the province's file
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    by_user: Mapped[str | None] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "scope", "version"),)


class ItemListEntry(Base):
    """One item as it stands in one version; ``fields`` by the names of the import's columns."""

    __tablename__ = "item_list_entry"
    id: Mapped[str] = pk()
    list_id: Mapped[str] = mapped_column(Id)
    code: Mapped[str] = mapped_column(sa.String(32))
    department: Mapped[str] = mapped_column(
        sa.String(100)
    )  # the district's code, or the organ as the province names it
    name: Mapped[str] = mapped_column(sa.String(200))
    fields: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    __table_args__ = (sa.UniqueConstraint("list_id", "code"),)


class ItemAdjustment(Base):
    """事项调整: what a department wants changed in the list; the business row of ``item-adjustment`` (R6–R8).

    ``changes`` is ``[{code, name, before, after}]``; ``before`` holds the old values of the fields
    in ``after`` and is empty for what is new.
    """

    __tablename__ = "item_adjustment"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key, e.g. SCJG-事项调整-2026-0001
    department: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(12))  # 认领 | 新增 | 变更 | 废止 | 移交 | 重点领域
    codes: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # what the page proposed or the draft names
    changes: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    basis: Mapped[str] = mapped_column(sa.Text, default="")
    receiver: Mapped[str] = mapped_column(sa.String(32), default="")  # department that takes over (移交)
    state: Mapped[str] = mapped_column(
        sa.String(12), default="起草"
    )  # 起草 | 审批中 | 待汇编 | 已公布 | 已退回 | 已撤回
    filing_number: Mapped[str] = mapped_column(sa.String(60), default="")  # 备案号
    filed_at: Mapped[datetime | None]
    list_version: Mapped[str] = mapped_column(sa.String(40), default="")  # district version that carries it
    proposed_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    published_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_item_adjustment_state", "district_id", "state"),
    )


class SpecialArea(Base):
    """重点领域: a special key area and how it is inspected (R1, R12, R53)."""

    __tablename__ = "special_area"
    id: Mapped[str] = pk()
    code: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(200))
    department: Mapped[str] = mapped_column(sa.String(32))
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    industries: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # GB/T 4754 codes
    special_registries: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    objects: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # USCCs named one by one
    outside_draw: Mapped[bool] = mapped_column(default=True)  # inspected without the draw
    frequency: Mapped[str] = mapped_column(sa.String(200), default="")
    approved_by: Mapped[str] = mapped_column(sa.String(100), default="")
    approved_on: Mapped[date | None]
    adjustment: Mapped[str] = mapped_column(sa.String(60), default="")  # number of the last adjustment
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]
    published_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "code"),)


class OutsideVisit(Base):
    """双随机以外的检查: a visit that no draw of this system caused, ours or another organ's."""

    __tablename__ = "outside_visit"
    id: Mapped[str] = pk()
    uscc: Mapped[str] = mapped_column(sa.String(18))
    object_name: Mapped[str] = mapped_column(sa.String(200), default="")
    department: Mapped[str] = mapped_column(sa.String(32), default="")  # empty: an organ without a place in this system
    organ: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(20))  # code of processes/tables/outside-visit-kind.json
    visited_on: Mapped[date]
    items: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    reason: Mapped[str] = mapped_column(sa.String(500), default="")
    basis: Mapped[str] = mapped_column(sa.String(500), default="")
    ordered_from_above: Mapped[bool] = mapped_column(default=False)
    order_document: Mapped[str] = mapped_column(sa.String(100), default="")  # 文号 of the order from above
    result: Mapped[str] = mapped_column(sa.String(200), default="")
    approved_by: Mapped[str] = mapped_column(sa.String(100), default="")
    approved_on: Mapped[date | None]
    urgent_reason: Mapped[str] = mapped_column(sa.String(300), default="")  # why approval came afterwards
    source: Mapped[str] = mapped_column(sa.String(20))  # manual | import
    import_id: Mapped[str | None] = mapped_column(Id)
    entered_by: Mapped[str | None] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    entered_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    withdrawn_reason: Mapped[str] = mapped_column(sa.String(300), default="")
    __table_args__ = (
        sa.UniqueConstraint("district_id", "uscc", "organ", "visited_on", "kind", name="uq_outside_visit_visit"),
        sa.Index("ix_outside_visit_day", "district_id", "visited_on"),
    )

    @property
    def counts(self) -> bool:
        """Whether the visit counts in the yearly frequency cap: all but specials ordered from above."""
        return not self.ordered_from_above


class StagedFile(Base):
    """待确认的文件: an uploaded file between its preview and its confirmation; removed by either, or after a day."""

    __tablename__ = "staged_file"
    id: Mapped[str] = pk()
    purpose: Mapped[str] = mapped_column(sa.String(40))
    file_name: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[bytes] = mapped_column(sa.LargeBinary)
    by_user: Mapped[str] = mapped_column(Id)
    at: Mapped[datetime]
