"""escrowed keys, groups and teams of a draw

Revision: 0007, after 0006
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "draw_key_share",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("draw_id", sa.String(length=60), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("holder", sa.String(length=32), nullable=False),
        sa.Column("share", sa.String(length=64), nullable=False),
        sa.Column("share_sha256", sa.String(length=64), nullable=False),
        sa.Column("collected_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("collected_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_draw_key_share")),
        sa.UniqueConstraint(
            "district_id", "draw_id", "position", name=op.f("uq_draw_key_share_district_id_draw_id_position")
        ),
    )
    with op.batch_alter_table("draw", schema=None) as batch_op:
        batch_op.add_column(sa.Column("parent", sa.String(length=60), server_default="", nullable=False))
    with op.batch_alter_table("drawn_object", schema=None) as batch_op:
        batch_op.add_column(sa.Column("visit_group", sa.String(length=40), server_default="", nullable=False))
        batch_op.add_column(sa.Column("leader", sa.String(length=32), server_default="", nullable=False))
        batch_op.add_column(sa.Column("visit_on", sa.Date(), nullable=True))
