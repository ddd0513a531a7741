"""what the registries still lacked

Revision: 0014, after 0013
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """The gate finds the objects visited lately without reading the others."""
    visited = sa.text("last_inspected_on IS NOT NULL")
    op.create_index(
        "ix_inspected_object_inspected", "inspected_object", ["district_id", "last_inspected_on"],
        sqlite_where=visited, postgresql_where=visited,
    )  # fmt: skip
