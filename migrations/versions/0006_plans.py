"""versions of plans, merges into one visit, campaigns of a plan, and the tables a draw was made by

Revision: 0006, after 0005
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draw_basis",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("draw_id", sa.String(length=60), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("process_version", sa.Integer(), nullable=False),
        sa.Column("ratio_sha256", sa.String(length=64), nullable=False),
        sa.Column("frequency_sha256", sa.String(length=64), nullable=False),
        sa.Column("marks_sha256", sa.String(length=64), nullable=False),
        sa.Column("tables", sa.JSON(), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_basis")),
        sa.UniqueConstraint("district_id", "draw_id", name=op.f("uq_draw_basis_district_id_draw_id")),
    )
    op.create_table(
        "plan_campaign",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("plan", sa.String(length=200), nullable=False),
        sa.Column("row", sa.String(length=20), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_campaign")),
        sa.UniqueConstraint("district_id", "campaign", name=op.f("uq_plan_campaign_district_id_campaign")),
    )
    with op.batch_alter_table("plan_campaign", schema=None) as batch_op:
        batch_op.create_index("ix_plan_campaign_row", ["district_id", "plan", "row"], unique=False)

    op.create_table(
        "plan_merge",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("plan", sa.String(length=200), nullable=False),
        sa.Column("first_row", sa.String(length=220), nullable=False),
        sa.Column("second_row", sa.String(length=220), nullable=False),
        sa.Column("first_objects", sa.Integer(), nullable=False),
        sa.Column("second_objects", sa.Integer(), nullable=False),
        sa.Column("overlap", sa.Integer(), nullable=False),
        sa.Column("accepted", sa.Boolean(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("joint_code", sa.String(length=20), nullable=False),
        sa.Column("decided_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("decided_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_merge")),
        sa.UniqueConstraint(
            "district_id",
            "plan",
            "first_row",
            "second_row",
            name=op.f("uq_plan_merge_district_id_plan_first_row_second_row"),
        ),
    )
    op.create_table(
        "plan_version",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("plan", sa.String(length=200), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("content", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("document_number", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("prepared_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan_version")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_plan_version_district_id_number")),
        sa.UniqueConstraint("district_id", "plan", "version", name=op.f("uq_plan_version_district_id_plan_version")),
    )
    op.create_table(
        "visit_merge",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("other", sa.String(length=60), nullable=False),
        sa.Column("inspection", sa.String(length=100), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("decided_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("decided_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_merge")),
        sa.UniqueConstraint("district_id", "campaign", "uscc", name=op.f("uq_visit_merge_district_id_campaign_uscc")),
    )
    with op.batch_alter_table("visit_merge", schema=None) as batch_op:
        batch_op.create_index("ix_visit_merge_other", ["district_id", "other"], unique=False)
