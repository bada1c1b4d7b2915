"""The pace that several dispatchers keep together, and a quick way to those who cannot be reached.

Revision ID: 0005
Revises: 0004
"""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


UNREACHABLE = sa.text("unreachable_since IS NOT NULL")


def upgrade() -> None:
    op.create_index("ix_member_unreachable", "member", ["id"], sqlite_where=UNREACHABLE, postgresql_where=UNREACHABLE)
    op.create_table(
        "send_budget",
        sa.Column("id", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("next_at", sa.Double(), nullable=False),  # pyright: ignore[reportUnknownArgumentType]
        sa.PrimaryKeyConstraint("id", name=op.f("pk_send_budget")),
    )
