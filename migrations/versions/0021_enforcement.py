"""payment, enforcement, review and lawsuit

Revision: 0021, after 0020
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "payment",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("debt", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("direction", sa.String(length=8), nullable=False),
        sa.Column("purpose", sa.String(length=12), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=False),
        sa.Column("receipt_number", sa.String(length=60), nullable=False),
        sa.Column("way", sa.String(length=20), nullable=False),
        sa.Column("slips", sa.JSON(), nullable=False),
        sa.Column("remark", sa.String(length=300), nullable=False),
        sa.Column("entered_by", sa.Uuid(as_uuid=False), nullable=True),
        sa.Column("entered_by_name", sa.String(length=64), nullable=False),
        sa.Column("entered_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("withdrawn_by_name", sa.String(length=64), nullable=False),
        sa.Column("withdrawn_reason", sa.String(length=300), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment")),
        sa.UniqueConstraint("district_id", "debt", "serial", name=op.f("uq_payment_district_id_debt_serial")),
    )
    op.create_table(
        "payment_request",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("debt", sa.String(length=200), nullable=False),
        sa.Column("serial", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("requested_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("terms", sa.JSON(), nullable=False),
        sa.Column("waived", sa.BigInteger(), nullable=False),
        sa.Column("decision", sa.String(length=8), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=True),
        sa.Column("decided_by_name", sa.String(length=64), nullable=False),
        sa.Column("note", sa.String(length=500), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_request")),
        sa.UniqueConstraint("district_id", "debt", "serial", name=op.f("uq_payment_request_district_id_debt_serial")),
    )
    op.create_table(
        "payment_term",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("debt", sa.String(length=200), nullable=False),
        sa.Column("plan", sa.Integer(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("amount", sa.BigInteger(), nullable=False),
        sa.Column("granted_on", sa.Date(), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_payment_term")),
        sa.UniqueConstraint(
            "district_id", "debt", "plan", "position", name=op.f("uq_payment_term_district_id_debt_plan_position")
        ),
    )
    op.create_table(
        "penalty_debt",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("penalty", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("subject_name", sa.String(length=200), nullable=False),
        sa.Column("uscc", sa.String(length=18), nullable=False),
        sa.Column("decision_number", sa.String(length=60), nullable=False),
        sa.Column("decided_on", sa.Date(), nullable=False),
        sa.Column("served_on", sa.Date(), nullable=False),
        sa.Column("fine", sa.BigInteger(), nullable=False),
        sa.Column("confiscated", sa.BigInteger(), nullable=False),
        sa.Column("duties", sa.JSON(), nullable=False),
        sa.Column("remedy_ends_on", sa.Date(), nullable=True),
        sa.Column("overdue_since", sa.Date(), nullable=True),
        sa.Column("reminded_on", sa.Date(), nullable=True),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("court", sa.String(length=100), nullable=False),
        sa.Column("court_state", sa.String(length=20), nullable=False),
        sa.Column("court_missed", sa.Boolean(), nullable=False),
        sa.Column("stayed_since", sa.Date(), nullable=True),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_debt")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_penalty_debt_district_id_number")),
    )
    op.create_index("ix_penalty_debt_open", "penalty_debt", ["district_id", "department", "closed_at"], unique=False)
    op.create_index("ix_penalty_debt_penalty", "penalty_debt", ["district_id", "penalty"], unique=False)
    op.create_table(
        "penalty_remedy",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("number", sa.String(length=200), nullable=False),
        sa.Column("penalty", sa.String(length=200), nullable=False),
        sa.Column("department", sa.String(length=32), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("body", sa.String(length=100), nullable=False),
        sa.Column("case_number", sa.String(length=60), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("last_day", sa.Date(), nullable=True),
        sa.Column("in_time", sa.Boolean(), nullable=True),
        sa.Column("answered_on", sa.Date(), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=False),
        sa.Column("outcome_document", sa.String(length=60), nullable=False),
        sa.Column("outcome_on", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("fine", sa.BigInteger(), nullable=True),
        sa.Column("confiscated", sa.BigInteger(), nullable=True),
        sa.Column("refund", sa.BigInteger(), nullable=False),
        sa.Column("lesson", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_penalty_remedy")),
        sa.UniqueConstraint("district_id", "number", name=op.f("uq_penalty_remedy_district_id_number")),
    )
    op.create_index("ix_penalty_remedy_penalty", "penalty_remedy", ["district_id", "penalty"], unique=False)
    op.create_table(
        "surcharge_pause",
        sa.Column("id", sa.Uuid(as_uuid=False), nullable=False),
        sa.Column("penalty", sa.String(length=200), nullable=False),
        sa.Column("remedy", sa.String(length=200), nullable=False),
        sa.Column("ground", sa.String(length=20), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("until", sa.Date(), nullable=True),
        sa.Column("district_id", sa.String(length=12), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surcharge_pause")),
        sa.UniqueConstraint("district_id", "remedy", name=op.f("uq_surcharge_pause_district_id_remedy")),
    )


def downgrade() -> None:
    op.drop_table("surcharge_pause")
    op.drop_index("ix_penalty_remedy_penalty", table_name="penalty_remedy")
    op.drop_table("penalty_remedy")
    op.drop_index("ix_penalty_debt_penalty", table_name="penalty_debt")
    op.drop_index("ix_penalty_debt_open", table_name="penalty_debt")
    op.drop_table("penalty_debt")
    op.drop_table("payment_term")
    op.drop_table("payment_request")
    op.drop_table("payment")
