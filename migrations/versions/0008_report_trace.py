"""Whose a report is, as a mark that only their erasure needs.

Revision ID: 0008
Revises: 0007
"""

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("report", sa.Column("trace", sa.Text(), nullable=True))
    op.create_index("ix_report_trace", "report", ["trace"])
