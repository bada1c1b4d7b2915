"""Starting, changing and stopping plans."""

import asyncio
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy.exc import IntegrityError

from bot.domain.plans import CheckIn, Digest, FlareQuestion, Purpose, Reminder, Timetable
from bot.domain.questionnaires import Question, YesNo
from bot.domain.schedules import EVERY_DAY, EveryNDays, Moment, Schedule
from bot.storage import Storage
from tests.storage.examples import (
    DAY,
    DUE,
    HOUR,
    LEASE,
    NINE,
    NINE_AND_NINE,
    NOW,
    TUESDAY,
    claim,
    claim_one,
    enroll,
    entry,
    member,
    own_prompt,
    plan,
    send_one,
    sent_prompt,
    snooze,
)
from tests.storage.places import Place

EVENING = Schedule.daily(time(21))
IN_THE_EVENING = DUE + 12 * HOUR


async def due_times(storage: Storage, count: int) -> list[datetime]:
    """When the next prompts come, each sent at its time."""
    found: list[datetime] = []
    while len(found) < count and (due := await storage.prompts.next_due()) is not None:
        await send_one(storage, due)
        found.append(due)
    return found


async def test_member_and_plan_come_back_as_they_went_in(storage: Storage) -> None:
    schedule = Schedule((Moment(time(8), 90), Moment(time(23, 59))), EveryNDays(14, TUESDAY), salt=7)
    odd = Timetable(schedule, date(2026, 7, 1), date(2026, 8, 1), timedelta(minutes=90), nudge=True)
    await enroll(storage, schedule=odd)
    assert await storage.members.get(1) == member()
    assert await storage.plans.get("plan-1") == plan(schedule=odd)
    assert await storage.plans.of_member(1) == [plan(schedule=odd)]
    assert await storage.members.get(2) is None
    assert await storage.plans.get("plan-2") is None
    assert await storage.plans.of_member(2) == []


OWN = Question(key="own-stairs", label="Stairs", text="Did you use the stairs?", yes_no=YesNo())
PURPOSES: list[Purpose] = [
    CheckIn(questionnaire="phq-9", own=(OWN,)),
    Reminder(text="Übel 😖\n'; DROP TABLE plan; --"),
    Digest(),
    FlareQuestion(),
]


async def test_several_plans_of_one_member_run_side_by_side(storage: Storage) -> None:
    hours = (time(9), time(10), time(11), time(12))
    plans = [plan(1, Schedule.daily(at), purpose, at.isoformat()) for at, purpose in zip(hours, PURPOSES, strict=True)]
    await storage.plans.save(member(), plans, NOW)
    assert await storage.plans.of_member(1) == plans
    assert await due_times(storage, 5) == [DUE, DUE + HOUR, DUE + 2 * HOUR, DUE + 3 * HOUR, DUE + DAY]
    await storage.plans.stop(plans[1].id, DUE + DAY)
    later = replace(plans[2], timetable=Timetable(EVENING))
    await storage.plans.save(member(), [later], DUE + DAY)
    assert await storage.plans.of_member(1) == [plans[0], replace(plans[1], stopped_at=DUE + DAY), later, plans[3]]
    evening = DUE + DAY + 12 * HOUR
    assert await due_times(storage, 4) == [DUE + DAY + 3 * HOUR, evening, DUE + 2 * DAY, DUE + 2 * DAY + 3 * HOUR]


async def test_starting_twice_is_starting_once(storage: Storage, place: Place) -> None:
    await enroll(storage)
    await enroll(storage)
    assert await place.sql("SELECT local_date, status FROM prompt") == [("2026-06-02", "due")]
    assert await place.sql("SELECT count(*) FROM plan") == [(1,)]


async def test_a_plan_saved_many_times_at_once_has_one_next_prompt(storage: Storage, place: Place) -> None:
    await asyncio.gather(*(enroll(storage, schedule=Schedule.daily(time(21, minute))) for minute in range(6)))
    [(due_at, status)] = await place.sql("SELECT due_at, status FROM prompt")
    [kept] = await storage.plans.of_member(1)
    [coming] = kept.timetable.coming(NOW, ZoneInfo("Europe/Berlin"), 1)
    assert (due_at, status) == (int(coming.due_at.timestamp() * 1_000_000), "due")


async def test_a_change_of_time_replaces_what_is_due(storage: Storage) -> None:
    await enroll(storage)
    await enroll(storage, schedule=EVENING)
    assert await due_times(storage, 2) == [IN_THE_EVENING - DAY, IN_THE_EVENING]


@pytest.mark.parametrize(
    ("timetable", "dues"),
    [
        (Timetable(NINE, paused_until=date(2026, 6, 5)), [DUE + 3 * DAY, DUE + 4 * DAY]),
        (
            Timetable(NINE_AND_NINE, eased_until=date(2026, 6, 7)),
            [DUE, DUE + 2 * DAY, DUE + 5 * DAY, IN_THE_EVENING + 5 * DAY],
        ),
        (Timetable(Schedule.once_at(DUE, ZoneInfo("Europe/Berlin"))), [DUE]),
    ],
    ids=["paused", "in a flare", "once"],
)
async def test_prompts_keep_to_the_timetable(storage: Storage, timetable: Timetable, dues: list[datetime]) -> None:
    await enroll(storage, schedule=timetable, now=DUE - HOUR)
    assert await due_times(storage, len(dues)) == dues
    following = await storage.prompts.next_due()
    assert (following is None) == timetable.schedule.once


async def test_a_pause_takes_away_what_was_due_and_its_end_brings_it_back(storage: Storage) -> None:
    await enroll(storage)
    for until, due in ((date(2026, 6, 4), DUE + 2 * DAY), (None, DUE)):
        await enroll(storage, schedule=Timetable(NINE, paused_until=until))
        assert await storage.prompts.next_due() == due


@pytest.mark.parametrize(("since", "claimed"), [(None, 1), (NOW, 0)])
async def test_a_member_is_as_reachable_as_they_are_saved(
    storage: Storage, since: datetime | None, claimed: int
) -> None:
    await enroll(storage)
    await storage.members.set_unreachable(1, NOW)
    assert await storage.prompts.next_due() is None
    known = replace(member(), unreachable_since=since)
    await storage.plans.save(known, [plan(plan_id="another")], NOW)
    assert await storage.members.get(1) == known
    assert len(await claim(storage)) == 2 * claimed


async def test_fault_48_a_date_that_is_used_up_gets_no_second_prompt(storage: Storage, place: Place) -> None:
    await enroll(storage)
    await claim(storage)
    await enroll(storage, schedule=EVENING, now=DUE)
    assert await storage.prompts.next_due() == IN_THE_EVENING + DAY
    assert await place.sql("SELECT local_date, status FROM prompt ORDER BY due_at") == [
        ("2026-06-02", "sending"),
        ("2026-06-03", "due"),
    ]


async def test_fault_48_a_new_morning_time_leaves_the_evening_of_that_date(storage: Storage, place: Place) -> None:
    await sent_prompt(storage, schedule=NINE_AND_NINE, at=NOW + 7 * HOUR)  # the evening before
    await claim_one(storage)
    ten_and_nine = Schedule((Moment(time(10)), Moment(time(21))), EVERY_DAY)
    await enroll(storage, schedule=ten_and_nine, now=DUE + HOUR / 2)
    assert await due_times(storage, 2) == [IN_THE_EVENING, DUE + DAY + HOUR]
    twice = "SELECT slot FROM prompt GROUP BY local_date, slot HAVING count(*) > 1"
    assert await place.sql(twice) == []


@pytest.mark.parametrize("zone", ["Pacific/Kiritimati", "America/Los_Angeles"])
async def test_fault_48_a_change_of_zone_at_the_moment_of_a_claim_never_doubles_a_date(
    storage: Storage, place: Place, zone: str
) -> None:
    members = range(10)
    for member_id in members:
        await enroll(storage, member_id)
    changes = [enroll(storage, member_id, zone=zone, now=DUE) for member_id in members]
    await asyncio.gather(*(claim(storage, limit=3) for _ in range(5)), *changes)
    await claim(storage)
    doubled = "SELECT plan_id FROM prompt GROUP BY plan_id, local_date, slot HAVING count(*) > 1"
    assert await place.sql(doubled) == []
    due = "SELECT plan_id FROM prompt WHERE status = 'due' GROUP BY plan_id HAVING count(*) = 1"
    assert len(await place.sql(due)) == len(members)


@pytest.mark.parametrize("saved", [True, False], ids=["saved as stopped", "stopped"])
async def test_a_stopped_plan_prompts_no_more_and_keeps_its_entries(storage: Storage, *, saved: bool) -> None:
    prompt = await sent_prompt(storage)
    recorded, _ = await storage.entries.record(entry(prompt))
    second = await claim_one(storage, DUE + DAY)
    assert await storage.prompts.put_off(second.id, snooze(second, DUE + DAY + HOUR))
    over = replace(plan(), stopped_at=DUE + DAY)
    await (storage.plans.save(member(), [over], DUE + DAY) if saved else storage.plans.stop("plan-1", DUE + DAY))
    assert await storage.plans.get("plan-1") == over
    assert await storage.prompts.next_due() is None
    assert await claim(storage, DUE + 2 * DAY) == []
    assert await storage.entries.of_prompt(prompt.id) == recorded


async def test_a_stopped_plan_can_start_again(storage: Storage) -> None:
    await enroll(storage)
    await storage.plans.stop("plan-1", NOW)
    await enroll(storage)
    assert await storage.plans.get("plan-1") == plan()
    assert len(await claim(storage)) == 1


async def test_a_prompt_that_a_member_started_stands_beside_the_scheduled_one(storage: Storage) -> None:
    await enroll(storage)
    await claim(storage)
    for prompt in (own_prompt(), own_prompt()):
        await storage.prompts.add(prompt)
        assert await storage.prompts.get(prompt.id) == prompt
    assert await claim(storage, DUE + LEASE / 2) == []
    assert await storage.prompts.last_key("plan-1") == (TUESDAY, 0)


async def test_a_prompt_of_nobody_is_refused(storage: Storage) -> None:
    await enroll(storage)
    for member_id, plan_id in ((99, "plan-1"), (1, "plan-99")):
        with pytest.raises(IntegrityError):
            await storage.prompts.add(own_prompt(member_id, plan_id))


async def test_the_schema_refuses_what_no_plan_can_be(storage: Storage, place: Place) -> None:
    await enroll(storage)
    for table, change in (
        ("prompt", "status = 'lost'"),
        ("prompt", "kind = 'other'"),
        ("prompt", "status = 'sending'"),  # without a lease
        ("prompt", "attempts = -1"),
        ("plan", "answer_minutes = 0"),
        ("member", "consent_version = 0"),
    ):
        with pytest.raises(IntegrityError):
            await place.sql(f"UPDATE {table} SET {change}")  # noqa: S608 - our own text
