"""checklists and preparation of a joint inspection

Revision: 0015, after 0014
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "campaign_checklist",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("lines", sa.JSON(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_checklist")),
        sa.UniqueConstraint(
            "district_id", "campaign", "position", name=op.f("uq_campaign_checklist_district_id_campaign_position")
        ),
    )
    op.create_table(
        "campaign_summary",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("figures", sa.JSON(), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("document_number", sa.String(length=60), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("compiled_by_name", sa.String(length=64), nullable=False),
        sa.Column("compiled_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("approved_by_name", sa.String(length=64), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_summary")),
        sa.UniqueConstraint("district_id", "campaign", name=op.f("uq_campaign_summary_district_id_campaign")),
    )
    op.create_table(
        "campaign_supply",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("inspectors", sa.Integer(), nullable=False),
        sa.Column("vehicles", sa.Integer(), nullable=False),
        sa.Column("equipment", sa.JSON(), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_supply")),
        sa.UniqueConstraint(
            "district_id", "campaign", "department", name=op.f("uq_campaign_supply_district_id_campaign_department")
        ),
    )
    op.create_table(
        "commission",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("members", sa.String(length=200), nullable=False),
        sa.Column("mandate", sa.String(length=1000), nullable=False),
        sa.Column("document_number", sa.String(length=100), nullable=False),
        sa.Column("declaration", sa.String(length=300), nullable=False),
        sa.Column("conflicts", sa.JSON(), nullable=False),
        sa.Column("entered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("entered_by_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ended_reason", sa.String(length=300), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_commission")),
    )
    op.create_index(op.f("ix_commission_campaign"), "commission", ["campaign"], unique=False)
    op.create_table(
        "dispatch_list",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=100), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("unit", sa.String(length=32), nullable=False),
        sa.Column("unit_name", sa.String(length=100), nullable=False),
        sa.Column("inspections", sa.JSON(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("received_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("received_by_name", sa.String(length=64), nullable=False),
        sa.Column("contact", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("returns", sa.JSON(), nullable=False),
        sa.Column("reminded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reminders", sa.Integer(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dispatch_list")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_dispatch_list_district_id_number")),
    )
    op.create_index(op.f("ix_dispatch_list_campaign"), "dispatch_list", ["campaign"], unique=False)
    op.create_table(
        "inspector_substitution",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=180), nullable=False),
        sa.Column("campaign", sa.String(length=60), nullable=False),
        sa.Column("department_inspection", sa.String(length=140), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("inspector", sa.String(length=32), nullable=False),
        sa.Column("cause", sa.String(length=20), nullable=False),
        sa.Column("reason", sa.String(length=500), nullable=False),
        sa.Column("whole_campaign", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("successors", sa.JSON(), nullable=False),
        sa.Column("requested_by_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by_name", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector_substitution")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_inspector_substitution_district_id_number")),
    )
    op.create_index(op.f("ix_inspector_substitution_campaign"), "inspector_substitution", ["campaign"], unique=False)
    op.create_table(
        "item_checkpoint",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("item", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("content", sa.String(length=300), nullable=False),
        sa.Column("legal_basis", sa.String(length=500), nullable=False),
        sa.Column("subject", sa.String(length=60), nullable=False),
        sa.Column("kinds", sa.JSON(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_item_checkpoint")),
        sa.UniqueConstraint(
            "district_id", "item", "position", name=op.f("uq_item_checkpoint_district_id_item_position")
        ),
    )
    op.create_table(
        "unit",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("receivers", sa.JSON(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_unit")),
        sa.UniqueConstraint("district_id", "code", name=op.f("uq_unit_district_id_code")),
    )
