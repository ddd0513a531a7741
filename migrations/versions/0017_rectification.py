"""rectification, exemptions and objections

Revision: 0017, after 0016
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "reinspection",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("follow_up", sa.String(length=160), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("way", sa.String(length=12), nullable=False),
        sa.Column("began_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("inspectors", sa.JSON(), nullable=False),
        sa.Column("certificates", sa.JSON(), nullable=False),
        sa.Column("place", sa.String(length=300), nullable=False),
        sa.Column("met", sa.String(length=140), nullable=False),
        sa.Column("situation", sa.Text(), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("recording", sa.String(length=200), nullable=False),
        sa.Column("by_user", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reinspection")),
        sa.UniqueConstraint(
            "district_id", "follow_up", "round", name=op.f("uq_reinspection_district_id_follow_up_round")
        ),
    )
    op.create_index(op.f("ix_reinspection_follow_up"), "reinspection", ["follow_up"])
    op.create_table(
        "education_record",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("case_key", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("exemption", sa.String(length=40), nullable=False),
        sa.Column("educated_on", sa.Date(), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("person", sa.String(length=64), nullable=False),
        sa.Column("signature", sa.Text(), nullable=False),
        sa.Column("by_user", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("by_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_education_record")),
        sa.UniqueConstraint("district_id", "case_key", name=op.f("uq_education_record_district_id_case_key")),
    )
    op.create_index(op.f("ix_education_record_case_key"), "education_record", ["case_key"])
    op.create_index("ix_education_record_subject", "education_record", ["district_id", "uscc"])


def downgrade() -> None:
    op.drop_table("education_record")
    op.drop_table("reinspection")
