"""item lists, special key areas and visits outside the draw

Revision: 0005, after 0004
"""

from __future__ import annotations

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def upgrade() -> None:
    pass
