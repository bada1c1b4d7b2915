"""The tables, the same on both engines. A change here needs a migration; a test compares the two."""

from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Dialect,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    TypeDecorator,
    text,
)

from bot.domain.checkins import EntryKind, PromptKind, PromptStatus

NAMES = {
    "pk": "pk_%(table_name)s",
    "fk": "fk_%(table_name)s_%(column_0_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
}

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Instant(TypeDecorator[datetime]):
    """An aware datetime in UTC, stored as microseconds since 1970: SQLite would lose the zone and sort text."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        del dialect
        return None if value is None else (value - _EPOCH) // _MICROSECOND  # a naive value raises TypeError here

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        del dialect
        return None if value is None else _EPOCH + value * _MICROSECOND


class LocalDate(TypeDecorator[date]):
    """A day on a member's own calendar, stored as ISO text: it sorts, and no driver shifts it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: date | None, dialect: Dialect) -> str | None:
        del dialect
        return None if value is None else value.isoformat()

    def process_result_value(self, value: str | None, dialect: Dialect) -> date | None:
        del dialect
        return None if value is None else date.fromisoformat(value)


metadata = MetaData(naming_convention=NAMES)

# INTEGER, because only that makes a primary key SQLite's own row id.
Snowflake = BigInteger().with_variant(Integer(), "sqlite")


def _member_id() -> Column[int]:
    """Erasure is this column: what points to a member goes when the member goes."""
    return Column("member_id", Snowflake, ForeignKey("member.id", ondelete="CASCADE"), nullable=False)


def one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value}'" for value in values)
    return CheckConstraint(f"{column} IN ({listed})", column)


members = Table(
    "member",
    metadata,
    Column("id", Snowflake, primary_key=True, autoincrement=False),
    Column("zone", Text, nullable=False),
    Column("consent_version", SmallInteger, nullable=False),
    Column("consented_at", Instant, nullable=False),
    Column("dm_channel_id", BigInteger, nullable=False),
    Column("unreachable_since", Instant),
    Column("preferences", LargeBinary),  # sealed; NULL until the member changes one
    # When they were told that their erasure is near. Whoever was in reach after that is to be told anew.
    Column("warned_at", Instant),
    CheckConstraint("consent_version > 0", "consent_version"),
)

UNREACHABLE = text("unreachable_since IS NOT NULL")
Index("ix_member_unreachable", members.c.id, sqlite_where=UNREACHABLE, postgresql_where=UNREACHABLE)

plans = Table(
    "plan",
    metadata,
    Column("id", Text, primary_key=True),
    _member_id(),
    Column("sealed", LargeBinary),  # what the plan is for; NULL is the daily check-in of the first release
    Column("schedule", Text, nullable=False),  # `Schedule.code`
    Column("paused_until", LocalDate),
    Column("eased_until", LocalDate),
    Column("answer_minutes", Integer, nullable=False),
    Column("nudge", Boolean, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("stopped_at", Instant),
    CheckConstraint("answer_minutes > 0", "answer_minutes"),
)
Index("ix_plan_member_id", plans.c.member_id)

RUNNING = text("stopped_at IS NULL")

prompts = Table(
    "prompt",
    metadata,
    Column("id", Text, primary_key=True),
    Column("plan_id", Text, ForeignKey("plan.id", ondelete="CASCADE"), nullable=False),
    _member_id(),
    Column("local_date", LocalDate, nullable=False),
    Column("due_at", Instant, nullable=False),
    Column("status", Text, nullable=False),
    Column("kind", Text, nullable=False),
    Column("slot", SmallInteger, nullable=False, default=0),
    Column("about", Text),  # another prompt's id; no reference, for both go when their member goes
    # A copy of "the member is unreachable" on what waits, so that the due scan never walks over paused members.
    Column("paused", Boolean, nullable=False, default=False),
    Column("lease_until", Instant),
    Column("attempts", SmallInteger, nullable=False, default=0),
    Column("message_id", BigInteger),
    Column("expires_at", Instant),
    one_of("status", PromptStatus),
    one_of("kind", PromptKind),
    CheckConstraint("attempts >= 0", "attempts"),
    # Whatever is being sent can be claimed again some day.
    CheckConstraint("(status = 'sending') = (lease_until IS NOT NULL)", "lease"),
)
Index("ix_prompt_plan_id", prompts.c.plan_id)
Index("ix_prompt_member_id", prompts.c.member_id)

# These conditions are text, and used as they are in queries too: with a bound parameter in its place neither engine
# recognises a partial index.
SCHEDULED = text("kind = 'scheduled'")
DUE = text("status = 'due'")
NEXT = text(f"{SCHEDULED.text} AND {DUE.text}")
UNANSWERED = text("status = 'sent'")
OPEN = text("status IN ('due', 'sending')")
WAITING = text(f"{OPEN.text} AND NOT paused")
Index(
    "uq_prompt_day",
    prompts.c.plan_id,
    prompts.c.local_date,
    prompts.c.slot,
    unique=True,
    sqlite_where=SCHEDULED,
    postgresql_where=SCHEDULED,
)
Index("uq_prompt_due", prompts.c.plan_id, unique=True, sqlite_where=NEXT, postgresql_where=NEXT)
Index("ix_prompt_unanswered", prompts.c.expires_at, sqlite_where=UNANSWERED, postgresql_where=UNANSWERED)
Index("ix_prompt_waiting", prompts.c.due_at, sqlite_where=WAITING, postgresql_where=WAITING)

entries = Table(
    "entry",
    metadata,
    Column("id", Text, primary_key=True),
    _member_id(),
    Column("prompt_id", Text, ForeignKey("prompt.id", ondelete="CASCADE"), nullable=False, unique=True),
    Column("local_date", LocalDate, nullable=False),
    Column("recorded_at", Instant, nullable=False),
    Column("kind", Text, nullable=False),
    Column("late", Boolean, nullable=False, default=False),
    Column("sealed", LargeBinary, nullable=False),
    one_of("kind", EntryKind),
)
Index("ix_entry_member_id_recorded_at", entries.c.member_id, entries.c.recorded_at)

marks = Table(
    "mark",
    metadata,
    Column("id", Text, primary_key=True),
    _member_id(),
    Column("sealed", LargeBinary, nullable=False),
)
Index("ix_mark_member_id", marks.c.member_id)

bot_state = Table(
    "bot_state",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
)


# One row, used on PostgreSQL alone: when the next scheduled send may begin, in seconds since 1970 by its own clock.
send_budget = Table(
    "send_budget",
    metadata,
    Column("id", SmallInteger, primary_key=True, autoincrement=False),
    Column("next_at", Double, nullable=False),
)


# How often each card was looked up. There is no column for a person, a place or a time.
lookups = Table(
    "lookup",
    metadata,
    Column("card_id", Text, primary_key=True),
    Column("count", Integer, nullable=False),
    CheckConstraint("count > 0", "count"),
)
