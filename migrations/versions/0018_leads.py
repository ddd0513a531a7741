"""case leads and unlicensed business

Revision: 0018, after 0017
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "case_lead",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=False),
        sa.Column("title", sa.String(length=100), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.JSON(), nullable=False),
        sa.Column("real_name", sa.Boolean(), nullable=False),
        sa.Column("platform_number", sa.String(length=60), nullable=False),
        sa.Column("handed_from", sa.String(length=160), nullable=False),
        sa.Column("handed_by", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("merged_into", sa.String(length=160), nullable=False),
        sa.Column("verdict", sa.String(length=20), nullable=False),
        sa.Column("verdict_words", sa.Text(), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("facts", sa.JSON(), nullable=False),
        sa.Column("registered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("registered_by_name", sa.String(length=64), nullable=False),
        sa.Column("registered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_lead")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_case_lead_district_id_number")),
    )
    op.create_index("ix_case_lead_firm", "case_lead", ["district_id", "uscc"], unique=False)
    op.create_index("ix_case_lead_merged", "case_lead", ["district_id", "merged_into"], unique=False)
    op.create_index(
        "ix_case_lead_platform",
        "case_lead",
        ["district_id", "platform_number"],
        unique=True,
        postgresql_where=sa.text("platform_number <> ''"),
        sqlite_where=sa.text("platform_number <> ''"),
    )
    op.create_table(
        "lead_reporter",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("lead", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("contact", sa.String(length=200), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_reporter")),
        sa.UniqueConstraint("district_id", "lead", name=op.f("uq_lead_reporter_district_id_lead")),
    )
    op.create_table(
        "lead_file",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("lead", sa.String(length=60), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_lead_file")),
        sa.UniqueConstraint("district_id", "lead", "sha256", name=op.f("uq_lead_file_district_id_lead_sha256")),
    )


def downgrade() -> None:
    op.drop_table("lead_file")
    op.drop_table("lead_reporter")
    op.drop_index("ix_case_lead_platform", table_name="case_lead")
    op.drop_index("ix_case_lead_merged", table_name="case_lead")
    op.drop_index("ix_case_lead_firm", table_name="case_lead")
    op.drop_table("case_lead")
