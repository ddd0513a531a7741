"""follow-ups of every kind, at any depth below where they began

Revision: 0016, after 0015
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("follow_up") as table:
        table.add_column(sa.Column("root", sa.String(length=160), nullable=False, server_default=""))
        table.add_column(sa.Column("root_kind", sa.String(length=40), nullable=False, server_default=""))
        table.add_column(sa.Column("subject", sa.JSON(), nullable=False, server_default="{}"))
        table.alter_column("origin", type_=sa.String(length=160), existing_type=sa.String(length=140))
    # Until now every follow-up came of a department's inspection directly.
    op.execute("UPDATE follow_up SET root = origin, root_kind = 'department-inspection'")
    op.create_index("ix_follow_up_root", "follow_up", ["root"])
    # A copy that did not follow when the deadline moved; it is read from the deadline.
    with op.batch_alter_table("inspection") as table:
        table.drop_column("publication_due_at")


def downgrade() -> None:
    with op.batch_alter_table("inspection") as table:
        table.add_column(sa.Column("publication_due_at", sa.DateTime(timezone=True), nullable=True))
    op.drop_index("ix_follow_up_root", "follow_up")
    with op.batch_alter_table("follow_up") as table:
        table.alter_column("origin", type_=sa.String(length=140), existing_type=sa.String(length=160))
        table.drop_column("subject")
        table.drop_column("root_kind")
        table.drop_column("root")
