"""what is public, corrections and withdrawals

Revision: 0011, after 0010
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

_ROWS = 500


def upgrade() -> None:
    with op.batch_alter_table("publication", schema=None) as batch_op:
        batch_op.add_column(sa.Column("title", sa.String(length=200), server_default="", nullable=False))
        batch_op.add_column(sa.Column("code", sa.String(length=18), server_default="", nullable=False))
        batch_op.add_column(sa.Column("outcome", sa.String(length=60), server_default="", nullable=False))
        batch_op.add_column(sa.Column("subject_kind", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("release", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("corrected_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("push_error", sa.String(length=500), server_default="", nullable=False))
        batch_op.add_column(sa.Column("next_push_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.create_index("ix_publication_listed", ["district_id", "kind", "state", "id"])
        batch_op.create_index("ix_publication_code", ["district_id", "code"])
    op.create_table(
        "publication_version",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("publication_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("detail", sa.JSON(), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("release", sa.Integer(), nullable=False),
        sa.Column("receipt", sa.String(length=200), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("by_user", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("by_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_version")),
        sa.UniqueConstraint(
            "publication_id", "number", name=op.f("uq_publication_version_publication_id_number")
        ),
    )  # fmt: skip
    op.create_table(
        "publication_correction",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("publication_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publication_correction")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_publication_correction_district_id_number")),
    )
    with op.batch_alter_table("publication_correction", schema=None) as batch_op:
        batch_op.create_index(op.f("ix_publication_correction_publication_id"), ["publication_id"])
        batch_op.create_index("ix_publication_correction_state", ["district_id", "state"])
    op.create_table(
        "withheld_publication",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("publication_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=False),
        sa.Column("article", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("review_on", sa.Date(), nullable=False),
        sa.Column("decided_by", sa.String(length=64), nullable=False),
        sa.Column("approved_by", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reviews", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_withheld_publication")),
        sa.UniqueConstraint("publication_id", name=op.f("uq_withheld_publication_publication_id")),
    )
    with op.batch_alter_table("withheld_publication", schema=None) as batch_op:
        batch_op.create_index("ix_withheld_publication_open", ["district_id", "ended_at", "review_on"])
    _fill_search_columns()


def _fill_search_columns() -> None:
    """What was public before keeps being found: title, code, outcome and the object's kind from what is stored."""
    publication = sa.table(
        "publication", sa.column("id", sa.Uuid(as_uuid=False)), sa.column("district_id"), sa.column("kind"),
        sa.column("subject"), sa.column("content", sa.JSON()), sa.column("title"), sa.column("code"),
        sa.column("outcome"), sa.column("subject_kind"),
    )  # fmt: skip
    part = sa.table("department_inspection", sa.column("district_id"), sa.column("number"), sa.column("inspection"))
    inspection = sa.table(
        "inspection", sa.column("district_id"), sa.column("number"), sa.column("object", sa.JSON())
    )  # fmt: skip
    follow_up = sa.table("follow_up", sa.column("district_id"), sa.column("number"), sa.column("origin"))
    connection, after = op.get_bind(), None
    while True:
        found = sa.select(publication.c.id, publication.c.district_id, publication.c.kind, publication.c.subject,
                          publication.c.content).order_by(publication.c.id).limit(_ROWS)  # fmt: skip
        if after is not None:
            found = found.where(publication.c.id > after)
        rows = connection.execute(found).all()
        if not rows:
            return
        for row in rows:
            content, number = row.content or {}, row.subject
            if row.kind == "penalty":
                number = connection.scalar(
                    sa.select(follow_up.c.origin).where(
                        follow_up.c.district_id == row.district_id, follow_up.c.number == row.subject
                    )
                )
            seen = connection.scalar(
                sa.select(inspection.c.object)
                .join(part, sa.and_(part.c.district_id == inspection.c.district_id,
                                    part.c.inspection == inspection.c.number))
                .where(part.c.district_id == row.district_id, part.c.number == number)
            )  # fmt: skip
            results = content.get("检查结果") or content.get("处罚种类") or ""
            outcome = "、".join(map(str, results)) if isinstance(results, list) else str(results)
            connection.execute(
                sa.update(publication)
                .where(publication.c.id == row.id)
                .values(
                    title=str(content.get("检查对象") or content.get("计划名称") or "")[:200],
                    code=str(content.get("统一社会信用代码") or "")[:18], outcome=outcome[:60],
                    subject_kind=str((seen or {}).get("kind") or "")[:40],
                )
            )  # fmt: skip
        after = rows[-1].id
