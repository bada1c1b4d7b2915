"""When somebody who cannot be reached was told that what is theirs will be erased.

Revision ID: 0007
Revises: 0006
"""

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("member", sa.Column("warned_at", sa.BigInteger(), nullable=True))
