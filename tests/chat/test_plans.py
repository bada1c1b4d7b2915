"""Several plans of one member: setting up, the proof of the clock, what runs beside what."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from bot.domain.checkins import CONSENT_VERSION
from bot.domain.plans import MOST_PLANS, CheckIn, Reminder
from tests.chat.test_bad_input import answer_to
from tests.chat.world import AGREE, World, custom_ids_of, labels_of, raw_components, text_of, walk


def options_of(message: Any) -> list[str]:
    """The labels in all selects."""
    return [option["label"] for part in walk(raw_components(message)) for option in part.get("options", [])]


async def test_the_next_five_prompts_and_the_first_after_the_clocks_change(world: World) -> None:
    shown = await world.you.slash("checkin start", place="Europe/London", at="09:00", days="Sunday")
    text = text_of(shown.response)
    for day in ("29 November", "6 December", "13 December", "20 December", "27 December"):
        assert f"Sunday {day}, 09:00" in text
    assert "After the clocks change: Sunday 28 March, 09:00" in text
    assert all(len(custom_id) <= 100 for custom_id in custom_ids_of(shown.response))


async def test_the_preview_is_what_fires(world: World) -> None:
    """A random moment in a window, twice a day: the prompts come exactly when the preview said."""
    shown = await world.you.slash("checkin start", place="America/New_York", at="between 9 and 11, 8pm to 10pm")
    promised = [line.removeprefix("- ") for line in text_of(shown.response).splitlines() if line.startswith("- ")][:5]
    await world.you.click(shown.response, label=AGREE)
    fired: list[str] = []
    for _ in range(5):
        await world.due_prompt()
        local = world.clock.now().astimezone(tz=timezone_of("America/New_York"))
        fired.append(f"{local:%A} {local.day} {local:%B, %H:%M}")
    assert fired == promised


def timezone_of(name: str) -> Any:
    from zoneinfo import ZoneInfo

    return ZoneInfo(name)


async def test_a_clock_that_reads_something_else_mends_the_zone(world: World) -> None:
    """Five interactions from the command to the confirmation, with a wrong guess on the way."""
    shown = await world.you.slash("checkin start", place="America/New_York", at="09:00")  # 1
    assert "should read 03:30 now" in text_of(shown.response)
    await world.restart()
    form = await world.you.click(shown.response, label="No, it reads something else")  # 2
    await world.restart()
    await world.you.submit_modal(form, {"reads": "1:32 am", "where": "usa"})  # 3
    places = shown.response if options_of(shown.response) else world.inbox[-1]
    assert "Denver, United States" in options_of(places)
    assert all("America" in value for value in _values(places)[:5])
    await world.you.select(places, ["America/Denver"])  # 4
    again = world.inbox[-1]
    assert "should read 01:30 now" in text_of(again)
    await world.you.click(again, label=AGREE)  # 5
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    assert member.zone == "America/Denver"
    assert r"Set: Daily check\-in, 09:00, every day" in text_of(world.inbox[-1])


def _values(message: Any) -> list[str]:
    return [option["value"] for part in walk(raw_components(message)) for option in part.get("options", [])]


async def test_a_clock_nobody_has(world: World) -> None:
    shown = await world.you.slash("checkin start", place="Europe/London", at="09:00")
    form = await world.you.click(shown.response, label="No, it reads something else")
    assert "No place has that time" in answer_to(await world.you.submit_modal(form, {"reads": "08:53"}))
    form = await world.you.click(shown.response, label="No, it reads something else")
    assert "could not read that as a time" in answer_to(await world.you.submit_modal(form, {"reads": "half past"}))


async def test_the_place_is_asked_for_once(world: World) -> None:
    guessed = await world.you.slash("checkin start", at="09:00")  # from the language of their Discord
    assert "should read 03:30 now** (New York, United States). Is that so?" in text_of(guessed.response)
    await world.enroll()
    shown = await world.you.slash("checkin start", at="20:00", ask="fatigue")
    assert "What you agree to" not in text_of(shown.response)
    assert labels_of(shown.response)[0] == "Yes, start"


async def test_two_check_ins_run_side_by_side(world: World) -> None:
    await world.enroll(at="09:00")
    confirmation = await world.enroll_too(at="21:00", ask="Fatigue")
    assert "Set: Fatigue, 21:00, every day" in text_of(confirmation)
    pain = await world.due_prompt()
    assert "How strong was your pain" in text_of(pain)
    fatigue = await world.due_prompt()
    assert "How tired have you felt" in text_of(fatigue)
    assert world.clock.now() == datetime(2026, 11, 23, 21, tzinfo=UTC)
    await world.you.select(fatigue, ["8"])
    assert "fatigue 8 of 10" in text_of(world.inbox[-1])
    assert {type(plan.purpose) for plan in await world.plans()} == {CheckIn}


async def test_several_times_a_day_are_one_plan(world: World) -> None:
    await world.enroll(at="9am and 9pm")
    await world.due_prompt()
    assert world.clock.now().hour == 9
    await world.due_prompt()
    assert world.clock.now().hour == 21
    await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 24, 9, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "first"),
    [("every 3 days", date(2026, 11, 23)), ("monthly on the 1st", date(2026, 12, 1)), ("weekly", date(2026, 11, 23))],
)
async def test_other_rhythms(world: World, days: str, first: date) -> None:
    await world.enroll(at="09:00", days=days)
    await world.due_prompt()
    assert world.clock.now().date() == first


@pytest.mark.parametrize("asked", ["phq-2", "Depression", "x"])
async def test_what_is_not_offered_cannot_be_asked(world: World, asked: str) -> None:
    result = await world.you.slash("checkin start", at="09:00", place="Europe/London", ask=asked)
    assert "I can ask these: Daily check-in" in answer_to(result)
    names = [choice["name"] for choice in await world.you.autocomplete("checkin start", "ask", "")]
    assert names[0].startswith("Daily check-in: ")
    assert not [name for name in names if "PHQ" in name]


async def test_a_time_of_day_in_quiet_hours_is_refused(world: World) -> None:
    from datetime import time

    from bot.domain.members import Preferences, QuietHours

    await world.enroll()
    quiet = Preferences(quiet=QuietHours(start=time(22), end=time(7)))
    await world.storage.members.set_preferences(world.you.id, quiet)
    for at in ("23:30", "06:59", "9am and 10pm"):
        result = await world.you.slash("checkin start", at=at, ask="fatigue")
        assert "quiet hours (22:00 to 07:00)" in answer_to(result)
    await world.enroll_too(at="07:00", ask="fatigue")


async def test_there_is_room_for_ten(world: World) -> None:
    await world.enroll()
    for number in range(MOST_PLANS - 1):
        await world.you.slash("remind", text=f"number {number}", when="in 3 days")
    result = await world.you.slash("remind", text="one too many", when="in 3 days")
    assert "room for 10" in answer_to(result)
    assert len(await world.plans()) == MOST_PLANS
    world.clock.advance(days=4)  # they are over now, and room is made
    await world.deliver()
    await world.you.slash("remind", text="one more", when="in 3 days")
    assert Reminder(text="one more") in [plan.purpose for plan in await world.plans()]


async def test_moving_moves_everything(world: World) -> None:
    await world.enroll(at="09:00")
    await world.enroll_too(at="21:00", ask="fatigue")
    shown = await world.you.slash("checkin timezone", place="Asia/Tokyo")
    text = text_of(shown.response)
    assert "Tokyo, Japan" in text
    assert "21:00" in text
    await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 23, 12, tzinfo=UTC)  # 21:00 in Tokyo


async def test_the_small_hours_belong_to_the_day_before(world: World) -> None:
    await world.enroll(at="01:30")
    prompt = await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 24, 1, 30, tzinfo=UTC)
    await world.you.select(prompt, ["5"])
    assert "for Monday 23 November" in text_of(world.inbox[-1])
    world.clock.advance(hours=1)
    mine = await world.you.slash("checkin now")
    await world.you.select(mine.response, ["5"])
    assert "for Monday 23 November" in text_of(world.inbox[-1])


async def test_an_answer_after_the_window_is_kept_and_marked(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    world.clock.advance(hours=13)
    assert await world.checkins.expire() == 1
    await world.you.select(prompt, ["6"])
    assert "Late, and it counts" in text_of(world.inbox[-1])
    assert [entry.late for entry in await world.storage.entries.of_member(world.you.id)] == [True]
    assert "answered late" in text_of((await world.you.slash("checkin history")).response)


async def test_catching_up_after_three_days_sends_one_and_shows_the_rest(world: World) -> None:
    await world.enroll(at="09:00")
    world.clock.moment = datetime(2026, 11, 26, 10, tzinfo=UTC)
    assert await world.deliver() == 1
    history = text_of((await world.you.slash("checkin history")).response)
    assert history.count("missed") == 3
    assert await world.storage.prompts.next_due() == datetime(2026, 11, 27, 9, tzinfo=UTC)
    world.clock.advance(days=1)
    assert await world.deliver() == 1


async def test_a_nudge_comes_once_and_never_after_an_answer(world: World) -> None:
    await world.enroll()
    [plan] = await world.plans()
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    nudging = replace(plan, timetable=replace(plan.timetable, nudge=True))
    await world.storage.plans.save(member, [nudging], world.clock.now())
    prompt = await world.due_prompt()
    nudge = await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 23, 11, tzinfo=UTC)
    assert "Still there if you want it" in text_of(nudge)
    await world.you.select(nudge, ["4"])  # either message answers the same prompt
    assert [entry.prompt_id for entry in await world.storage.entries.of_member(world.you.id)] == [
        custom_ids_of(prompt)[0].split(":")[2]
    ]
    await world.you.select(await world.due_prompt(), ["4"])
    assert world.clock.now() == datetime(2026, 11, 24, 9, tzinfo=UTC)
    world.clock.advance(hours=3)
    assert await world.deliver() == 0


async def test_streaks_only_for_those_who_want_them(world: World) -> None:
    from bot.domain.members import Preferences

    await world.enroll()
    await world.you.select(await world.due_prompt(), ["4"])
    assert "in a row" not in text_of(world.inbox[-1])
    await world.storage.members.set_preferences(world.you.id, Preferences(streaks=True))
    await world.you.click(await world.due_prompt(), label="Too unwell to answer")
    assert "2 days in a row" in text_of(world.inbox[-1])


async def test_the_last_prompt_of_one_day_is_not_the_first_of_the_next(world: World) -> None:
    await world.enroll(at="23:59")
    await world.due_prompt()
    world.clock.advance(seconds=timedelta(minutes=2).total_seconds())
    assert await world.deliver() == 0


async def test_who_agreed_to_an_earlier_text_is_asked_again_with_the_next_plan(world: World) -> None:
    await world.enroll(at="09:00")
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    earlier = replace(member, consent_version=CONSENT_VERSION - 1, zone="Asia/Tokyo")
    await world.storage.plans.save(earlier, await world.plans(), world.clock.now())
    world.clock.advance(hours=1)
    shown = await world.you.slash("checkin start", at="20:00", ask="fatigue")
    assert "What you agree to" in text_of(shown.response)
    await world.you.click(shown.response, label=AGREE)
    assert await world.storage.members.get(world.you.id) == replace(
        earlier, consent_version=CONSENT_VERSION, consented_at=world.clock.now()
    )
    assert len(await world.plans()) == 2
