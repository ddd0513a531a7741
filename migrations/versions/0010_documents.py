"""official documents and their numbers

Revision: 0010, after 0009
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "official_document",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("instance_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("business_key", sa.String(length=200), nullable=False),
        sa.Column("subject", sa.String(length=300), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("sole", sa.Boolean(), nullable=False),
        sa.Column("series", sa.String(length=80), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("issued_by_name", sa.String(length=64), nullable=False),
        sa.Column("voided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("voided_by_name", sa.String(length=64), nullable=False),
        sa.Column("void_reason", sa.String(length=300), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["instance_id"], ["process_instance.id"], name=op.f("fk_official_document_instance_id_process_instance")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_document")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_official_document_district_id_number")),
        sa.UniqueConstraint(
            "district_id", "series", "serial", name=op.f("uq_official_document_district_id_series_serial")
        ),
    )
    op.create_index(op.f("ix_official_document_instance_id"), "official_document", ["instance_id"])
    op.create_index(
        "uq_official_document_standing", "official_document", ["instance_id", "template", "department"], unique=True,
        postgresql_where=sa.text("state = 'issued' AND sole"), sqlite_where=sa.text("state = 'issued' AND sole"),
    )  # fmt: skip
    op.create_index(
        "ix_official_document_register", "official_document", ["district_id", "department", "year", "series", "serial"]
    )
    op.create_table(
        "official_document_version",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("document_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("content_sha256", sa.String(length=64), nullable=False),
        sa.Column("pdf", sa.LargeBinary(), nullable=False),
        sa.Column("pdf_sha256", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("made_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("made_by_name", sa.String(length=64), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["document_id"], ["official_document.id"],
            name=op.f("fk_official_document_version_document_id_official_document"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_official_document_version")),
        sa.UniqueConstraint("document_id", "version", name=op.f("uq_official_document_version_document_id_version")),
    )  # fmt: skip
    op.create_index(op.f("ix_official_document_version_document_id"), "official_document_version", ["document_id"])
