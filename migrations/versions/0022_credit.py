"""credit measures and publicity periods

Revision: 0022, after 0021
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0022"
down_revision = "0021"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("publication") as table:
        table.add_column(sa.Column("severity", sa.String(length=12), nullable=False, server_default=""))
        table.add_column(sa.Column("public_until", sa.Date(), nullable=True))
        table.add_column(sa.Column("repairable_on", sa.Date(), nullable=True))
        table.add_column(sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True))
        table.drop_column("due_at")  # the deadline's row says it, and follows when it moves
        table.create_index("ix_publication_ending", ["district_id", "state", "public_until"])
    op.create_table(
        "credit_listing",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=160), nullable=False),
        sa.Column("list_code", sa.String(length=12), nullable=False),
        sa.Column("ground", sa.String(length=40), nullable=False),
        sa.Column("ground_name", sa.String(length=200), nullable=False),
        sa.Column("legal_basis", sa.String(length=300), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("subject_kind", sa.String(length=40), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("found_on", sa.Date(), nullable=False),
        sa.Column("document_number", sa.String(length=60), nullable=False),
        sa.Column("listed_on", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("repairable_on", sa.Date(), nullable=True),
        sa.Column("removed_on", sa.Date(), nullable=True),
        sa.Column("removal_reason", sa.String(length=500), nullable=False),
        sa.Column("removal_document", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_listing")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_credit_listing_district_id_number")),
    )
    op.create_index("ix_credit_listing_listed", "credit_listing", ["district_id", "list_code", "state", "listed_on"])
    op.create_index("ix_credit_listing_uscc", "credit_listing", ["district_id", "uscc"])
    op.create_table(
        "credit_measure_notice",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("listing", sa.String(length=160), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("measures", sa.JSON(), nullable=False),
        sa.Column("notified_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.String(length=64), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_reason", sa.String(length=500), nullable=False),
        sa.Column("end_received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("end_received_by", sa.String(length=64), nullable=False),
        sa.Column("end_report", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_credit_measure_notice")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_credit_measure_notice_district_id_number")),
    )
    op.create_index("ix_credit_measure_notice_listing", "credit_measure_notice", ["district_id", "listing"])
    op.create_index("ix_credit_measure_notice_unit", "credit_measure_notice", ["district_id", "unit", "state"])


def downgrade() -> None:
    op.drop_table("credit_measure_notice")
    op.drop_table("credit_listing")
    with op.batch_alter_table("publication") as table:
        table.drop_index("ix_publication_ending")
        table.add_column(sa.Column("due_at", sa.DateTime(timezone=True), nullable=True))
        for column in ("ended_at", "repairable_on", "public_until", "severity"):
            table.drop_column(column)
