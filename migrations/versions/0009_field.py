"""entries, opinions and adopted conclusions of a field inspection

Revision: 0009, after 0008
"""

from __future__ import annotations

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Nothing yet."""
