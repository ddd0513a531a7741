"""keep hashes of the history as bytes

Revision: 0003, after 0002
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

COLUMNS = ("prev_hash", "hash")


def upgrade() -> None:
    connection = op.get_bind()
    if connection.dialect.name == "postgresql":
        for name in COLUMNS:
            op.alter_column(
                "history_event", name, type_=sa.LargeBinary(), existing_type=sa.String(length=64),
                existing_nullable=False, postgresql_using=f"decode({name}, 'hex')",
            )  # fmt: skip
        return
    # The copy that the new type asks for keeps the letters; they become bytes afterwards.
    with op.batch_alter_table("history_event", schema=None) as batch_op:
        for name in COLUMNS:
            batch_op.alter_column(
                name, type_=sa.LargeBinary(), existing_type=sa.String(length=64), existing_nullable=False
            )
    driver: Any = connection.connection.driver_connection
    driver.create_function("bytes_of_hex", 1, lambda letters: bytes.fromhex(letters), deterministic=True)
    connection.exec_driver_sql(
        "UPDATE history_event SET prev_hash = bytes_of_hex(CAST(prev_hash AS TEXT)),"
        " hash = bytes_of_hex(CAST(hash AS TEXT))"
    )
