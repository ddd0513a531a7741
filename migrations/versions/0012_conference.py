"""conference matters, posts, special inspections, duty reviews and publicity

Revision: 0012, after 0011
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "conference_tenure",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("post", sa.String(length=32), nullable=False),
        sa.Column("holder", sa.String(length=64), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("notice_number", sa.String(length=60), nullable=False),
        sa.Column("noticed_on", sa.Date(), nullable=False),
        sa.Column("note", sa.String(length=300), nullable=False),
        sa.Column("entered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("entered_by_name", sa.String(length=64), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conference_tenure")),
        sa.UniqueConstraint(
            "district_id", "post", "first_day", name=op.f("uq_conference_tenure_district_id_post_first_day")
        ),
    )
    op.create_table(
        "conference_matter",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("proposer", sa.String(length=32), nullable=False),
        sa.Column("origin", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("units", sa.JSON(), nullable=False),
        sa.Column("opinions", sa.JSON(), nullable=False),
        sa.Column("meeting", sa.JSON(), nullable=False),
        sa.Column("advice", sa.Text(), nullable=False),
        sa.Column("resolution_number", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("resolved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conference_matter")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_conference_matter_district_id_number")),
    )
    op.create_index("ix_conference_matter_origin", "conference_matter", ["district_id", "origin"], unique=False)
    op.create_index("ix_conference_matter_state", "conference_matter", ["district_id", "state"], unique=False)
    op.create_table(
        "conference_assignment",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("matter", sa.String(length=60), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("task", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        sa.Column("reported_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("accepted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("returned", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_conference_assignment")),
        sa.UniqueConstraint(
            "district_id", "matter", "serial", name=op.f("uq_conference_assignment_district_id_matter_serial")
        ),
    )
    op.create_index(
        "ix_conference_assignment_unit", "conference_assignment", ["district_id", "unit", "state"], unique=False
    )
    op.create_table(
        "special_inspection",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("counts_in_cap", sa.Boolean(), nullable=False),
        sa.Column("approver", sa.String(length=60), nullable=False),
        sa.Column("approval_number", sa.String(length=60), nullable=False),
        sa.Column("approved_on", sa.Date(), nullable=True),
        sa.Column("filing_number", sa.String(length=60), nullable=False),
        sa.Column("filed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_special_inspection")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_special_inspection_district_id_number")),
    )
    op.create_index("ix_special_inspection_campaign", "special_inspection", ["district_id", "campaign"], unique=False)
    op.create_table(
        "duty_review",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("case_key", sa.String(length=200), nullable=False),
        sa.Column("person", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("person_name", sa.String(length=64), nullable=False),
        sa.Column("person_post", sa.String(length=100), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=12), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("record", sa.JSON(), nullable=False),
        sa.Column("members", sa.JSON(), nullable=False),
        sa.Column("leader", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("statement", sa.Text(), nullable=False),
        sa.Column("finding", sa.JSON(), nullable=False),
        sa.Column("objection", sa.Text(), nullable=False),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("document_number", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("opened_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_duty_review")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_duty_review_district_id_number")),
    )
    op.create_index("ix_duty_review_person", "duty_review", ["district_id", "person"], unique=False)
    op.create_table(
        "publicity_record",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("held_on", sa.Date(), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("audience", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("hours", sa.Float(), nullable=True),
        sa.Column("participants", sa.Integer(), nullable=False),
        sa.Column("participant_list", sa.Text(), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("entered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("entered_by_name", sa.String(length=64), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_name", sa.String(length=64), nullable=False),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publicity_record")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_publicity_record_district_id_number")),
    )
    op.create_index("ix_publicity_record_day", "publicity_record", ["district_id", "held_on"], unique=False)
    op.create_table(
        "publicity_file",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("record", sa.String(length=60), nullable=False),
        sa.Column("file_name", sa.String(length=255), nullable=False),
        sa.Column("media_type", sa.String(length=100), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.Column("uploaded_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("uploaded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_publicity_file")),
    )
    op.create_index(op.f("ix_publicity_file_record"), "publicity_file", ["record"], unique=False)
    with op.batch_alter_table("process_instance", schema=None) as batch_op:
        batch_op.add_column(sa.Column("restricted", sa.Boolean(), server_default=sa.false(), nullable=False))
