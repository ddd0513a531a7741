"""things held under preservation, seal and seizure

Revision: 0023, after 0022
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0023"
down_revision = "0022"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "held_item",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=220), nullable=False),
        sa.Column("measure", sa.String(length=200), nullable=False),
        sa.Column("root", sa.String(length=160), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("name", sa.String(length=200), nullable=False),
        sa.Column("mark", sa.String(length=200), nullable=False),
        sa.Column("quantity", sa.String(length=40), nullable=False),
        sa.Column("unit", sa.String(length=20), nullable=False),
        sa.Column("condition", sa.String(length=200), nullable=False),
        sa.Column("place", sa.String(length=200), nullable=False),
        sa.Column("keeper", sa.String(length=100), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("held_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("updated_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_item")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_held_item_district_id_number")),
    )
    op.create_index("ix_held_item_measure", "held_item", ["district_id", "measure"])
    op.create_index("ix_held_item_root", "held_item", ["district_id", "root"])
    op.create_index("ix_held_item_page", "held_item", ["district_id", "department", "ended_at"])
    op.create_table(
        "held_item_change",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("item", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("measure", sa.String(length=200), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("receiver", sa.String(length=100), nullable=False),
        sa.Column("by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("by_name", sa.String(length=64), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_held_item_change")),
    )
    op.create_index(op.f("ix_held_item_change_item"), "held_item_change", ["item"])


def downgrade() -> None:
    op.drop_table("held_item_change")
    op.drop_table("held_item")
