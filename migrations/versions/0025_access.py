"""who may enter signed paper for another department (代录), and an index of what is restricted

Revision: 0025, after 0024.  Open steps of departments in a joint inspection keep the lead's clerk, as their
diagrams say from now on.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0025"
down_revision = "0024"
branch_labels = None
depends_on = None

_NAMES = ("on_behalf", "process_key", "business_key", "department", "state", "instance_id", "district_id")
_TASK = sa.table("user_task", *(sa.column(name) for name in _NAMES))
_PART = sa.table("department_inspection", *(sa.column(c) for c in ("number", "campaign", "district_id")))
_CAMPAIGN = sa.table("campaign", *(sa.column(c) for c in ("number", "lead", "district_id")))
_INSTANCE = sa.table("process_instance", sa.column("id"), sa.column("department"))


def upgrade() -> None:
    """The column with what it says of steps that are open, and the index."""
    with op.batch_alter_table("user_task") as table:
        table.add_column(sa.Column("on_behalf", sa.String(32), server_default="", nullable=False))
    op.create_index(
        "ix_process_instance_restricted", "process_instance", ["id"], postgresql_where=sa.text("restricted"),
        sqlite_where=sa.text("restricted = 1"),
    )  # fmt: skip
    lead = (
        sa.select(_CAMPAIGN.c.lead)
        .join(_PART, sa.and_(_PART.c.campaign == _CAMPAIGN.c.number, _PART.c.district_id == _CAMPAIGN.c.district_id))
        .where(_PART.c.number == _TASK.c.business_key, _PART.c.district_id == _TASK.c.district_id)
        .scalar_subquery()
    )
    owner = sa.select(_INSTANCE.c.department).where(_INSTANCE.c.id == _TASK.c.instance_id).scalar_subquery()
    for process, department in (("department-inspection", lead), ("joint-inspection", owner)):
        waiting = sa.and_(_TASK.c.process_key == process, _TASK.c.state == "open", _TASK.c.department != department)
        op.execute(_TASK.update().where(waiting).values(on_behalf=department))


def downgrade() -> None:
    """Who may enter is forgotten."""
    op.drop_index("ix_process_instance_restricted", "process_instance")
    with op.batch_alter_table("user_task") as table:
        table.drop_column("on_behalf")
