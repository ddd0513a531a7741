"""suspended, extended and stacked deadlines, their trail and their reminders

Revision: 0008, after 0007
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("deadline", schema=None) as batch_op:
        batch_op.add_column(sa.Column("instance_id", sa.Uuid(as_uuid=False), nullable=True))
        batch_op.add_column(sa.Column("includes_start", sa.Boolean(), server_default=sa.false(), nullable=False))
        batch_op.add_column(sa.Column("extensions", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("suspensions", sa.JSON(), server_default="[]", nullable=False))
        batch_op.add_column(sa.Column("suspended_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("yellow_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("orange_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.add_column(sa.Column("reminded", sa.Integer(), server_default="0", nullable=False))
        batch_op.add_column(sa.Column("remind_at", sa.DateTime(timezone=True), nullable=True))
        batch_op.alter_column("due_at", existing_type=sa.DateTime(timezone=True), nullable=True)
        batch_op.create_foreign_key(
            op.f("fk_deadline_instance_id_process_instance"), "process_instance", ["instance_id"], ["id"]
        )
    with op.batch_alter_table("timer", schema=None) as batch_op:
        batch_op.alter_column("due_at", existing_type=sa.DateTime(timezone=True), nullable=True)
    # The case a deadline belongs to is the oldest one of its business key; the worker counts the stages of
    # its warnings when it next looks, which is at once.
    op.execute(
        "UPDATE deadline SET remind_at = started_at, instance_id = (SELECT p.id FROM process_instance p"
        " WHERE p.district_id = deadline.district_id AND p.business_key = deadline.business_key"
        " ORDER BY p.started_at, p.id LIMIT 1) WHERE met_at IS NULL"
    )
    op.drop_index("ix_deadline_open", "deadline")
    op.create_index(op.f("ix_deadline_instance_id"), "deadline", ["instance_id"])
    for name, columns in (
        ("ix_deadline_open", ["due_at", "id", "orange_at", "yellow_at", "name"]),
        ("ix_deadline_open_department", ["department", "due_at", "id", "orange_at", "yellow_at", "name"]),
        ("ix_deadline_remind", ["remind_at"]),
    ):
        unmet = sa.text("met_at IS NULL")
        op.create_index(name, "deadline", columns, postgresql_where=unmet, sqlite_where=unmet)
    op.create_table(
        "deadline_change",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("deadline_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("due_before", sa.DateTime(timezone=True), nullable=True),
        sa.Column("due_after", sa.DateTime(timezone=True), nullable=True),
        sa.Column("provisional", sa.Boolean(), nullable=False),
        sa.Column("rule", sa.String(length=40), nullable=False),
        sa.Column("effective_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("ground", sa.String(length=100), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("legal_basis", sa.String(length=200), nullable=False),
        sa.Column("document", sa.String(length=100), nullable=False),
        sa.Column("actor_id", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("actor_name", sa.String(length=64), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["deadline_id"], ["deadline.id"], name=op.f("fk_deadline_change_deadline_id_deadline")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_change")),
    )
    op.create_index(op.f("ix_deadline_change_deadline_id"), "deadline_change", ["deadline_id"])
    op.create_table(
        "deadline_reminder",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("deadline_id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("percent", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recipient", sa.String(length=80), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(
            ["deadline_id"], ["deadline.id"], name=op.f("fk_deadline_reminder_deadline_id_deadline")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deadline_reminder")),
        sa.UniqueConstraint(
            "deadline_id", "percent", "due_at", "recipient",
            name=op.f("uq_deadline_reminder_deadline_id_percent_due_at_recipient"),
        ),
    )  # fmt: skip
    op.create_index(op.f("ix_deadline_reminder_recipient"), "deadline_reminder", ["recipient"])
