"""Curation: communities, proposals, revisions, reports, alerts, posted messages, and what was asked for.

What was asked for before has no community and is not carried over; of the tallies, only the look-ups go on.

Revision ID: 0006
Revises: 0005
"""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

SNOWFLAKE = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    _create_communities()
    _create_proposals()
    _create_revisions()
    _create_reports_and_alerts()
    _create_posted()
    _create_asked()
    _keep_lookups()


def _create_communities() -> None:
    op.create_table(
        "community",
        sa.Column("guild_id", SNOWFLAKE, autoincrement=False, nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("digested_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("guild_id", name=op.f("pk_community")),
    )
    op.create_table(
        "event",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("action", sa.Text(), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index("ix_event_actor_id", "event", ["actor_id"])
    op.create_index("ix_event_at", "event", ["at"])
    op.create_index("ix_event_guild_id_at", "event", ["guild_id", "at"])


def _create_proposals() -> None:
    op.create_table(
        "proposal",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("manuscript", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=True),
        sa.Column("base_number", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("reply", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=True),
        sa.Column("message_id", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "status IN ('draft', 'open', 'changes asked', 'published', 'rejected', 'discarded')",
            name=op.f("ck_proposal_status"),
        ),
        sa.CheckConstraint("base_number >= 0", name=op.f("ck_proposal_base_number")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_proposal")),
    )
    op.create_index("ix_proposal_author_id_guild_id", "proposal", ["author_id", "guild_id"])
    op.create_index("ix_proposal_guild_id_status_changed_at", "proposal", ["guild_id", "status", "changed_at"])
    op.create_table(
        "approval",
        sa.Column("proposal_id", sa.Text(), nullable=False),
        sa.Column("curator_id", sa.BigInteger(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["proposal_id"], ["proposal.id"], name=op.f("fk_approval_proposal_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("proposal_id", "curator_id", name=op.f("pk_approval")),
    )
    op.create_index("ix_approval_curator_id", "approval", ["curator_id"])


def _create_revisions() -> None:
    op.create_table(
        "revision",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("card", sa.Text(), nullable=True),
        sa.Column("sources", sa.Text(), nullable=False),
        sa.Column("author_id", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("bundled", sa.Text(), nullable=True),
        sa.CheckConstraint("(kind = 'bundled') = (card IS NULL)", name=op.f("ck_revision_card")),
        sa.CheckConstraint("kind IN ('published', 'withdrawn', 'bundled')", name=op.f("ck_revision_kind")),
        sa.CheckConstraint("number > 0", name=op.f("ck_revision_number")),
        sa.PrimaryKeyConstraint("guild_id", "card_id", "number", name=op.f("pk_revision")),
    )
    op.create_index("ix_revision_author_id", "revision", ["author_id"])
    op.create_table(
        "signature",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("position", sa.SmallInteger(), nullable=False),
        sa.Column("curator_id", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id", "card_id", "number"],
            ["revision.guild_id", "revision.card_id", "revision.number"],
            name=op.f("fk_signature_guild_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("guild_id", "card_id", "number", "position", name=op.f("pk_signature")),
    )
    op.create_index("ix_signature_curator_id", "signature", ["curator_id"])


def _create_reports_and_alerts() -> None:
    op.create_table(
        "report",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.CheckConstraint("status IN ('open', 'done', 'dismissed')", name=op.f("ck_report_status")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_report")),
    )
    op.create_index("ix_report_guild_id_status_at", "report", ["guild_id", "status", "at"])
    op.create_table(
        "source_alert",
        sa.Column("id", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source_alert")),
    )
    op.create_table(
        "decision",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("alert_id", sa.Text(), nullable=False),
        sa.Column("confirmed", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(
            ["alert_id"], ["source_alert.id"], name=op.f("fk_decision_alert_id"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("guild_id", "alert_id", name=op.f("pk_decision")),
    )
    op.create_index("ix_decision_alert_id", "decision", ["alert_id"])


def _create_posted() -> None:
    op.create_table(
        "posted",
        sa.Column("message_id", sa.BigInteger(), nullable=False),
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("shape", sa.Text(), nullable=False),
        sa.Column("shown", sa.Text(), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("message_id", "card_id", name=op.f("pk_posted")),
    )
    op.create_index("ix_posted_guild_id", "posted", ["guild_id"])
    op.create_index("ix_posted_posted_at", "posted", ["posted_at"])


def _create_asked() -> None:
    op.create_table(
        "asked",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("reveal_from", sa.SmallInteger(), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.CheckConstraint("kind IN ('card', 'question')", name=op.f("ck_asked_kind")),
        sa.CheckConstraint("reveal_from > 0", name=op.f("ck_asked_reveal_from")),
        sa.PrimaryKeyConstraint("guild_id", "kind", "mark", name=op.f("pk_asked")),
    )
    op.create_table(
        "asker",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("mark", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["guild_id", "kind", "mark"],
            ["asked.guild_id", "asked.kind", "asked.mark"],
            name=op.f("fk_asker_guild_id"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("guild_id", "kind", "mark", "trace", name=op.f("pk_asker")),
    )
    op.create_index("ix_asker_asked_at", "asker", ["asked_at"])
    op.create_index("ix_asker_trace", "asker", ["trace"])
    op.create_table(
        "wish",
        sa.Column("guild_id", sa.BigInteger(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("trace", sa.Text(), nullable=False),
        sa.Column("channel_id", sa.BigInteger(), nullable=False),
        sa.Column("wished_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("guild_id", "name", "trace", name=op.f("pk_wish")),
    )
    op.create_index("ix_wish_trace", "wish", ["trace"])
    op.create_index("ix_wish_wished_at", "wish", ["wished_at"])


def _keep_lookups() -> None:
    op.create_table(
        "lookup",
        sa.Column("card_id", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("count > 0", name=op.f("ck_lookup_count")),
        sa.PrimaryKeyConstraint("card_id", name=op.f("pk_lookup")),
    )
    op.execute("INSERT INTO lookup (card_id, count) SELECT name, count FROM tally WHERE kind = 'looked up'")
    op.drop_table("tally")
