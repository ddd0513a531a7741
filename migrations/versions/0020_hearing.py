"""hearings and service of documents

Revision: 0020, after 0019
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "hearing",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=160), nullable=False),
        sa.Column("origin", sa.String(length=160), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("party", sa.String(length=200), nullable=False),
        sa.Column("cause", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=True),
        sa.Column("last_request_day", sa.Date(), nullable=True),
        sa.Column("chair", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("chair_name", sa.String(length=64), nullable=False),
        sa.Column("recorder", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("recorder_name", sa.String(length=64), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("recused", sa.JSON(), nullable=False),
        sa.Column("held_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("is_public", sa.Boolean(), nullable=False),
        sa.Column("closed_ground", sa.String(length=40), nullable=False),
        sa.Column("announced_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("stops", sa.JSON(), nullable=False),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("opinion", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_hearing")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_hearing_district_id_number")),
    )
    op.create_index("ix_hearing_announced", "hearing", ["district_id", "state", "held_at"], unique=False)
    op.create_table(
        "service_record",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=160), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=160), nullable=False),
        sa.Column("root", sa.String(length=160), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("document", sa.String(length=100), nullable=False),
        sa.Column("document_number", sa.String(length=60), nullable=False),
        sa.Column("template", sa.String(length=64), nullable=False),
        sa.Column("recipient", sa.String(length=200), nullable=False),
        sa.Column("mode", sa.String(length=20), nullable=False),
        sa.Column("mode_name", sa.String(length=40), nullable=False),
        sa.Column("attempted_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=True),
        sa.Column("receiver", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("announced_until", sa.Date(), nullable=True),
        sa.Column("public_note", sa.String(length=200), nullable=False),
        sa.Column("values", sa.JSON(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("recorded_by_name", sa.String(length=64), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_service_record")),
        sa.UniqueConstraint(
            "district_id", "number", "position", name=op.f("uq_service_record_district_id_number_position")
        ),
    )
    op.create_index(
        "ix_service_record_announced", "service_record", ["district_id", "state", "announced_until"], unique=False
    )
    op.create_index("ix_service_record_origin", "service_record", ["district_id", "origin"], unique=False)
    op.create_index("ix_service_record_root", "service_record", ["district_id", "root"], unique=False)


def downgrade() -> None:
    op.drop_table("service_record")
    op.drop_table("hearing")
