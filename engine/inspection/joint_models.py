"""Tables of a joint inspection: checklists, supplies, help from outside, dispatch, substitution, summary."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class Checkpoint(Base):
    """检查要点: one line of an item's checklist, with its own legal basis (R23)."""

    __tablename__ = "item_checkpoint"
    id: Mapped[str] = pk()
    item: Mapped[str] = mapped_column(sa.String(32))
    position: Mapped[int]
    content: Mapped[str] = mapped_column(sa.String(300))
    legal_basis: Mapped[str] = mapped_column(sa.String(500), default="")
    #: lines of one subject are one line of the merged checklist even when organs word them differently
    subject: Mapped[str] = mapped_column(sa.String(60), default="")
    kinds: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # object types; empty = all
    __table_args__ = (sa.UniqueConstraint("district_id", "item", "position"),)


class CampaignChecklist(Base):
    """检查表: the items' lines merged for some object types, as approved with the work plan (R31).

    ``lines`` are :class:`engine.inspection.checklists.Line` as JSON.
    """

    __tablename__ = "campaign_checklist"
    id: Mapped[str] = pk()
    campaign: Mapped[str] = mapped_column(sa.String(60))
    position: Mapped[int]
    kinds: Mapped[list[str]] = mapped_column(sa.JSON)
    lines: Mapped[list[Any]] = mapped_column(sa.JSON)
    __table_args__ = (sa.UniqueConstraint("district_id", "campaign", "position"),)


class Supply(Base):
    """人员和装备: what a department brings to a campaign (R33)."""

    __tablename__ = "campaign_supply"
    id: Mapped[str] = pk()
    campaign: Mapped[str] = mapped_column(sa.String(60))
    department: Mapped[str] = mapped_column(sa.String(32))
    inspectors: Mapped[int] = mapped_column(default=0)  # people who can be sent
    vehicles: Mapped[int] = mapped_column(default=0)
    equipment: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # [{name, quantity, note}]
    contact: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "campaign", "department"),)


class Commission(Base):
    """委托协助: a firm or an expert that assists a department; never counts towards the two inspectors (R20, R36)."""

    __tablename__ = "commission"
    id: Mapped[str] = pk()
    campaign: Mapped[str] = mapped_column(sa.String(60), index=True)
    department: Mapped[str] = mapped_column(sa.String(32))
    kind: Mapped[str] = mapped_column(sa.String(20))  # code of processes/tables/commission-kind.json
    name: Mapped[str] = mapped_column(sa.String(100))
    members: Mapped[str] = mapped_column(sa.String(200), default="")
    mandate: Mapped[str] = mapped_column(sa.String(1000))
    document_number: Mapped[str] = mapped_column(sa.String(100))  # of the contract or letter
    declaration: Mapped[str] = mapped_column(sa.String(300))  # what was declared on conflicts of interest
    conflicts: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # USCCs it keeps away from
    entered_by: Mapped[str | None] = mapped_column(Id)
    entered_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    ended_reason: Mapped[str] = mapped_column(sa.String(300), default="")


class Unit(Base):
    """承办单位: a section, brigade or 市场监管所 of a department, to which inspections are dispatched."""

    __tablename__ = "unit"
    id: Mapped[str] = pk()
    code: Mapped[str] = mapped_column(sa.String(32))
    department: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(100))
    kind: Mapped[str] = mapped_column(sa.String(20))  # code of processes/tables/unit-kind.json
    regions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # sub-districts it answers for
    receivers: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # user ids who sign for receipt
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "code"),)


class DispatchList(Base):
    """派发单: the inspections one unit receives, and what became of it: signed for, returned, sent elsewhere."""

    __tablename__ = "dispatch_list"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(100))  # <draw_id>/派发/01
    campaign: Mapped[str] = mapped_column(sa.String(60), index=True)
    department: Mapped[str] = mapped_column(sa.String(32))
    unit: Mapped[str] = mapped_column(sa.String(32), default="")  # code; empty = the department's own office
    unit_name: Mapped[str] = mapped_column(sa.String(100), default="")
    inspections: Mapped[list[str]] = mapped_column(sa.JSON)
    state: Mapped[str] = mapped_column(sa.String(12), default="待签收")  # 待签收 | 已签收 | 已退回
    sent_at: Mapped[datetime]
    received_at: Mapped[datetime | None]
    received_by: Mapped[str | None] = mapped_column(Id)
    received_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    contact: Mapped[str] = mapped_column(sa.String(64), default="")
    note: Mapped[str] = mapped_column(sa.String(500), default="")
    #: [{unit, unit_name, reason, by, at, instruction}], oldest first; the lead's instruction comes with the re-dispatch
    returns: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)
    reminded_at: Mapped[datetime | None]
    reminders: Mapped[int] = mapped_column(default=0)
    __table_args__ = (sa.UniqueConstraint("district_id", "number"),)


class Substitution(Base):
    """更换检查人员: asked for after the draw, decided by the organ's head, filled by the draw's rule."""

    __tablename__ = "inspector_substitution"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(180))  # business key of its process
    campaign: Mapped[str] = mapped_column(sa.String(60), index=True)
    department_inspection: Mapped[str] = mapped_column(sa.String(140))
    department: Mapped[str] = mapped_column(sa.String(32))
    inspector: Mapped[str] = mapped_column(sa.String(32))
    cause: Mapped[str] = mapped_column(sa.String(20))  # code of processes/tables/substitution-cause.json
    reason: Mapped[str] = mapped_column(sa.String(500))
    whole_campaign: Mapped[bool] = mapped_column(default=False)  # all the person's open visits of the campaign
    state: Mapped[str] = mapped_column(sa.String(12), default="待决定")  # 待决定 | 已更换 | 不予更换
    successors: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # [{objects, successor}]
    requested_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    decided_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    decided_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "number"),)


class CampaignSummary(Base):
    """抽查情况汇总表: figures compiled from published results only, frozen with the lead's words and its approval."""

    __tablename__ = "campaign_summary"
    id: Mapped[str] = pk()
    campaign: Mapped[str] = mapped_column(sa.String(60))
    figures: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    words: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # overview, problems, follow_up, suggestions
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")
    state: Mapped[str] = mapped_column(sa.String(12), default="待审批")  # 待审批 | 已退回 | 已审批
    compiled_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    compiled_at: Mapped[datetime]
    approved_by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    approved_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "campaign"),)
