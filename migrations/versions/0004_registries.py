"""the two registries: history, change requests, hand-over, leave, teams

Revision: 0004, after 0003
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "change_request",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("before", sa.JSON(), nullable=False),
        sa.Column("proposed", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("proposed_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("checked_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_change_request")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_change_request_district_id_number")),
    )
    with op.batch_alter_table("change_request", schema=None) as batch_op:
        batch_op.create_index("ix_change_request_row", ["district_id", "register", "key"], unique=False)

    op.create_table(
        "enforcement_team",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("code", sa.String(length=32), nullable=False),
        sa.Column("name", sa.String(length=100), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("serves", sa.JSON(), nullable=False),
        sa.Column("regions", sa.JSON(), nullable=False),
        sa.Column("basis", sa.String(length=300), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_enforcement_team")),
        sa.UniqueConstraint("district_id", "code", name=op.f("uq_enforcement_team_district_id_code")),
    )
    op.create_table(
        "inspector_leave",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("inspector_code", sa.String(length=32), nullable=False),
        sa.Column("first_day", sa.Date(), nullable=False),
        sa.Column("last_day", sa.Date(), nullable=False),
        sa.Column("reason", sa.String(length=200), nullable=False),
        sa.Column("entered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_inspector_leave")),
    )
    with op.batch_alter_table("inspector_leave", schema=None) as batch_op:
        batch_op.create_index("ix_inspector_leave_days", ["district_id", "inspector_code", "first_day"], unique=False)

    op.create_table(
        "object_duplicate",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("first", sa.String(length=18), nullable=False),
        sa.Column("second", sa.String(length=18), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("score", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("found_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("decided_name", sa.String(length=64), nullable=False),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision", sa.String(length=300), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_object_duplicate")),
        sa.UniqueConstraint(
            "district_id", "first", "second", name=op.f("uq_object_duplicate_district_id_first_second")
        ),
    )
    with op.batch_alter_table("object_duplicate", schema=None) as batch_op:
        batch_op.create_index("ix_object_duplicate_second", ["district_id", "second"], unique=False)
        batch_op.create_index("ix_object_duplicate_state", ["district_id", "state", "score"], unique=False)

    op.create_table(
        "object_left",
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("district_id", "position", name=op.f("pk_object_left")),
    )
    op.create_table(
        "object_posting",
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.Column(
            "token",
            sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql"),
            nullable=False,
        ),
        sa.Column("segment", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("slots", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "token", "segment", name=op.f("pk_object_posting")),
    )
    with op.batch_alter_table("object_posting", schema=None) as batch_op:
        batch_op.create_index("ix_object_posting_segment", ["district_id", "segment"], unique=False)

    op.create_table(
        "object_segment",
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("filled", sa.Integer(), nullable=False),
        sa.Column("live", sa.LargeBinary(), nullable=False),
        sa.Column("built_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("district_id", "number", name=op.f("pk_object_segment")),
    )
    op.create_table(
        "permit_handover",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=60), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("permit", sa.JSON(), nullable=False),
        sa.Column("approver", sa.String(length=32), nullable=False),
        sa.Column("supervisor", sa.String(length=32), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("remark", sa.String(length=300), nullable=False),
        sa.Column("handed_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("handed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("signed_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("signed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_permit_handover")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_permit_handover_district_id_number")),
    )
    with op.batch_alter_table("permit_handover", schema=None) as batch_op:
        batch_op.create_index("ix_permit_handover_object", ["district_id", "uscc"], unique=False)

    op.create_table(
        "registry_change",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("key", sa.String(length=40), nullable=False),
        sa.Column("changes", sa.JSON(), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("source", sa.String(length=20), nullable=False),
        sa.Column("reference", sa.String(length=120), nullable=False),
        sa.Column("by_user", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("by_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_change")),
    )
    with op.batch_alter_table("registry_change", schema=None) as batch_op:
        batch_op.create_index("ix_registry_change_row", ["district_id", "register", "key", "at"], unique=False)

    op.create_table(
        "registry_import",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("file_name", sa.String(length=200), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("inserted", sa.Integer(), nullable=False),
        sa.Column("updated", sa.Integer(), nullable=False),
        sa.Column("unchanged", sa.Integer(), nullable=False),
        sa.Column("refused", sa.Integer(), nullable=False),
        sa.Column("stopped", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("reason", sa.String(length=300), nullable=False),
        sa.Column("full", sa.Boolean(), nullable=False),
        sa.Column("stop_missing", sa.Boolean(), nullable=False),
        sa.Column("done", sa.Integer(), nullable=False),
        sa.Column("total", sa.Integer(), nullable=False),
        sa.Column("message", sa.String(length=500), nullable=False),
        sa.Column("preview", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("content", sa.LargeBinary(), nullable=True),
        sa.Column("problems", sa.Text(), nullable=False),
        sa.Column("missing", sa.JSON(), nullable=False),
        sa.Column("by_user", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("by_name", sa.String(length=64), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_registry_import")),
    )
    with op.batch_alter_table("registry_import", schema=None) as batch_op:
        batch_op.create_index("ix_registry_import_at", ["district_id", "at"], unique=False)

    op.create_table(
        "saved_filter",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("user_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("page", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("query", sa.String(length=2000), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_saved_filter")),
        sa.UniqueConstraint(
            "district_id", "user_id", "page", "name", name=op.f("uq_saved_filter_district_id_user_id_page_name")
        ),
    )
    with op.batch_alter_table("inspected_object", schema=None) as batch_op:
        batch_op.add_column(sa.Column("risk_scheme", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("supervisor", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("import_id", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("position", sa.Integer(), nullable=True))
        batch_op.drop_index("ix_inspected_object_name")
        batch_op.create_index("ix_inspected_object_position", ["district_id", "position"], unique=False)

    with op.batch_alter_table("inspector", schema=None) as batch_op:
        batch_op.add_column(sa.Column("qualification_until", sa.JSON(), server_default="{}", nullable=False))
        batch_op.add_column(sa.Column("specialities", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("team", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("import_id", sa.Uuid(as_uuid=False), nullable=True))
