"""The tables of curation: what communities decided about their cards, and what their members looked for in vain.

Nothing here hangs off `member`, for most of these people never opted in to anything. What names a person is made with
one of three functions, which say what becomes of it when that person is erased (see `erasure`).
"""

from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
)

from bot.domain.curation import AskedKind, ProposalStatus, ReportStatus, RevisionKind
from bot.storage.tables import Instant, Snowflake, metadata, one_of

NAMES_ACTOR = "names who acted"
NAMES_APPROVER = "names who approved"
TRACES = "traces a person"


def _actor(name: str) -> Column[int]:
    """Who did it. The row is the community's history and stays; after their erasure it names nobody."""
    return Column(name, BigInteger, info={NAMES_ACTOR: True})


def _approver(*, key: bool = False) -> Column[int]:
    """Who approved. The row says nothing else, so it goes with them."""
    return Column("curator_id", BigInteger, primary_key=key, nullable=False, info={NAMES_APPROVER: True})


def _trace(*, key: bool = True) -> Column[str]:
    """A mark of a person, without their id. The row is theirs alone and goes with them."""
    return Column("trace", Text, primary_key=key, nullable=not key, info={TRACES: True})


def _guild_id(*, key: bool = False) -> Column[int]:
    return Column("guild_id", BigInteger, primary_key=key, nullable=False)


def marked(mark: str) -> list[Column[Any]]:
    """Every column that was made to be forgotten in that way."""
    return [column for table in metadata.sorted_tables for column in table.columns if column.info.get(mark)]


communities = Table(
    "community",
    metadata,
    Column("guild_id", Snowflake, primary_key=True, autoincrement=False),
    Column("settings", Text, nullable=False),  # JSON
    Column("digested_at", Instant),
)

events = Table(
    "event",
    metadata,
    Column("id", Text, primary_key=True),
    _guild_id(),
    Column("at", Instant, nullable=False),
    _actor("actor_id"),
    Column("action", Text, nullable=False),
    Column("subject", Text, nullable=False),
    Column("detail", Text, nullable=False),
)
Index("ix_event_guild_id_at", events.c.guild_id, events.c.at)
Index("ix_event_at", events.c.at)
Index("ix_event_actor_id", events.c.actor_id)

proposals = Table(
    "proposal",
    metadata,
    Column("id", Text, primary_key=True),
    _guild_id(),
    Column("card_id", Text, nullable=False),
    _actor("author_id"),
    Column("status", Text, nullable=False),
    Column("manuscript", Text, nullable=False),  # JSON
    Column("base", Text),  # JSON
    Column("base_number", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("why", Text, nullable=False),
    Column("reply", Text, nullable=False),
    Column("channel_id", BigInteger),
    Column("message_id", BigInteger),
    one_of("status", ProposalStatus),
    CheckConstraint("base_number >= 0", "base_number"),
)
Index("ix_proposal_guild_id_status_changed_at", proposals.c.guild_id, proposals.c.status, proposals.c.changed_at)
Index("ix_proposal_author_id_guild_id", proposals.c.author_id, proposals.c.guild_id)

approvals = Table(
    "approval",
    metadata,
    Column("proposal_id", Text, ForeignKey("proposal.id", ondelete="CASCADE"), primary_key=True),
    _approver(key=True),
    Column("at", Instant, nullable=False),
)
Index("ix_approval_curator_id", approvals.c.curator_id)

revisions = Table(
    "revision",
    metadata,
    _guild_id(key=True),
    Column("card_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("kind", Text, nullable=False),
    Column("card", Text),  # JSON
    Column("sources", Text, nullable=False),  # JSON
    _actor("author_id"),
    Column("why", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("bundled", Text),
    one_of("kind", RevisionKind),
    CheckConstraint("number > 0", "number"),
    CheckConstraint("(kind = 'bundled') = (card IS NULL)", "card"),
)
Index("ix_revision_author_id", revisions.c.author_id)

signatures = Table(
    "signature",
    metadata,
    _guild_id(key=True),
    Column("card_id", Text, primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("position", SmallInteger, primary_key=True),
    _approver(),
    ForeignKeyConstraint(
        ["guild_id", "card_id", "number"],
        ["revision.guild_id", "revision.card_id", "revision.number"],
        ondelete="CASCADE",
    ),
)
Index("ix_signature_curator_id", signatures.c.curator_id)

reports = Table(
    "report",
    metadata,
    Column("id", Text, primary_key=True),
    _guild_id(),
    Column("card_id", Text, nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    _trace(key=False),  # none on those that were made before there were any
    one_of("status", ReportStatus),
)
Index("ix_report_guild_id_status_at", reports.c.guild_id, reports.c.status, reports.c.at)
Index("ix_report_trace", reports.c.trace)

alerts = Table(
    "source_alert",
    metadata,
    Column("id", Text, primary_key=True),
    Column("source_id", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("detail", Text, nullable=False),
    Column("found_at", Instant, nullable=False),
)

decisions = Table(
    "decision",
    metadata,
    _guild_id(key=True),
    Column("alert_id", Text, ForeignKey("source_alert.id", ondelete="CASCADE"), primary_key=True),
    Column("confirmed", Boolean, nullable=False),
)
Index("ix_decision_alert_id", decisions.c.alert_id)

postings = Table(
    "posted",
    metadata,
    Column("message_id", BigInteger, primary_key=True),
    Column("card_id", Text, primary_key=True),
    _guild_id(),
    Column("channel_id", BigInteger, nullable=False),
    Column("shape", Text, nullable=False),
    Column("shown", Text, nullable=False),
    Column("posted_at", Instant, nullable=False),
)
Index("ix_posted_guild_id", postings.c.guild_id)
Index("ix_posted_posted_at", postings.c.posted_at)

# Bundled cards as messages show them: once others are bundled, nobody else has these.
shown_cards = Table(
    "shown_card",
    metadata,
    Column("fingerprint", Text, primary_key=True),
    Column("card", Text, nullable=False),  # JSON
)

# One row for each text, but the text itself only while enough different people stand beside it in `asker`.
asked = Table(
    "asked",
    metadata,
    _guild_id(key=True),
    Column("kind", Text, primary_key=True),
    Column("mark", Text, primary_key=True),
    Column("reveal_from", SmallInteger, nullable=False),
    Column("text", Text),
    one_of("kind", AskedKind),
    CheckConstraint("reveal_from > 0", "reveal_from"),
)

askers = Table(
    "asker",
    metadata,
    _guild_id(key=True),
    Column("kind", Text, primary_key=True),
    Column("mark", Text, primary_key=True),
    _trace(),
    Column("asked_at", Instant, nullable=False),
    ForeignKeyConstraint(
        ["guild_id", "kind", "mark"], ["asked.guild_id", "asked.kind", "asked.mark"], ondelete="CASCADE"
    ),
)
Index("ix_asker_trace", askers.c.trace)
Index("ix_asker_asked_at", askers.c.asked_at)

wishes = Table(
    "wish",
    metadata,
    _guild_id(key=True),
    Column("name", Text, primary_key=True),
    _trace(),
    Column("channel_id", BigInteger, nullable=False),
    Column("wished_at", Instant, nullable=False),
)
Index("ix_wish_trace", wishes.c.trace)
Index("ix_wish_wished_at", wishes.c.wished_at)
