"""Counts of cards looked up and asked for.

Revision ID: 0002
Revises: 0001
"""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "tally",
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('looked up', 'requested')", name=op.f("ck_tally_kind")),
        sa.CheckConstraint("count > 0", name=op.f("ck_tally_count")),
        sa.PrimaryKeyConstraint("kind", "name", name=op.f("pk_tally")),
    )
