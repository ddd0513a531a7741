"""Tables of the inspection domain: the two registries, items, plans, campaigns, draws and what follows.

Legal facts live here, not in process data: a diagram moves a case along, a row
here says what was found, decided, published and received.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk


class InspectedObject(Base):
    """检查对象: one row of the object registry (检查对象名录库, R15)."""

    __tablename__ = "inspected_object"
    id: Mapped[str] = pk()
    uscc: Mapped[str] = mapped_column(sa.String(18))  # 统一社会信用代码
    name: Mapped[str] = mapped_column(sa.String(200))
    kind: Mapped[str] = mapped_column(sa.String(40))  # 企业 | 个体工商户 | 农民专业合作社 | 事业单位 …
    established_on: Mapped[date | None]
    registrar: Mapped[str] = mapped_column(sa.String(100), default="")
    status: Mapped[str] = mapped_column(sa.String(40), default="存续")
    legal_representative: Mapped[str] = mapped_column(sa.String(64), default="")
    address: Mapped[str] = mapped_column(sa.String(300), default="")
    business_scope: Mapped[str] = mapped_column(sa.Text, default="")
    responsible_unit: Mapped[str] = mapped_column(sa.String(100), default="")
    industry: Mapped[str] = mapped_column(sa.String(8), default="")  # GB/T 4754 section letter + division
    region: Mapped[str] = mapped_column(sa.String(9), default="")  # 9-digit sub-district
    special_registries: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    tags: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    permits: Mapped[list[Any]] = mapped_column(sa.JSON, default=list)  # [{name, number, issued, expires, issuer}]
    risk_grade: Mapped[str] = mapped_column(sa.String(8), default="")  # never public
    risk_grade_on: Mapped[date | None]
    risk_scheme: Mapped[str] = mapped_column(
        sa.String(40), default="", server_default=""
    )  # which scheme of grades, e.g. A–D
    supervisor: Mapped[str] = mapped_column(
        sa.String(32), default="", server_default=""
    )  # department in charge (谁主管谁监管, R17)
    contact: Mapped[str] = mapped_column(sa.String(64), default="")
    phone: Mapped[str] = mapped_column(sa.String(32), default="")
    longitude: Mapped[float | None]
    latitude: Mapped[float | None]
    last_inspected_on: Mapped[date | None]
    on_abnormal_list: Mapped[bool] = mapped_column(default=False)
    import_id: Mapped[str | None] = mapped_column(Id)  # the import that first brought the row
    to_verify: Mapped[str] = mapped_column(sa.String(200), default="")  # 待核: why, empty when nothing is doubtful
    position: Mapped[int | None]  # place in the search index (object_index.py), new at every change; None = not yet
    row_digest: Mapped[str] = mapped_column(sa.String(64))  # of the imported row; equal digest = unchanged
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "uscc"),
        sa.Index("ix_inspected_object_region", "district_id", "region"),
        sa.Index("ix_inspected_object_industry", "district_id", "industry"),
        sa.Index("ix_inspected_object_position", "district_id", "position"),
        sa.Index(  # who was visited lately, for the gate; most objects never were
            "ix_inspected_object_inspected",
            "district_id",
            "last_inspected_on",
            sqlite_where=sa.text("last_inspected_on IS NOT NULL"),
            postgresql_where=sa.text("last_inspected_on IS NOT NULL"),
        ),
    )


class Inspector(Base):
    """执法检查人员: one row of the inspector registry (R15, R18, R19)."""

    __tablename__ = "inspector"
    id: Mapped[str] = pk()
    code: Mapped[str] = mapped_column(sa.String(32))  # 人员编号, public and stable
    user_id: Mapped[str | None] = mapped_column(Id)  # the account, when the inspector signs in
    name: Mapped[str] = mapped_column(sa.String(64))
    department: Mapped[str] = mapped_column(sa.String(32))
    section: Mapped[str] = mapped_column(sa.String(100), default="")
    post: Mapped[str] = mapped_column(sa.String(64), default="")
    title: Mapped[str] = mapped_column(sa.String(64), default="")
    education: Mapped[str] = mapped_column(sa.String(32), default="")
    regions: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # 片区; empty = whole district
    certificate_number: Mapped[str] = mapped_column(sa.String(40), default="")
    certificate_issuer: Mapped[str] = mapped_column(sa.String(100), default="")
    certificate_until: Mapped[date | None]
    qualifications: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    items: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # item codes the person is qualified for
    qualification_until: Mapped[dict[str, Any]] = mapped_column(
        sa.JSON, default=dict, server_default="{}"
    )  # qualification → last day
    specialities: Mapped[list[str]] = mapped_column(sa.JSON, default=list, server_default="[]")  # 业务专长 (R19)
    team: Mapped[str] = mapped_column(
        sa.String(32), default="", server_default=""
    )  # code of a comprehensive enforcement team (R22)
    import_id: Mapped[str | None] = mapped_column(Id)
    expert: Mapped[bool] = mapped_column(default=False)  # assists, never counts (国办发〔2024〕54号)
    drawable: Mapped[bool] = mapped_column(default=True)
    status: Mapped[str] = mapped_column(sa.String(20), default="在岗")
    phone: Mapped[str] = mapped_column(sa.String(32), default="")
    row_digest: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "code"),)


class Recusal(Base):
    """回避: an inspector who must not visit an object, declared beforehand or decided on application (PL43)."""

    __tablename__ = "recusal"
    id: Mapped[str] = pk()
    inspector_code: Mapped[str] = mapped_column(sa.String(32))
    uscc: Mapped[str] = mapped_column(sa.String(18))
    reason: Mapped[str] = mapped_column(sa.String(300), default="")
    decided_by: Mapped[str | None] = mapped_column(Id)
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "inspector_code", "uscc"),)


class Item(Base):
    """随机抽查事项: what may be checked, on which basis and how (R6–R14, R23)."""

    __tablename__ = "item"
    id: Mapped[str] = pk()
    code: Mapped[str] = mapped_column(sa.String(32))
    department: Mapped[str] = mapped_column(sa.String(32))
    category: Mapped[str] = mapped_column(sa.String(100))
    name: Mapped[str] = mapped_column(sa.String(200))
    key: Mapped[bool] = mapped_column("is_key", default=False)  # 重点 / 一般 (R9)
    legal_basis: Mapped[str] = mapped_column(sa.Text)
    object_kind: Mapped[str] = mapped_column(sa.String(200), default="")
    content: Mapped[str] = mapped_column(sa.Text, default="")
    method: Mapped[str] = mapped_column(sa.String(100), default="实地核查")
    procedure: Mapped[str] = mapped_column(sa.Text, default="")
    approval_authority: Mapped[str] = mapped_column(sa.String(100), default="")
    publication_procedure: Mapped[str] = mapped_column(sa.Text, default="")
    archiving: Mapped[str] = mapped_column(sa.Text, default="")
    ratio_ppm: Mapped[int] = mapped_column(default=30000)
    frequency: Mapped[str] = mapped_column(sa.String(100), default="")
    industries: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # scope by GB/T 4754; empty = all
    staff: Mapped[str] = mapped_column(sa.String(200), default="")
    list_version: Mapped[str] = mapped_column(sa.String(40), default="")
    filing_number: Mapped[str] = mapped_column(sa.String(60), default="")
    section: Mapped[str] = mapped_column(sa.String(100), default="", server_default="")  # 责任科室
    provincial_code: Mapped[str] = mapped_column(sa.String(32), default="", server_default="")  # 省级清单中的编码
    valid_from: Mapped[date | None]
    valid_until: Mapped[date | None]  # last day; an abolished item keeps its row
    published: Mapped[bool] = mapped_column(default=True)
    row_digest: Mapped[str] = mapped_column(sa.String(64))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "code"),)


class Plan(Base):
    """年度抽查计划: a department's or the district's joint plan of a year (R24–R29)."""

    __tablename__ = "plan"
    id: Mapped[str] = pk()
    business_key: Mapped[str] = mapped_column(sa.String(200))
    year: Mapped[int]
    kind: Mapped[str] = mapped_column(sa.String(12))  # 部门 | 联合
    department: Mapped[str] = mapped_column(sa.String(32))
    name: Mapped[str] = mapped_column(sa.String(200))
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON)
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")
    state: Mapped[str] = mapped_column(sa.String(20), default="起草")
    filed_at: Mapped[datetime | None]
    published_at: Mapped[datetime | None]
    issued_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "business_key"),)


class Campaign(Base):
    """抽查任务: one approved work plan, its draw and the inspections that come of it."""

    __tablename__ = "campaign"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(60))  # the business key, e.g. SCJG-抽查-2026-0001
    name: Mapped[str] = mapped_column(sa.String(200))
    lead: Mapped[str] = mapped_column(sa.String(32))
    participants: Mapped[list[str]] = mapped_column(sa.JSON, default=list)  # without the lead
    plan: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # the approved 抽查工作方案, verbatim
    state: Mapped[str] = mapped_column(sa.String(20), default="起草")
    draw_id: Mapped[str] = mapped_column(sa.String(60), default="")
    document_number: Mapped[str] = mapped_column(sa.String(60), default="")
    total: Mapped[int] = mapped_column(default=0)
    open_count: Mapped[int] = mapped_column(default=0)  # inspections not closed yet
    created_at: Mapped[datetime]
    archived_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "number"),)


class Draw(Base):
    """One commitment and what became of it.  Rows are never deleted; aborted draws stay visible."""

    __tablename__ = "draw"
    id: Mapped[str] = pk()
    draw_id: Mapped[str] = mapped_column(sa.String(60))
    authority: Mapped[str] = mapped_column(sa.String(32))
    year: Mapped[int]
    serial: Mapped[int]
    campaign: Mapped[str] = mapped_column(sa.String(60))
    trial: Mapped[bool] = mapped_column(default=False)
    #: the draw this late addition (补充名单) belongs to, empty for a draw of its own
    parent: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    #: own | province (imported with its receipt) | addition
    origin: Mapped[str] = mapped_column(sa.String(20), default="own")
    state: Mapped[str] = mapped_column(sa.String(20))  # committed | drawn | aborted | annulled | imported
    reason: Mapped[str] = mapped_column(sa.Text, default="")
    disclosure: Mapped[str] = mapped_column(sa.String(12), default="protected")
    #: file name → text of the record; megabytes, so read only when asked for
    files: Mapped[dict[str, Any]] = mapped_column(sa.JSON, deferred=True)
    manifest_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    manifest_sm3: Mapped[str] = mapped_column(sa.String(64), default="")
    log_index: Mapped[int | None]
    key: Mapped[str] = mapped_column(sa.String(64), default="")  # K of sealed mode; never leaves the auditors' level
    receipt: Mapped[str] = mapped_column(sa.String(200), default="")
    committed_at: Mapped[datetime | None]
    drawn_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "draw_id"),
        sa.UniqueConstraint("district_id", "authority", "year", "serial", "trial"),
        sa.Index("ix_draw_campaign", "campaign"),
    )


class DrawnObject(Base):
    """One drawn object as it stands now: its rank, its pairs, and why it was removed if it was.

    The record in ``Draw.files`` is what counts; these rows let pages and processes find
    one object without reading it.
    """

    __tablename__ = "drawn_object"
    id: Mapped[str] = pk()
    draw_id: Mapped[str] = mapped_column(sa.String(60))
    rank: Mapped[int]  # 1 … n by ticket; substitutes follow
    uscc: Mapped[str] = mapped_column(sa.String(18))
    stratum: Mapped[str] = mapped_column(sa.String(80))
    ticket: Mapped[str] = mapped_column(sa.String(64), default="")  # empty when the platform drew
    pairs: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # department → [qualified code, second code]
    visit_group: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")  # empty: visited singly
    leader: Mapped[str] = mapped_column(sa.String(32), default="", server_default="")  # 组长, code of the inspector
    visit_on: Mapped[date | None]  # the day proposed or set for the visit; whole groups on one day
    failed_reason: Mapped[str] = mapped_column(sa.Text, default="")
    __table_args__ = (
        sa.UniqueConstraint("district_id", "draw_id", "rank"),
        sa.UniqueConstraint("district_id", "draw_id", "uscc"),
    )


class DrawWitness(Base):
    """抽取监督人: logs a commitment from an own device first, reveals it only when all are logged."""

    __tablename__ = "draw_witness"
    id: Mapped[str] = pk()
    draw_id: Mapped[str] = mapped_column(sa.String(60))
    position: Mapped[int]
    user_id: Mapped[str] = mapped_column(Id)
    name: Mapped[str] = mapped_column(sa.String(64))
    department: Mapped[str] = mapped_column(sa.String(32))
    logged_sha256: Mapped[str] = mapped_column(sa.String(64), default="")
    logged_at: Mapped[datetime | None]
    nonce: Mapped[str] = mapped_column(sa.String(200), default="")
    part: Mapped[str] = mapped_column(sa.String(400), default="")
    revealed_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "draw_id", "position"),)


class DrawKeyShare(Base):
    """密钥份额: one part of a sealed draw's key K, kept until its holder has collected it (docs/adr)."""

    __tablename__ = "draw_key_share"
    id: Mapped[str] = pk()
    draw_id: Mapped[str] = mapped_column(sa.String(60))
    position: Mapped[int]  # the x of its point, 1 … n
    holder: Mapped[str] = mapped_column(sa.String(32))  # department code, or "audit"
    share: Mapped[str] = mapped_column(sa.String(64))  # hex; emptied when collected
    share_sha256: Mapped[str] = mapped_column(sa.String(64))
    collected_at: Mapped[datetime | None]
    collected_by: Mapped[str | None] = mapped_column(Id)
    __table_args__ = (sa.UniqueConstraint("district_id", "draw_id", "position"),)


class DrawLogEntry(Base):
    """One leaf of the append-only draw log (RFC 6962); ``leaf`` is the exact text that is hashed."""

    __tablename__ = "draw_log_entry"
    id: Mapped[str] = pk()
    index: Mapped[int] = mapped_column("leaf_index")
    draw_id: Mapped[str] = mapped_column(sa.String(60))
    kind: Mapped[str] = mapped_column(sa.String(20))  # commit | witness | result | abort | annul | import | audit
    leaf: Mapped[str] = mapped_column(sa.Text)
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "leaf_index"),)


class Inspection(Base):
    """检查: the joint visit of one drawn object.  Not a 案件: a drawn firm is charged with nothing."""

    __tablename__ = "inspection"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(100))  # business key: <draw_id>/<ticket rank>
    campaign: Mapped[str] = mapped_column(sa.String(60), index=True)
    draw_id: Mapped[str] = mapped_column(sa.String(60))
    uscc: Mapped[str] = mapped_column(sa.String(18), index=True)
    object: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # the registry row as it was when drawn
    stratum: Mapped[str] = mapped_column(sa.String(80), default="")
    departments: Mapped[list[str]] = mapped_column(sa.JSON)
    state: Mapped[str] = mapped_column(sa.String(20), default="待检查")
    visits_ended_at: Mapped[datetime | None]
    summary: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    closed_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "number"),)


class DepartmentInspection(Base):
    """One department's part of an inspection: its own pair, findings, conclusion, review and publication (R39)."""

    __tablename__ = "department_inspection"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(140))  # business key: <inspection>/<department>
    inspection: Mapped[str] = mapped_column(sa.String(100), index=True)
    campaign: Mapped[str] = mapped_column(sa.String(60), index=True)
    department: Mapped[str] = mapped_column(sa.String(32))
    inspectors: Mapped[list[str]] = mapped_column(sa.JSON)  # [qualified code, second code]
    items: Mapped[list[str]] = mapped_column(sa.JSON)
    state: Mapped[str] = mapped_column(sa.String(20), default="待检查")
    #: 待检查 → (待检验结果) → 待结论 → 待审核 → 待公示 → 已公示 | 不予公开 | 已移出
    record: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)  # 现场检查笔录 as submitted
    conclusion: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    scanned_at: Mapped[datetime | None]  # 扫码入企: the firm opened the visit's code and confirmed it
    visit_ended_at: Mapped[datetime | None]
    reviewed_at: Mapped[datetime | None]
    told_at: Mapped[datetime | None]  # 结果告知
    published_at: Mapped[datetime | None]
    entered_on_behalf_by: Mapped[str | None] = mapped_column(Id)  # 代录
    __table_args__ = (
        sa.UniqueConstraint("district_id", "number"),
        sa.Index("ix_department_inspection_board", "department", "state"),
    )


class Finding(Base):
    """The result of one item at one object: checked?, problem?, category, clause, handling."""

    __tablename__ = "finding"
    id: Mapped[str] = pk()
    department_inspection: Mapped[str] = mapped_column(sa.String(140), index=True)
    department: Mapped[str] = mapped_column(sa.String(32))
    item: Mapped[str] = mapped_column(sa.String(32))
    checked: Mapped[bool] = mapped_column(default=True)
    problem: Mapped[bool] = mapped_column(default=False)
    method: Mapped[str] = mapped_column(
        sa.String(12), default="", server_default=""
    )  # 实地核查 | 书面检查 | 网络监测 | 采用结论 (R35, R37)
    category: Mapped[str] = mapped_column(sa.String(8), default="1")  # code table result-category
    clause: Mapped[str] = mapped_column(sa.String(300), default="")
    handling: Mapped[str] = mapped_column(sa.String(40), default="无需处置")
    note: Mapped[str] = mapped_column(sa.Text, default="")
    at: Mapped[datetime]
    __table_args__ = (sa.UniqueConstraint("district_id", "department_inspection", "item"),)


class Publication(Base):
    """公示: exactly what was made public, who released it, its receipt and its later fate."""

    __tablename__ = "publication"
    id: Mapped[str] = pk()
    subject: Mapped[str] = mapped_column(sa.String(200))  # business key it speaks of
    kind: Mapped[str] = mapped_column(sa.String(20))  # plan | result | penalty | special | abnormal | serious
    department: Mapped[str] = mapped_column(sa.String(32))
    content: Mapped[dict[str, Any]] = mapped_column(sa.JSON)  # after redaction, verbatim
    redacted: Mapped[list[str]] = mapped_column(sa.JSON, default=list)
    state: Mapped[str] = mapped_column(sa.String(20))
    #: prepared | withholding (both wait for the second person) | published | withdrawn | withheld | expired
    legal_ground: Mapped[str] = mapped_column(sa.String(300), default="")  # when 不予公开, withdrawn or ended
    prepared_by: Mapped[str | None] = mapped_column(Id)
    released_by: Mapped[str | None] = mapped_column(Id)
    published_at: Mapped[datetime | None]
    #: what the search of the public pages looks at; from ``content``, so never more than is public
    title: Mapped[str] = mapped_column(sa.String(200), default="", server_default="")
    code: Mapped[str] = mapped_column(sa.String(18), default="", server_default="")  # 统一社会信用代码
    outcome: Mapped[str] = mapped_column(sa.String(60), default="", server_default="")
    #: kind of the inspected object, decides which rows of ``public-field`` hold
    subject_kind: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")
    #: which message to the platform counts: 1 = the release, then one for every correction or withdrawal
    release: Mapped[int] = mapped_column(default=1, server_default="1")
    corrected_at: Mapped[datetime | None]  # last correction or withdrawal
    severity: Mapped[str] = mapped_column(sa.String(12), default="", server_default="")  # table publicity-period
    public_until: Mapped[date | None]  # last day it is shown (公示期); None: without end
    repairable_on: Mapped[date | None]  # last day of the shortest time; repair may be asked for after it
    ended_at: Mapped[datetime | None]  # when its time was over, or it was repaired (停止公示)
    push_state: Mapped[str] = mapped_column(sa.String(20), default="pending")  # pending | received | failed
    push_attempts: Mapped[int] = mapped_column(default=0)
    push_error: Mapped[str] = mapped_column(sa.String(500), default="", server_default="")  # words of the last failure
    next_push_at: Mapped[datetime | None]  # when it is tried again by itself
    receipt: Mapped[str] = mapped_column(sa.String(200), default="")
    received_at: Mapped[datetime | None]
    __table_args__ = (
        sa.UniqueConstraint("district_id", "kind", "subject"),
        sa.Index("ix_publication_listed", "district_id", "kind", "state", "id"),
        sa.Index("ix_publication_code", "district_id", "code"),
        sa.Index("ix_publication_ending", "district_id", "state", "public_until"),
    )


class FollowUp(Base):
    """后续处置: what came of a finding, a lead or another follow-up, with its present state (R41).

    ``kind`` is a row of the table ``follow-up-kind`` and the key of its process.  ``subject`` is whom it
    is about as known when it began: ``{name, uscc, address, subject_kind, …}``.
    """

    __tablename__ = "follow_up"
    id: Mapped[str] = pk()
    number: Mapped[str] = mapped_column(sa.String(160))  # business key of its own process
    kind: Mapped[str] = mapped_column(sa.String(40))
    origin: Mapped[str] = mapped_column(sa.String(160), index=True)  # business key it came from
    root: Mapped[str] = mapped_column(sa.String(160), index=True, default="", server_default="")  # where it all began
    root_kind: Mapped[str] = mapped_column(sa.String(40), default="", server_default="")  # department-inspection …
    subject: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict, server_default="{}")
    department: Mapped[str] = mapped_column(sa.String(32))
    uscc: Mapped[str] = mapped_column(sa.String(18))
    subject_name: Mapped[str] = mapped_column(sa.String(200))
    state: Mapped[str] = mapped_column(sa.String(40))
    facts: Mapped[dict[str, Any]] = mapped_column(sa.JSON, default=dict)
    opened_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]
    __table_args__ = (sa.UniqueConstraint("district_id", "number"),)


class NumberSeries(Base):
    """Gapless serial numbers; taken under the row's lock inside the command's transaction."""

    __tablename__ = "number_series"
    district_id: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    series: Mapped[str] = mapped_column(sa.String(80), primary_key=True)  # e.g. draw/SCJG/2026
    last: Mapped[int] = mapped_column(default=0)
