"""Several plans a member: what a plan is for, richer schedules, snoozes and nudges, preferences, late answers.

The three tables are made anew from a copy of their rows, in the same way on both engines: SQLite cannot change a check.

Revision ID: 0004
Revises: 0003
"""

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

SNOWFLAKE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
SCHEDULED = sa.text("kind = 'scheduled'")
DUE = sa.text("kind = 'scheduled' AND status = 'due'")
WAITING = sa.text("status IN ('due', 'sending') AND NOT paused")
UNANSWERED = sa.text("status = 'sent'")

TABLES = ("entry", "prompt", "plan")
ANSWER_MINUTES = 720


def upgrade() -> None:
    op.add_column("member", sa.Column("preferences", sa.LargeBinary(), nullable=True))
    for name in TABLES:
        op.execute(f"CREATE TABLE {name}_old AS SELECT * FROM {name}")  # noqa: S608 - our own names
        op.drop_table(name)
    plan = _create_plan()
    _create_prompt()
    _create_entry()
    _copy_plans(plan)
    op.execute(  # one that asks for an answer waits for it for 12 hours, in microseconds
        "INSERT INTO prompt (id, plan_id, member_id, local_date, due_at, status, kind, slot, paused, lease_until,"
        " attempts, message_id, expires_at) SELECT id, plan_id, member_id, local_date, due_at, status,"
        " CASE WHEN scheduled THEN 'scheduled' ELSE 'own' END, 0, paused, lease_until, attempts, message_id,"
        " CASE WHEN scheduled THEN due_at + 43200000000 END FROM prompt_old"
    )
    op.execute(
        "INSERT INTO entry (id, member_id, prompt_id, local_date, recorded_at, kind, late, sealed)"
        " SELECT id, member_id, prompt_id, local_date, recorded_at, kind, false, sealed FROM entry_old"
    )
    for name in TABLES:
        op.drop_table(f"{name}_old")


def _create_plan() -> sa.Table:
    plan = op.create_table(
        "plan",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("paused_until", sa.Text(), nullable=True),
        sa.Column("eased_until", sa.Text(), nullable=True),
        sa.Column("answer_minutes", sa.Integer(), nullable=False),
        sa.Column("nudge", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("stopped_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("answer_minutes > 0", name=op.f("ck_plan_answer_minutes")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_plan_member_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plan")),
    )
    op.create_index("ix_plan_member_id", "plan", ["member_id"])
    return plan


def _create_prompt() -> None:
    op.create_table(
        "prompt",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("plan_id", sa.Text(), nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("local_date", sa.Text(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("slot", sa.SmallInteger(), nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("paused", sa.Boolean(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("attempts", sa.SmallInteger(), nullable=False),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(status = 'sending') = (lease_until IS NOT NULL)", name=op.f("ck_prompt_lease")),
        sa.CheckConstraint(
            "status IN ('due', 'sending', 'sent', 'answered', 'skipped', 'snoozed', 'expired', 'missed',"
            " 'undeliverable')",
            name=op.f("ck_prompt_status"),
        ),
        sa.CheckConstraint("kind IN ('scheduled', 'own', 'snooze', 'nudge')", name=op.f("ck_prompt_kind")),
        sa.CheckConstraint("attempts >= 0", name=op.f("ck_prompt_attempts")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_prompt_member_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["plan_id"], ["plan.id"], name=op.f("fk_prompt_plan_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_prompt")),
    )
    op.create_index("ix_prompt_member_id", "prompt", ["member_id"])
    op.create_index("ix_prompt_plan_id", "prompt", ["plan_id"])
    op.create_index("ix_prompt_waiting", "prompt", ["due_at"], sqlite_where=WAITING, postgresql_where=WAITING)
    op.create_index(
        "ix_prompt_unanswered", "prompt", ["expires_at"], sqlite_where=UNANSWERED, postgresql_where=UNANSWERED
    )
    op.create_index(
        "uq_prompt_day",
        "prompt",
        ["plan_id", "local_date", "slot"],
        unique=True,
        sqlite_where=SCHEDULED,
        postgresql_where=SCHEDULED,
    )
    op.create_index("uq_prompt_due", "prompt", ["plan_id"], unique=True, sqlite_where=DUE, postgresql_where=DUE)


def _create_entry() -> None:
    op.create_table(
        "entry",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("member_id", SNOWFLAKE, nullable=False),
        sa.Column("prompt_id", sa.Text(), nullable=False),
        sa.Column("local_date", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("late", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.CheckConstraint("kind IN ('answered', 'same', 'unwell')", name=op.f("ck_entry_kind")),
        sa.ForeignKeyConstraint(["member_id"], ["member.id"], name=op.f("fk_entry_member_id"), ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["prompt_id"], ["prompt.id"], name=op.f("fk_entry_prompt_id"), ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_entry")),
        sa.UniqueConstraint("prompt_id", name=op.f("uq_entry_prompt_id")),
    )
    op.create_index("ix_entry_member_id_recorded_at", "entry", ["member_id", "recorded_at"])


def _copy_plans(plan: sa.Table) -> None:
    """The hour and the days become one text, as `bot.domain.schedules` reads it."""
    kept = sa.text("SELECT id, member_id, at, days, created_at, stopped_at FROM plan_old")
    rows = [
        {
            "id": row.id,
            "member_id": row.member_id,
            "schedule": f"w{row.days:02x}@{row.at // 60:02}{row.at % 60:02}",
            "answer_minutes": ANSWER_MINUTES,
            "nudge": False,
            "created_at": row.created_at,
            "stopped_at": row.stopped_at,
        }
        for row in op.get_bind().execute(kept)
    ]
    op.bulk_insert(plan, rows)
