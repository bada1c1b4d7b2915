"""Starting, changing and stopping plans."""

import asyncio
from datetime import UTC, datetime, time, timedelta

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.checkins import Plan, Prompt, PromptStatus, new_id
from bot.domain.schedules import EVERY_DAY, WEEKEND, Schedule
from bot.storage import Storage
from tests.storage.examples import DAY, DUE, NOW, TUESDAY, claim, enroll, entry, first_prompt, member, plan
from tests.storage.places import Place

EVENING = Schedule(time(21), EVERY_DAY)
IN_THE_EVENING = datetime(2026, 6, 2, 19, tzinfo=UTC)


async def test_member_and_plan_come_back_as_they_went_in(storage: Storage) -> None:
    odd = Schedule(time(23, 59), WEEKEND)
    await enroll(storage, schedule=odd)
    assert await storage.members.get(1) == member()
    assert await storage.plans.active(1) == plan(schedule=odd)
    assert await storage.members.get(2) is None
    assert await storage.plans.active(2) is None


async def test_starting_twice_is_starting_once(storage: Storage, place: Place) -> None:
    await enroll(storage)
    second = await enroll(storage)
    assert await place.sql("SELECT id, status FROM prompt") == [(second.id, "due")]
    assert await place.sql("SELECT count(*) FROM plan") == [(1,)]


async def test_two_enrolments_at_once_leave_one_plan_that_runs(storage: Storage, place: Place) -> None:
    plans = [Plan(f"plan-{n}", 1, EVENING, NOW) for n in range(6)]
    await asyncio.gather(*(storage.plans.start(member(), each, first_prompt(each)) for each in plans))
    running = await storage.plans.active(1)
    assert running in plans
    assert await place.sql("SELECT plan_id, status FROM prompt") == [(running.id, "due")] if running else False


async def test_a_change_of_time_replaces_what_is_due(storage: Storage) -> None:
    old = await enroll(storage)
    new = await enroll(storage, schedule=EVENING)
    assert await storage.prompts.get(old.id) is None
    assert await storage.prompts.get(new.id) == new
    assert await storage.prompts.next_due() == first_prompt(plan(schedule=EVENING)).due_at


async def test_starting_again_makes_an_unreachable_member_reachable(storage: Storage) -> None:
    await enroll(storage)
    await storage.members.set_unreachable(1, NOW)
    assert await storage.prompts.next_due() is None
    await enroll(storage)
    kept = await storage.members.get(1)
    assert kept is not None
    assert kept.unreachable_since is None
    assert len(await claim(storage)) == 1


async def test_fault_48_a_date_that_is_used_up_gets_no_second_prompt(storage: Storage, place: Place) -> None:
    """The service read `last_occurrence` before the claim, and wants the evening of a day that had its morning."""
    await enroll(storage)
    await claim(storage)
    wanted = await enroll(storage, schedule=EVENING, now=DUE)
    assert wanted.local_date == TUESDAY
    assert await storage.prompts.get(wanted.id) is None
    assert await storage.prompts.next_due() == IN_THE_EVENING + DAY
    assert await place.sql("SELECT local_date, status FROM prompt ORDER BY due_at") == [
        ("2026-06-02", "sending"),
        ("2026-06-03", "due"),
    ]


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
async def test_fault_48_a_change_of_zone_at_the_moment_of_a_claim_never_doubles_a_date(
    storage: Storage, place: Place, zone: str
) -> None:
    members = range(10)
    for member_id in members:
        await enroll(storage, member_id)
    changes = [enroll(storage, member_id, zone=zone, now=DUE, not_before=TUESDAY) for member_id in members]
    await asyncio.gather(*(claim(storage, limit=3) for _ in range(5)), *changes)
    await claim(storage)
    doubled = "SELECT plan_id FROM prompt GROUP BY plan_id, local_date HAVING count(*) > 1"
    assert await place.sql(doubled) == []
    due = "SELECT plan_id FROM prompt WHERE status = 'due' GROUP BY plan_id HAVING count(*) = 1"
    assert len(await place.sql(due)) == len(members)


async def test_a_stopped_plan_prompts_no_more_and_keeps_its_entries(storage: Storage) -> None:
    prompt = await enroll(storage)
    await claim(storage)
    recorded, _ = await storage.entries.record(entry(prompt))
    await storage.plans.stop("plan-1", NOW + DAY)
    assert await storage.plans.active(1) is None
    assert await storage.prompts.next_due() is None
    assert await claim(storage, DUE + DAY) == []
    assert await storage.entries.of_prompt(prompt.id) == recorded


async def test_a_stopped_plan_can_start_again(storage: Storage) -> None:
    await enroll(storage)
    await storage.plans.stop("plan-1", NOW)
    await enroll(storage)
    assert await storage.plans.active(1) == plan()
    assert len(await claim(storage)) == 1


async def test_a_prompt_that_a_member_started_stands_beside_the_scheduled_one(storage: Storage) -> None:
    await enroll(storage)
    await claim(storage)
    own = [Prompt(new_id(), "plan-1", 1, TUESDAY, DUE, PromptStatus.SENT, scheduled=False) for _ in range(2)]
    for prompt in own:
        await storage.prompts.add(prompt)
        assert await storage.prompts.get(prompt.id) == prompt
    assert await claim(storage, DUE + timedelta(seconds=30)) == []


async def test_a_prompt_of_nobody_is_refused(storage: Storage) -> None:
    await enroll(storage)
    for member_id, plan_id in ((99, "plan-1"), (1, "plan-99")):
        prompt = Prompt(new_id(), plan_id, member_id, TUESDAY, DUE, PromptStatus.SENT, scheduled=False)
        with pytest.raises(IntegrityError):
            await storage.prompts.add(prompt)


async def test_the_schema_refuses_what_no_plan_can_be(storage: Storage, place: Place) -> None:
    await enroll(storage)
    for table, change in (
        ("prompt", "status = 'lost'"),
        ("prompt", "status = 'sending'"),  # without a lease
        ("prompt", "attempts = -1"),
        ("plan", "days = 0"),
        ("plan", "at = 1440"),
        ("member", "consent_version = 0"),
    ):
        with pytest.raises(IntegrityError):
            await place.sql(f"UPDATE {table} SET {change}")  # noqa: S608 - our own text
