"""archived case files and results reported by file

Revision: 0013, after 0012
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "history_root",
        sa.Column("size", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.Column("root", sa.LargeBinary(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("size", "district_id", name=op.f("pk_history_root")),
    )
    op.create_table(
        "case_file",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("archive_number", sa.String(length=120), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("instance_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("process_key", sa.String(length=100), nullable=False),
        sa.Column("business_key", sa.String(length=200), nullable=False),
        sa.Column("title", sa.String(length=300), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("retention", sa.String(length=20), nullable=False),
        sa.Column("keep_until", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("pages", sa.Integer(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf_size", sa.BigInteger(), nullable=False),
        sa.Column("zip_sha256", sa.String(length=64), nullable=False),
        sa.Column("zip_size", sa.BigInteger(), nullable=False),
        sa.Column("root_size", sa.BigInteger(), nullable=True),
        sa.Column("archived_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("archived_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_case_file_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_case_file")),
        sa.UniqueConstraint(
            "district_id", "archive_number", "part", name=op.f("uq_case_file_district_id_archive_number_part")
        ),
        sa.UniqueConstraint("instance_id", "part", name=op.f("uq_case_file_instance_id_part")),
    )
    op.create_index(op.f("ix_case_file_instance_id"), "case_file", ["instance_id"])
    op.create_index("ix_case_file_department", "case_file", ["district_id", "department", "archived_at"])
    op.create_table(
        "case_file_block",
        sa.Column("case_file_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("kind", sa.String(length=4), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["case_file_id"], ["case_file.id"], name=op.f("fk_case_file_block_case_file_id_case_file")
        ),
        sa.PrimaryKeyConstraint("case_file_id", "kind", "position", name=op.f("pk_case_file_block")),
    )
    op.create_table(
        "result_report",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("rows", sa.JSON(), nullable=False),
        sa.Column("document_number", sa.String(length=100), nullable=False),
        sa.Column("signed_on", sa.String(length=10), nullable=False),
        sa.Column("signed_by", sa.String(length=64), nullable=False),
        sa.Column("attachment_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("created_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure", sa.Text(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["attachment_id"], ["attachment.id"], name=op.f("fk_result_report_attachment_id_attachment")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_result_report")),
    )
    op.create_index(op.f("ix_result_report_campaign"), "result_report", ["campaign"])
