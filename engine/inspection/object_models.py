"""Tables of the object registry's search index and of its suspected duplicates (ADR 0024).

Every object has a ``position`` (a running number, new at every change).  65,536 positions
are a segment; for each token of a segment's objects (a pair of characters of the name, a
sub-district, a tag …) one posting says which of them have it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from engine.db import Base, Id, pk

#: Compared by code points on both databases, whatever the server's language is.
TOKEN = sa.String(120).with_variant(sa.String(120, collation="C"), "postgresql")


class ObjectSegment(Base):
    """检索段: ``live`` has a bit for every position that is still some object's; ``filled`` positions are indexed."""

    __tablename__ = "object_segment"
    district_id: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    filled: Mapped[int]
    live: Mapped[bytes] = mapped_column(sa.LargeBinary)
    built_at: Mapped[datetime]


class ObjectPosting(Base):
    """检索词条: the objects of one segment that carry ``token``, see :mod:`engine.inspection.object_bits`."""

    __tablename__ = "object_posting"
    district_id: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    token: Mapped[str] = mapped_column(TOKEN, primary_key=True)
    segment: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    slots: Mapped[bytes] = mapped_column(sa.LargeBinary)
    __table_args__ = (sa.Index("ix_object_posting_segment", "district_id", "segment"),)


class ObjectLeft(Base):
    """A position whose object changed and has another one now; its bit is cleared when the index is next kept up."""

    __tablename__ = "object_left"
    district_id: Mapped[str] = mapped_column(sa.String(12), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)


class ObjectDuplicate(Base):
    """疑似重复: two objects that may be one, why, and what an official decided (R16)."""

    __tablename__ = "object_duplicate"
    id: Mapped[str] = pk()
    first: Mapped[str] = mapped_column(sa.String(18))  # the smaller USCC
    second: Mapped[str] = mapped_column(sa.String(18))
    reasons: Mapped[list[Any]] = mapped_column(sa.JSON)
    score: Mapped[int]  # 0–100, how alike
    state: Mapped[str] = mapped_column(sa.String(12))  # 待判断 | 不是重复
    found_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(Id)
    decided_name: Mapped[str] = mapped_column(sa.String(64), default="")
    decided_at: Mapped[datetime | None]
    decision: Mapped[str] = mapped_column(sa.String(300), default="")  # why they are not the same
    __table_args__ = (
        sa.UniqueConstraint("district_id", "first", "second"),
        sa.Index("ix_object_duplicate_state", "district_id", "state", "score"),
        sa.Index("ix_object_duplicate_second", "district_id", "second"),
    )
