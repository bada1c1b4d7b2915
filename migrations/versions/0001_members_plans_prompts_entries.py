"""Members, plans, prompts, entries.

Revision ID: 0001
Revises: none
"""

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SNOWFLAKE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
RUNNING = sa.text("stopped_at IS NULL")
SCHEDULED = sa.text("scheduled")
DUE = sa.text("status = 'due'")
WAITING = sa.text("status IN ('due', 'sending') AND NOT paused")


def upgrade() -> None:
    op.create_table(
        "bot_state",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_bot_state")),
    )
    op.create_table(
        "member",
        sa.Column("id", SNOWFLAKE, autoincrement=False, nullable=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("consent_version", sa.SmallInteger(), nullable=False),
        sa.Column("consented_at", sa.BigInteger(), nullable=False),
        sa.Column("dm_channel_id", sa.BigInteger(), nullable=False),
        sa.Column("unreachable_since", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("consent_version > 0", name=op.f("ck_member_consent_version")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_member")),
    )
    op.create_table(
        "plan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("at", sa.SmallInteger(), nullable=False),
        sa.Column("days", sa.SmallInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("at BETWEEN 0 AND 1439", name=op.f("ck_plan_at")),
        sa.CheckConstraint("days BETWEEN 1 AND 127", name=op.f("ck_plan_days")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_plan_member_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index("ix_plan_member_id", "plan", ["member_id"])
    op.create_index(
        "uq_plan_running", "plan", ["member_id"], unique=True, sqlite_where=RUNNING, postgresql_where=RUNNING
    )

    op.create_table(
        "prompt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("local_date", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("scheduled", sa.Boolean(), nullable=False),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(status = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_prompt_lease")),
        sa.CheckConstraint(
            "status IN ('due', 'sending', 'sent', 'answered', 'skipped', 'expired', 'missed', 'undeliverable')",
            name=op.f("ck_prompt_status"),
        ),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_prompt_attempts")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_prompt_member_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_prompt_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
    )
    op.create_index("ix_prompt_member_id", "prompt", ["member_id"])
    op.create_index("ix_prompt_plan_id", "prompt", ["plan_id"])
    op.create_index("ix_prompt_waiting", "prompt", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index(
        "uq_prompt_day",
        "prompt",
        ["plan_id", "local_date"],
        unique=True,
        sqlite_where=SCHEDULED,
        postgresql_where=SCHEDULED,
    )
    op.create_index("uq_prompt_due", "prompt", ["plan_id"], unique=True, sqlite_where=DUE, postgresql_where=DUE)

    op.create_table(
        "entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("prompt_id", sa.Text(), nullable=False),
        sa.Column("local_date", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('answered', 'same', 'unwell')", name=op.f("ck_entry_kind")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_entry_member_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], name=op.f("fk_entry_prompt_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("prompt_id", name=op.f("uq_entry_prompt_id")),
    )
    op.create_index("ix_entry_member_id_recorded_at", "entry", ["member_id", "recorded_at"])
