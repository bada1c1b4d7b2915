"""Databases with very many members, each with a plan and its next prompt, written straight into the tables.

The stores write one member at a time, durably; a million of those take most of an hour. The rows are those the stores
would leave behind. No member gets a key: none of their plans is sealed, so nothing ever asks for one.
"""

import asyncio
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

from bot.domain.schedules import Schedule
from bot.storage import locate, upgrade
from bot.storage.connect import file_of

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FIRST_MEMBER = 10**17
IDLE_FOR = timedelta(days=60)


@dataclass(frozen=True)
class Crowd:
    """So many members. `due` of them, evenly spread, have a prompt at `due_at`; all others long after it.

    They take turns in `channels`; nobody is ever sent anything where there are none.
    """

    members: int
    due_at: datetime
    due: int = 0
    channels: Sequence[int] = (1,)


def fill(data_dir: Path, crowd: Crowd) -> Path:
    """Make the database of a bot; returns its file."""
    location = locate(None, data_dir)
    asyncio.run(upgrade(location))
    with closing(sqlite3.connect(file_of(location), isolation_level=None)) as file:
        file.execute("PRAGMA journal_mode=OFF")
        file.execute("PRAGMA synchronous=OFF")
        file.execute("PRAGMA cache_size=-500000")
        file.execute("BEGIN")
        for table, columns, rows in _tables(crowd):
            marks = ", ".join("?" * len(columns))
            file.executemany(f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})", rows)  # noqa: S608
        file.execute("COMMIT")
        file.execute("PRAGMA journal_mode=WAL")
    return file_of(location)


def mark_all_sent(file: Path) -> None:
    """What the dispatcher does one by one, so that the next round finds only what is newly due."""
    with closing(sqlite3.connect(file, timeout=30)) as connection, connection:
        connection.execute("UPDATE prompt SET status='sent', lease_until=NULL, message_id=1 WHERE status='sending'")


def count_sent(file: Path) -> int:
    with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True, timeout=30)) as connection:
        return int(connection.execute("SELECT count(*) FROM prompt WHERE status='sent'").fetchone()[0])


def _tables(crowd: Crowd) -> Iterator[tuple[str, Sequence[str], Iterator[tuple[Any, ...]]]]:
    now, numbers = _instant(crowd.due_at - timedelta(days=30)), range(crowd.members)
    yield (
        "member",
        ("id", "zone", "consent_version", "consented_at", "dm_channel_id"),
        ((FIRST_MEMBER + n, "UTC", 1, now, crowd.channels[n % len(crowd.channels)]) for n in numbers),
    )
    schedule = Schedule.daily(time(crowd.due_at.hour, crowd.due_at.minute)).code
    yield (
        "plan",
        ("id", "member_id", "schedule", "answer_minutes", "nudge", "created_at"),
        ((_plan(n), FIRST_MEMBER + n, schedule, 720, False, now) for n in numbers),
    )
    yield (
        "prompt",
        (
            "id",
            "plan_id",
            "member_id",
            "local_date",
            "due_at",
            "expires_at",
            "status",
            "kind",
            "slot",
            "paused",
            "attempts",
        ),
        _prompts(crowd),
    )


def _prompts(crowd: Crowd) -> Iterator[tuple[Any, ...]]:
    every = crowd.members // crowd.due if crowd.due else crowd.members + 1
    later = crowd.due_at + IDLE_FOR
    moments = [(moment.date().isoformat(), _instant(moment)) for moment in (crowd.due_at, later)]
    half_a_day = timedelta(hours=12) // timedelta(microseconds=1)
    for n in range(crowd.members):
        day, at = moments[n % every != 0 or crowd.due == 0]
        yield f"{n:016x}", _plan(n), FIRST_MEMBER + n, day, at, at + half_a_day, "due", "scheduled", 0, False, 0


def _plan(number: int) -> str:
    return f"{number + 2**60:016x}"


def _instant(moment: datetime) -> int:
    return (moment - EPOCH) // timedelta(microseconds=1)
