"""Claiming what is due: at most once, never lost, and always with a next time."""

import asyncio
import re
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.domain.checkins import PromptStatus
from bot.domain.schedules import EVERY_DAY, Moment, Schedule
from bot.storage import Storage
from bot.storage.prompts import MOST_MISSED
from tests.storage.examples import (
    DAY,
    DUE,
    HOUR,
    LEASE,
    NINE_AND_NINE,
    NOW,
    TUESDAY,
    claim,
    claim_one,
    enroll,
    entry,
    member,
    status_of,
)
from tests.storage.places import Place


async def statuses(place: Place) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in await place.sql("SELECT local_date, status FROM prompt ORDER BY due_at")]


async def test_a_due_prompt_is_claimed_once_and_the_next_one_waits(storage: Storage, place: Place) -> None:
    await enroll(storage)
    assert await claim(storage, DUE - LEASE) == []
    [delivery] = await claim(storage)
    assert (delivery.prompt.status, delivery.channel_id) == (PromptStatus.SENDING, member().dm_channel_id)
    assert await storage.prompts.get(delivery.prompt.id) == delivery.prompt
    assert await claim(storage) == []
    assert await storage.prompts.next_due() == DUE + DAY
    assert await statuses(place) == [("2026-06-02", "sending"), ("2026-06-03", "due")]


async def test_fault_01_a_claim_without_an_outcome_is_claimed_again_after_its_lease(
    storage: Storage, place: Place
) -> None:
    await enroll(storage)
    first = await claim(storage)
    assert await claim(storage, DUE + LEASE - timedelta(seconds=1)) == []
    again = await claim(storage, DUE + LEASE)
    assert [delivery.prompt for delivery in again] == [delivery.prompt for delivery in first]
    assert [delivery.attempt for delivery in first + again] == [1, 2]
    assert await place.sql("SELECT attempts FROM prompt WHERE status = 'sending'") == [(2,)]
    assert await storage.prompts.next_due() == DUE + DAY  # and there is still one next prompt


async def test_fault_22_two_claimers_at_once_share_without_overlap(storage: Storage) -> None:
    for member_id in range(40):
        await enroll(storage, member_id)
    batches = await asyncio.gather(*(claim(storage, limit=7) for _ in range(8)))
    claimed = [delivery.prompt.id for batch in batches for delivery in batch]
    claimed += [delivery.prompt.id for delivery in await claim(storage)]
    assert len(claimed) == len(set(claimed)) == 40


async def test_a_claim_takes_the_oldest_first_and_no_more_than_asked(storage: Storage) -> None:
    for member_id, minute in ((1, 30), (2, 10), (3, 20)):
        await enroll(storage, member_id, schedule=Schedule.daily(time(9, minute)))
    batch = await claim(storage, DUE + timedelta(hours=1), limit=2)
    assert [delivery.prompt.member_id for delivery in batch] == [2, 3]


@contextmanager
def noted_statements() -> Generator[list[str]]:
    """What is sent to any database meanwhile. One executemany is one statement."""
    statements: list[str] = []

    def note(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
        statements.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_claiming_many_takes_a_handful_of_statements(storage: Storage) -> None:
    for member_id in range(30):
        await enroll(storage, member_id)
    with noted_statements() as statements:
        assert len(await claim(storage)) == 30
    assert len(statements) <= 4


IDLE = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)"
IDLE_PLANS = (
    "INSERT INTO plan (id, member_id, schedule, answer_minutes, nudge, created_at) "  # noqa: S608 - our own text
    f"{IDLE} SELECT 'idle-' || i, 1, 'w7f@0900', 720, false, 0 FROM n"
)
IDLE_PROMPTS = (
    "INSERT INTO prompt "  # noqa: S608 - our own text
    "(id, plan_id, member_id, local_date, due_at, status, kind, slot, paused, attempts, expires_at) "
    f"{IDLE} SELECT status || '-' || i, 'idle-' || i, 1, local_date, due_at + i, status, 'scheduled', 0, false, 0, 0"
    " FROM n, (SELECT 'answered' AS status, '2026-01-01' AS local_date, 0 AS due_at"
    " UNION ALL SELECT 'due', '2999-01-01', 32500000000000000) AS kept"
)


async def steps_of(place: Place, statement: str) -> str:
    """How an engine goes about a statement; the values do not matter."""
    if place.url is None:
        found = await place.sql(f"EXPLAIN QUERY PLAN {statement.replace('?', '1')}")
        return "\n".join(row[3] for row in found)
    found = await place.sql("EXPLAIN " + re.sub(r"\$\d+(::\w+)?", "'1'", statement))
    return "\n".join(row[0] for row in found)


async def test_what_is_done_on_every_beat_reads_an_index_and_not_what_is_idle(storage: Storage, place: Place) -> None:
    await enroll(storage)
    for statement in (IDLE_PLANS, IDLE_PROMPTS, *(["ANALYZE"] if place.url else [])):  # as each is found in real life
        await place.sql(statement)
    with noted_statements() as statements:
        await storage.prompts.claim_due(NOW, NOW, NOW, 100)
        await storage.prompts.next_due()
        await storage.prompts.expire(NOW)
        await storage.prompts.last_key("plan-1")
    indexes = ["ix_prompt_waiting", "ix_prompt_waiting", "ix_prompt_unanswered", "uq_prompt_day"]
    used = [await steps_of(place, statement) for statement in statements if " prompt" in statement]
    for steps, index in zip(used, indexes, strict=True):
        assert index in steps
        assert not re.search(r"SCAN \w+$|B-TREE|Seq Scan on (prompt|plan)|Sort", steps, re.MULTILINE)


async def test_fault_46_a_clock_set_back_waits(storage: Storage) -> None:
    await enroll(storage)
    await claim(storage)
    assert await claim(storage, DUE - DAY) == []
    assert await claim(storage, datetime(1970, 1, 1, tzinfo=UTC)) == []


async def test_fault_47_after_three_days_off_all_is_missed_and_the_next_is_in_the_future(
    storage: Storage, place: Place
) -> None:
    for member_id in range(12):
        await enroll(storage, member_id)
    back = DUE + 3 * DAY + timedelta(hours=3)
    assert await claim(storage, back, limit=5) == []  # not merely the first five: nothing is due any more
    missed = [(f"2026-06-0{day}", "missed") for day in (2, 3, 4, 5)]
    assert set(await statuses(place)) == {*missed, ("2026-06-06", "due")}
    assert len(await statuses(place)) == 12 * 5
    assert await storage.prompts.next_due() == DUE + 4 * DAY


async def test_fault_47_late_but_not_stale_is_delivered_among_the_missed(storage: Storage) -> None:
    for member_id, hour in ((1, 3), (2, 4), (3, 9)):
        await enroll(storage, member_id, schedule=Schedule.daily(time(hour)))
    [delivery] = await claim(storage, DUE + timedelta(hours=1), limit=1)
    assert delivery.prompt.member_id == 3


@pytest.mark.parametrize(
    ("minutes", "at_nine", "then"),
    [((0,), "sending", DUE + 4 * DAY), ((0, 30, 720), "sending", DUE + 3 * DAY + 12 * HOUR)],
    ids=["once a day", "three times a day"],
)
async def test_fault_47_back_an_hour_late_after_three_days_one_is_sent_and_the_rest_is_missed(
    storage: Storage, place: Place, minutes: tuple[int, ...], at_nine: str, then: datetime
) -> None:
    moments = tuple(Moment(time(9 + minute // 60, minute % 60)) for minute in minutes)
    await enroll(storage, schedule=Schedule(moments, EVERY_DAY), now=DUE - HOUR)
    back = DUE + 3 * DAY + HOUR
    [prompt] = [delivery.prompt for _ in range(3) for delivery in await claim(storage, back)]
    assert (prompt.due_at, prompt.slot) == (DUE + 3 * DAY, 0)
    assert await storage.prompts.next_due() == then
    assert len(await place.sql("SELECT DISTINCT local_date, slot FROM prompt")) == len(await statuses(place))
    over = [status for day, status in await statuses(place) if day == "2026-06-05" and status != "due"]
    assert over == [at_nine] + ["missed"] * (len(minutes) > 1)
    days = {day: status for day, status in await statuses(place) if day < "2026-06-05"}
    assert days == dict.fromkeys(("2026-06-02", "2026-06-03", "2026-06-04"), "missed")


async def test_a_year_off_leaves_no_more_than_the_latest_misses(storage: Storage, place: Place) -> None:
    await enroll(storage)
    assert await claim(storage, DUE + 365 * DAY + 3 * HOUR) == []
    found = await statuses(place)
    assert found[0] == ("2026-06-02", "missed")
    assert [day for day, _ in found[-2:]] == ["2027-06-02", "2027-06-03"]
    assert len(found) == 1 + MOST_MISSED + 1


async def test_two_times_a_day_are_claimed_each_once_on_one_date(storage: Storage, place: Place) -> None:
    await enroll(storage, schedule=NINE_AND_NINE, now=DUE - HOUR)
    for due in (DUE, DUE + 12 * HOUR, DUE + DAY):
        assert await storage.prompts.next_due() == due
        assert len(await claim(storage, due)) == 1
        assert await claim(storage, due) == []
    keys = await place.sql("SELECT local_date, slot FROM prompt ORDER BY due_at")
    assert keys == [("2026-06-02", 0), ("2026-06-02", 1), ("2026-06-03", 0), ("2026-06-03", 1)]


async def test_a_lease_that_ran_out_long_ago_is_not_fresh_any_more(storage: Storage) -> None:
    await enroll(storage)
    prompt = await claim_one(storage)
    later = DUE + timedelta(hours=3)
    [delivery] = await storage.prompts.claim_due(later, later + LEASE, later - timedelta(hours=2), 9)
    assert (delivery.prompt.id, delivery.attempt, delivery.fresh) == (prompt.id, 2, False)
    await storage.prompts.mark_missed(prompt.id)
    assert await status_of(storage, prompt) is PromptStatus.MISSED


async def test_fault_45_time_zones_that_changed_move_what_is_due_and_double_nothing(
    storage: Storage, place: Place
) -> None:
    """As if the data had said until yesterday that Vancouver is an hour off."""
    for member_id in range(1, 6):
        await enroll(storage, member_id, zone="America/Vancouver" if member_id < 4 else "Europe/Berlin")
    before = await place.sql("SELECT id, due_at, expires_at FROM prompt ORDER BY id")
    hour = 3600 * 1_000_000
    await place.sql(
        f"UPDATE prompt SET due_at = due_at + {hour}, expires_at = expires_at + {hour}"  # noqa: S608 - our own number
        " WHERE member_id IN (SELECT id FROM member WHERE zone = 'America/Vancouver')"
    )
    assert await storage.prompts.move_with_zones("") == (3, None)
    assert await place.sql("SELECT id, due_at, expires_at FROM prompt ORDER BY id") == before
    assert await storage.prompts.move_with_zones("") == (0, None)


@pytest.mark.parametrize(
    ("zone", "at", "dues"),
    [
        # 02:30 does not exist on 29 March in Berlin, and happens twice on 25 October: an hour later, and the first.
        ("Europe/Berlin", time(2, 30), ["2026-03-28T01:30Z", "2026-03-29T01:30Z", "2026-03-30T00:30Z"]),
        ("Europe/Berlin", time(2, 30), ["2026-10-24T00:30Z", "2026-10-25T00:30Z", "2026-10-26T01:30Z"]),
        # Lord Howe moves by half an hour, at 02:00 on 4 October.
        ("Australia/Lord_Howe", time(2, 15), ["2026-10-02T15:45Z", "2026-10-03T15:45Z", "2026-10-04T15:15Z"]),
    ],
    ids=["gap", "fold", "half-hour"],
)
async def test_fault_44_the_next_prompt_keeps_the_members_clock(
    storage: Storage, zone: str, at: time, dues: list[str]
) -> None:
    moments = [datetime.fromisoformat(due) for due in dues]
    await enroll(storage, zone=zone, schedule=Schedule.daily(at), now=moments[0] - HOUR)
    for moment in moments:
        assert await storage.prompts.next_due() == moment
        assert len(await claim(storage, moment)) == 1


async def test_the_prompts_of_an_unreachable_member_wait_until_they_are_reachable(storage: Storage) -> None:
    await enroll(storage, 1)
    await enroll(storage, 2)
    await storage.members.set_unreachable(1, NOW)
    assert [delivery.prompt.member_id for delivery in await claim(storage)] == [2]
    assert await storage.prompts.next_due() == DUE + DAY  # of member 2
    await storage.members.set_unreachable(1, None)
    assert [delivery.prompt.member_id for delivery in await claim(storage)] == [1]


async def test_a_prompt_in_flight_is_not_sent_again_to_a_member_found_unreachable(storage: Storage) -> None:
    await enroll(storage)
    prompt = await claim_one(storage)
    await storage.prompts.mark_undeliverable(prompt.id)
    await storage.members.set_unreachable(1, DUE)
    assert await claim(storage, DUE + DAY) == []
    assert await status_of(storage, prompt) is PromptStatus.UNDELIVERABLE


async def test_delivery_is_recorded_with_its_message(storage: Storage) -> None:
    await enroll(storage)
    prompt = await claim_one(storage)
    await storage.prompts.mark_sent(prompt.id, 77)
    kept = await storage.prompts.get(prompt.id)
    assert kept is not None
    assert (kept.status, kept.message_id) == (PromptStatus.SENT, 77)
    assert await claim(storage, DUE + LEASE) == []


async def test_an_answer_that_overtakes_the_delivery_stays(storage: Storage) -> None:
    await enroll(storage)
    prompt = await claim_one(storage)
    await storage.entries.record(entry(prompt))
    await storage.prompts.mark_sent(prompt.id, 77)
    kept = await storage.prompts.get(prompt.id)
    assert kept is not None
    assert (kept.status, kept.message_id) == (PromptStatus.ANSWERED, 77)


async def test_a_sent_prompt_is_settled_once(storage: Storage) -> None:
    await enroll(storage)
    prompt = await claim_one(storage)
    assert await storage.prompts.settle(prompt.id, PromptStatus.SKIPPED)
    assert not await storage.prompts.settle(prompt.id, PromptStatus.SKIPPED)
    assert not await storage.prompts.settle("no such prompt", PromptStatus.SKIPPED)


async def test_the_last_key_says_what_is_used_up(storage: Storage) -> None:
    await enroll(storage)
    assert await storage.prompts.last_key("plan-1") is None
    await claim(storage)
    assert await storage.prompts.last_key("plan-1") == (TUESDAY, 0)
    await claim(storage, DUE + DAY)
    assert await storage.prompts.last_key("plan-1") == (date(2026, 6, 3), 0)
