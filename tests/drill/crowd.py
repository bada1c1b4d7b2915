"""A crowd of members with one check-in each, written in bulk: one after another would take longer than the drill."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

from sqlalchemy import Table
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checkins import Prompt, PromptStatus, new_id
from bot.domain.members import Member
from bot.domain.plans import CheckIn, Timetable
from bot.domain.schedules import Schedule
from bot.storage.engine import Database
from bot.storage.sealing import new_key, seal
from bot.storage.tables import members, plans, prompts
from bot.storage.vault import member_key
from tests.storage.places import Place

FIRST_MEMBER = 10_000
AT_ONCE = 2000
OVERDUE = timedelta(minutes=1)

Row = dict[str, Any]


@dataclass(frozen=True)
class Asked:
    """One prompt of the crowd and where it goes."""

    id: str
    channel: int


def _no_channel(member_id: int) -> int:
    return member_id + 1


def _plan_row(plan_id: str, member_id: int, schedule: Schedule, key: bytes, at: datetime) -> Row:
    sealed = seal(key, f"member:{member_id}:plan:{plan_id}", CheckIn().model_dump_json().encode())
    minutes = Timetable(schedule).answer_within // timedelta(minutes=1)
    row = {"id": plan_id, "member_id": member_id, "sealed": sealed, "schedule": schedule.code, "created_at": at}
    return row | {"answer_minutes": minutes, "nudge": False, "paused_until": None, "eased_until": None}


async def fill(
    place: Place,
    count: int,
    *,
    overdue: Callable[[int], timedelta] = lambda _n: OVERDUE,
    channel: Callable[[int], int] = _no_channel,
    first: int = FIRST_MEMBER,
    now: datetime | None = None,
) -> list[Asked]:
    """`count` members, the nth of whom has a prompt that is overdue by `overdue(n)`."""
    await (await place.open()).close()
    now, master = now or datetime.now(UTC), place.key_file.read_bytes()
    keys, people, planned, asked = list[Row](), list[Row](), list[Row](), list[Prompt]()
    for n in range(count):
        member_id, key, plan_id = first + n, new_key(), new_id()
        due = (now - overdue(n)).replace(second=0, microsecond=0)
        keys.append({"member_id": member_id, "wrapped": seal(master, f"member:{member_id}:key", key)})
        people.append(asdict(Member(member_id, "UTC", 1, due, channel(member_id))))
        planned.append(_plan_row(plan_id, member_id, Schedule.daily(time(due.hour, due.minute)), key, due))
        expires = due + timedelta(hours=12)
        asked.append(Prompt(new_id(), plan_id, member_id, due.date(), due, PromptStatus.DUE, expires_at=expires))
    await _insert(place.vault(), [(member_key, keys)])
    await _insert(place.database(), [(members, people), (plans, planned), (prompts, [asdict(each) for each in asked])])
    return [Asked(each.id, person["dm_channel_id"]) for each, person in zip(asked, people, strict=True)]


async def _insert(db: Database, parts: Sequence[tuple[Table, list[Row]]]) -> None:
    async def work(connection: AsyncConnection) -> None:
        for table, rows in parts:
            for start in range(0, len(rows), AT_ONCE):
                await connection.execute(table.insert(), rows[start : start + AT_ONCE])

    try:
        await db.write(work)
    finally:
        await db.close()


async def unsettled(place: Place) -> int:
    """How many prompts are neither delivered nor visibly given up although their time has come."""
    now = (datetime.now(UTC) - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)
    waiting = "SELECT count(*) FROM prompt WHERE status IN ('due', 'sending')"
    [[count]] = await place.sql(f"{waiting} AND due_at <= {now}")
    return count


@dataclass(frozen=True)
class Outcome:
    """What became of a crowd's prompts, by the server's messages and by our own rows.

    `lost` are neither in the channel nor marked as missed; `doubled` are there twice; `wrong` say that they were sent
    and were not, or the other way round.
    """

    sent: int
    missed: int
    retried: int
    lost: list[str]
    doubled: list[str]
    wrong: list[str]

    @property
    def bad(self) -> list[str]:
        return self.lost + self.doubled + self.wrong


async def outcome(place: Place, asked: Sequence[Asked], messages: Callable[[int], list[Any]]) -> Outcome:
    """Count the messages that carry each prompt's id, and hold them against the rows."""
    rows = {row[0]: row[1:] for row in await place.sql("SELECT id, status, message_id, attempts FROM prompt")}
    there = {each.id: [m for m in messages(each.channel) if each.id in str(m["components"])] for each in asked}
    states = {each.id: rows[each.id] for each in asked}
    sent = {name for name, (status, _, _) in states.items() if status == "sent"}
    given_up = {name for name, (status, _, _) in states.items() if status == "missed"}
    right = {name for name in sent if [int(m["id"]) for m in there[name]] == [states[name][1]]}
    return Outcome(
        sent=len(sent),
        missed=len(given_up),
        retried=sum(attempts > 1 for _, _, attempts in states.values()),
        lost=[name for name, found in there.items() if not found and name not in given_up],
        doubled=[name for name, found in there.items() if len(found) > 1],
        wrong=[name for name, found in there.items() if found and name not in right],
    )
