"""Claiming what is due: at most once, never lost, and always with a next time."""

import asyncio
from collections.abc import Generator
from contextlib import contextmanager
from datetime import UTC, date, datetime, time, timedelta

import pytest
from sqlalchemy import event
from sqlalchemy.engine import Engine

from bot.domain.checkins import PromptStatus
from bot.domain.schedules import EVERY_DAY, Occurrence, Schedule
from bot.storage import Storage
from tests.storage.examples import DAY, DUE, LEASE, NOW, TUESDAY, claim, enroll, entry, member
from tests.storage.places import Place


async def statuses(place: Place) -> list[tuple[str, str]]:
    return [(row[0], row[1]) for row in await place.sql("SELECT local_date, status FROM prompt ORDER BY due_at")]


async def test_a_due_prompt_is_claimed_once_and_the_next_one_waits(storage: Storage, place: Place) -> None:
    prompt = await enroll(storage)
    assert await claim(storage, DUE - LEASE) == []
    [delivery] = await claim(storage)
    assert (delivery.prompt.id, delivery.prompt.status) == (prompt.id, PromptStatus.SENDING)
    assert delivery.channel_id == member().dm_channel_id
    assert await storage.prompts.get(prompt.id) == delivery.prompt
    assert await claim(storage) == []
    assert await storage.prompts.next_due() == DUE + DAY
    assert await statuses(place) == [("2026-06-02", "sending"), ("2026-06-03", "due")]


async def test_fault_01_a_claim_without_an_outcome_is_claimed_again_after_its_lease(
    storage: Storage, place: Place
) -> None:
    await enroll(storage)
    first = await claim(storage)
    assert await claim(storage, DUE + LEASE - timedelta(seconds=1)) == []
    assert await claim(storage, DUE + LEASE) == first
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
        await enroll(storage, member_id, schedule=Schedule(time(9, minute), EVERY_DAY))
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


async def test_the_due_scan_reads_an_index_of_what_waits(sqlite_place: Place) -> None:
    storage = await sqlite_place.open()
    with noted_statements() as statements:
        await claim(storage)
        await storage.prompts.next_due()
    await storage.close()
    queries = [statement for statement in statements if statement.startswith("SELECT")]
    assert len(queries) == 2
    for query in queries:
        steps = [row[3] for row in await sqlite_place.sql(f"EXPLAIN QUERY PLAN {query.replace('?', '1')}")]
        assert "ix_prompt_waiting" in steps[0]
        assert all("USING" in step for step in steps), steps  # every table by index, none scanned


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
    assert set(await statuses(place)) == {("2026-06-02", "missed"), ("2026-06-06", "due")}
    assert await storage.prompts.next_due() == DUE + 4 * DAY


async def test_fault_47_late_but_not_stale_is_delivered_among_the_missed(storage: Storage) -> None:
    for member_id, hour in ((1, 3), (2, 4), (3, 9)):
        await enroll(storage, member_id, schedule=Schedule(time(hour), EVERY_DAY))
    [delivery] = await claim(storage, DUE + timedelta(hours=1), limit=1)
    assert delivery.prompt.member_id == 3


async def test_a_lease_that_ran_out_long_ago_is_missed_not_sent(storage: Storage) -> None:
    prompt = await enroll(storage)
    await claim(storage)
    assert await claim(storage, DUE + timedelta(hours=3)) == []
    kept = await storage.prompts.get(prompt.id)
    assert kept is not None
    assert kept.status is PromptStatus.MISSED


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
    await enroll(storage, zone=zone, schedule=Schedule(at, EVERY_DAY), now=moments[0] - timedelta(hours=1))
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
    prompt = await enroll(storage)
    await claim(storage)
    await storage.prompts.mark_undeliverable(prompt.id)
    await storage.members.set_unreachable(1, DUE)
    assert await claim(storage, DUE + DAY) == []
    kept = await storage.prompts.get(prompt.id)
    assert kept is not None
    assert kept.status is PromptStatus.UNDELIVERABLE


async def test_a_claimed_prompt_of_a_plan_that_was_stopped_is_not_sent_again(storage: Storage, place: Place) -> None:
    await enroll(storage)
    await claim(storage)
    await storage.plans.stop("plan-1", DUE)
    assert await claim(storage, DUE + LEASE) == []
    assert await statuses(place) == [("2026-06-02", "missed")]
    assert await storage.prompts.next_due() is None


async def test_delivery_is_recorded_with_its_message(storage: Storage) -> None:
    prompt = await enroll(storage)
    await claim(storage)
    await storage.prompts.mark_sent(prompt.id, 77)
    kept = await storage.prompts.get(prompt.id)
    assert kept is not None
    assert (kept.status, kept.message_id) == (PromptStatus.SENT, 77)
    assert await claim(storage, DUE + LEASE) == []


async def test_an_answer_that_overtakes_the_delivery_stays(storage: Storage) -> None:
    prompt = await enroll(storage)
    await claim(storage)
    await storage.entries.record(entry(prompt))
    await storage.prompts.mark_sent(prompt.id, 77)
    kept = await storage.prompts.get(prompt.id)
    assert kept is not None
    assert (kept.status, kept.message_id) == (PromptStatus.ANSWERED, 77)


async def test_a_sent_prompt_is_settled_once(storage: Storage) -> None:
    prompt = await enroll(storage)
    assert not await storage.prompts.settle(prompt.id, PromptStatus.SKIPPED)  # not sent yet
    await claim(storage)
    assert await storage.prompts.settle(prompt.id, PromptStatus.SKIPPED)
    assert not await storage.prompts.settle(prompt.id, PromptStatus.SKIPPED)
    assert not await storage.prompts.settle("no such prompt", PromptStatus.SKIPPED)


async def test_the_last_occurrence_is_the_date_that_is_used_up(storage: Storage) -> None:
    await enroll(storage)
    assert await storage.prompts.last_occurrence("plan-1") is None
    await claim(storage)
    assert await storage.prompts.last_occurrence("plan-1") == Occurrence(TUESDAY, DUE)
    await claim(storage, DUE + DAY)
    assert await storage.prompts.last_occurrence("plan-1") == Occurrence(date(2026, 6, 3), DUE + DAY)
