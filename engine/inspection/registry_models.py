"""Tables around the two registries: what changed, who asked for it, leave, teams and permits handed over."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class RegistryChange(Base):
    """名录变更: one change of one registry row, field by field; never altered afterwards (R16).

    ``changes`` is ``{field: [old, new]}`` with JSON values; a new row has only ``new`` values
    (``old`` is ``None``).  Rows of a first import are told by ``source`` of the row itself
    (``RegistryImport``), not by a change each.
    """

    __tablename__ = "registry_change"
    id: Mapped[str] = pk()
    register: Mapped[str] = mapped_column(sa.String(12))  # objects | inspectors | items
    key: Mapped[str] = mapped_column(sa.String(40))  # USCC | inspector code | item code
    changes: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    source: Mapped[str] = mapped_column(sa.String(20))  # request | import | handover | leave | recusal | system
    reference: Mapped[str] = mapped_column(sa.String(120), default="")  # number of the request, id of the import …
    by_user: Mapped[str | None] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_registry_change_row", "district_id", "register", "key", "at"),)


class RegistryImport(Base):
    """导入批次: one file taken into a registry, by whom, with its counts; the origin of the rows it first brought.

    The counts are those of the batches saved so far.  A file uploaded on the page is kept in ``content``
    (compressed) until it is confirmed or given up.
    """

    __tablename__ = "registry_import"
    id: Mapped[str] = pk()
    register: Mapped[str] = mapped_column(sa.String(12))
    file_name: Mapped[str] = mapped_column(sa.String(200), default="")
    sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    inserted: Mapped[int] = mapped_column(default=0)
    updated: Mapped[int] = mapped_column(default=0)
    unchanged: Mapped[int] = mapped_column(default=0)
    refused: Mapped[int] = mapped_column(default=0)
    stopped: Mapped[int] = mapped_column(default=0)  # rows a full file no longer had, taken out of use
    state: Mapped[str] = mapped_column(sa.String(12))  # 待预览 | 待确认 | 待导入 | 导入中 | 已完成 | 已放弃 | 失败
    reason: Mapped[str] = mapped_column(sa.String(300), default="")  # why rows change; kept with every change
    full: Mapped[bool] = mapped_column(default=False)  # 本文件是全量: rows it lacks are proposed for 停用
    stop_missing: Mapped[bool] = mapped_column(default=False)  # … and somebody confirmed that
    done: Mapped[int] = mapped_column(default=0)  # rows looked at, of about ``total``
    total: Mapped[int] = mapped_column(default=0)
    message: Mapped[str] = mapped_column(sa.String(500), default="")  # why it failed
    preview: Mapped[dict[str, Any] | None] = mapped_column(sa.JSON(none_as_null=True))  # counts and first differences
    content: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    problems: Mapped[str] = mapped_column(sa.Text, default="", deferred=True)  # the whole error list as CSV
    missing: Mapped[list[str]] = mapped_column(sa.JSON, default=list, deferred=True)  # keys a full file lacks
    by_user: Mapped[str | None] = mapped_column(Id)
    by_name: Mapped[str] = mapped_column(sa.String(64), default="")
    at: Mapped[datetime]
    __table_args__ = (sa.Index("ix_registry_import_at", "district_id", "at"),)


class ChangeRequest(Base):
    """名录变更申请: proposed → checked → effective; the business row of the process ``registry-change`` (R16–R19)."""

    __tablename__ = "change_request"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key, e.g. SCJG-名录变更-2026-0001
    register: Mapped[str] = mapped_column(sa.String(12))  # objects | inspectors
    kind: Mapped[str] = mapped_column(sa.String(12))  # 新增 | 变更 | 停用 | 恢复
    key: Mapped[str] = mapped_column(sa.String(40))
    name: Mapped[str] = mapped_column(sa.String(200), default="")  # the row's name, for lists
    department: Mapped[str] = mapped_column(sa.String(32))  # who proposes and answers for it
    before: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the fields as they were when proposed
    proposed: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # field → proposed value
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    state: Mapped[str] = mapped_column(sa.String(12))  # 起草 | 待核对 | 已生效 | 已退回 | 已撤回
    proposed_by: Mapped[str | None] = mapped_column(Id)
    checked_by: Mapped[str | None] = mapped_column(Id)
    created_at: Mapped[datetime]
    effective_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_change_request_row", "district_id", "register", "key"),
    )


class SavedFilter(Base):
    """常用筛选: a person's named query string of one list page."""

    __tablename__ = "saved_filter"
    id: Mapped[str] = pk()
    user_id: Mapped[str] = mapped_column(Id)
    page: Mapped[str] = mapped_column(sa.String(40))  # objects | inspectors | …
    name: Mapped[str] = mapped_column(sa.String(40))
    query: Mapped[str] = mapped_column(sa.String(2000))
    created_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "user_id", "page", "name"),)


class InspectorLeave(Base):
    """请假: days on which an inspector cannot be drawn or sent; both ends included."""

    __tablename__ = "inspector_leave"
    id: Mapped[str] = pk()
    inspector_code: Mapped[str] = mapped_column(sa.String(32))
    first_day: Mapped[date]
    last_day: Mapped[date]
    reason: Mapped[str] = mapped_column(sa.String(200), default="")
    entered_by: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    __table_args__ = (sa.Index("ix_inspector_leave_days", "district_id", "inspector_code", "first_day"),)


class EnforcementTeam(Base):
    """综合行政执法队伍: a comprehensive enforcement team and what it enforces for which departments (R22)."""

    __tablename__ = "enforcement_team"
    id: Mapped[str] = pk()
    code: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(100))
    department: Mapped[str] = mapped_column(sa.String(32))  # whose staff it is
    serves: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # departments whose items it enforces
    regions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    basis: Mapped[str] = mapped_column(sa.String(300), default="")  # the document that gives it the power
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "code"),)


class PermitHandover(Base):
    """审管信息移交: a permit told by who approved it to who supervises, and signed for (R17)."""

    __tablename__ = "permit_handover"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # business key, e.g. SWJ-审管移交-2026-0001
    uscc: Mapped[str] = mapped_column(sa.String(18))
    permit: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # {name, number, issued, expires, issuer}
    approver: Mapped[str] = mapped_column(sa.String(32))  # department that approved
    supervisor: Mapped[str] = mapped_column(sa.String(32))  # department that supervises
    state: Mapped[str] = mapped_column(sa.String(12))  # 待签收 | 已签收 | 已退回 | 不再移交
    remark: Mapped[str] = mapped_column(sa.String(300), default="")
    handed_by: Mapped[str | None] = mapped_column(Id)
    handed_at: Mapped[datetime]
    signed_by: Mapped[str | None] = mapped_column(Id)
    signed_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_permit_handover_object", "district_id", "uscc"),
    )
