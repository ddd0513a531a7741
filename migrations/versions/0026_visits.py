"""samples of a visit and their tests, materials of a written check, corrections of findings

Revision: 0026, after 0025
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_sample",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=220), nullable=False),
        sa.Column("department_inspection", sa.String(length=140), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("specification", sa.String(length=100), nullable=False),
        sa.Column("quantity", sa.String(length=40), nullable=False),
        sa.Column("reserve", sa.String(length=100), nullable=False),
        sa.Column("seal", sa.String(length=60), nullable=False),
        sa.Column("intended_for", sa.String(length=100), nullable=False),
        sa.Column("signed", sa.String(length=12), nullable=False),
        sa.Column("signer", sa.String(length=64), nullable=False),
        sa.Column("taken_by", sa.JSON(), nullable=False),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("place", sa.String(length=400), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("not_sent_reason", sa.String(length=300), nullable=False),
        sa.Column("retest", sa.String(length=12), nullable=False),
        sa.Column("retest_on", sa.Date(), nullable=True),
        sa.Column("retest_reason", sa.Text(), nullable=False),
        sa.Column("settled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_sample")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_visit_sample_district_id_number")),
    )
    op.create_index("ix_visit_sample_part", "visit_sample", ["district_id", "department_inspection"])
    op.create_table(
        "sample_test",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("sample", sa.String(length=220), nullable=False),
        sa.Column("round", sa.Integer(), nullable=False),
        sa.Column("laboratory", sa.String(length=100), nullable=False),
        sa.Column("accreditation", sa.String(length=100), nullable=False),
        sa.Column("commission_number", sa.String(length=100), nullable=False),
        sa.Column("asked", sa.String(length=500), nullable=False),
        sa.Column("sent_on", sa.Date(), nullable=False),
        sa.Column("sent_by", sa.String(length=64), nullable=False),
        sa.Column("expected_on", sa.Date(), nullable=False),
        sa.Column("report_number", sa.String(length=100), nullable=False),
        sa.Column("reported_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("result", sa.String(length=12), nullable=False),
        sa.Column("conclusion", sa.Text(), nullable=False),
        sa.Column("files", sa.JSON(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=True),
        sa.Column("told_how", sa.String(length=40), nullable=False),
        sa.Column("recipient", sa.String(length=100), nullable=False),
        sa.Column("by_user", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample_test")),
        sa.UniqueConstraint("district_id", "sample", "round", name=op.f("uq_sample_test_district_id_sample_round")),
    )
    op.create_table(
        "written_material",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("department_inspection", sa.String(length=140), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("note", sa.String(length=200), nullable=False),
        sa.Column("asked_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("complete", sa.Boolean(), nullable=False),
        sa.Column("remarks", sa.String(length=300), nullable=False),
        sa.Column("reminders", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_written_material")),
        sa.UniqueConstraint(
            "district_id", "department_inspection", "serial",
            name=op.f("uq_written_material_district_id_department_inspection_serial"),
        ),
    )  # fmt: skip
    op.create_table(
        "finding_correction",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=220), nullable=False),
        sa.Column("department_inspection", sa.String(length=140), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("old", sa.JSON(), nullable=False),
        sa.Column("new", sa.JSON(), nullable=False),
        sa.Column("cause", sa.String(length=40), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("proposed_by", sa.String(length=64), nullable=False),
        sa.Column("reviewed_by", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_finding_correction")),
    )
    op.create_index("ix_finding_correction_part", "finding_correction", ["district_id", "department_inspection"])


def downgrade() -> None:
    op.drop_table("finding_correction")
    op.drop_table("written_material")
    op.drop_table("sample_test")
    op.drop_table("visit_sample")
