"""Reminders and putting off: once, again and again, later."""

from datetime import UTC, datetime, time
from typing import Any

import pytest

from bot.domain.checkins import PromptStatus
from bot.domain.members import Preferences, QuietHours
from bot.domain.plans import Reminder
from tests.chat.test_bad_input import answer_to
from tests.chat.test_checkins import prompt_id
from tests.chat.test_plans import options_of
from tests.chat.world import World, labels_of, text_of


async def test_a_reminder_once(world: World) -> None:
    await world.enroll(at="20:00")
    shown = await world.you.slash("remind", text="Ring the *clinic* <@1>", when="in 20 minutes")
    assert r"Ring the \*clinic\*" in text_of(shown.response)
    assert "Monday 23 November, 08:50" in text_of(shown.response)
    reminder = await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 23, 8, 50, tzinfo=UTC)
    assert r"Ring the \*clinic\* \<\@1\>" in text_of(reminder)
    assert labels_of(reminder) == ["Done", "Later", "Skip"]
    await world.restart()
    await world.you.click(reminder, label="Done")
    assert "Done" in text_of(world.inbox[-1])
    assert "done" in text_of((await world.you.slash("checkin history")).response)
    await world.due_prompt()  # the check-in; the reminder never comes again
    assert "Time for your check-in" in text_of(world.inbox[-1])
    assert "clinic" not in text_of((await world.you.slash("checkin settings")).response)


async def test_discords_own_time_picker(world: World) -> None:
    await world.enroll()
    moment = datetime(2026, 12, 24, 15, 30, tzinfo=UTC)
    shown = await world.you.slash("remind", text="Scan", when=f"<t:{int(moment.timestamp())}:f>")
    assert "Thursday 24 December, 15:30" in text_of(shown.response)


async def test_a_reminder_again_and_again(world: World) -> None:
    await world.enroll(at="20:00")
    await world.you.slash("remind", text="Stretch", when="9am", repeat="Every other day")
    await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 23, 9, tzinfo=UTC)
    await world.due_prompt()
    await world.due_prompt()
    await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 25, 9, tzinfo=UTC)
    assert "Stretch" in text_of(world.inbox[-1])


async def test_the_first_wish_may_be_a_reminder(world: World) -> None:
    assert "Tell me once where you are" in answer_to(await world.you.slash("remind", text="Stretch", when="9am"))
    form: Any = await world.member.slash(
        world.channel, "remind", text="Stretch", when="tomorrow 9am", place="Europe/London"
    )
    await world.restart()
    await world.member.submit_modal(form, {"text": "Stretch a little"})
    confirmation = world.member.user.dm_channel.last_message
    assert confirmation is not None
    assert "I will remind you:** Stretch a little" in text_of(confirmation)
    assert "Tuesday 24 November, 09:00" in text_of(confirmation)
    [plan] = await world.storage.plans.of_member(world.member.id)
    assert plan.purpose == Reminder(text="Stretch a little")


@pytest.mark.parametrize(
    ("when", "answer"),
    [
        ("yesterday", "could not read when"),
        ("in 3 years", "could not read when"),
        ("2020-01-01 09:00", "not in the future"),
        ("<t:1:R>", "not in the future"),
        ("whenever", "could not read when"),
        ("in 500 days", "366"),
    ],
)
async def test_a_time_that_cannot_be(world: World, when: str, answer: str) -> None:
    await world.enroll()
    said = answer_to(await world.you.slash("remind", text="x", when=when))
    assert answer in said
    assert "Something went wrong" not in said
    assert len(await world.plans()) == 1


async def test_a_reminder_of_nothing(world: World) -> None:
    await world.enroll()
    assert "A few words" in answer_to(await world.you.slash("remind", text="\u200b\u202e ", when="in 2 hours"))


async def test_putting_off_shows_the_time_and_asks_again_then(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.restart()
    await world.you.click(prompt, label="Later")
    menu = world.inbox[-1]
    assert options_of(menu) == [
        "10 minutes: 09:10",
        "1 hour: 10:00",
        "Tonight: 20:00",
        "Tomorrow: Tuesday 09:00",
        "A time of your own",
    ]
    await world.you.click(menu, label="Back")
    assert "Time for your check-in" in text_of(world.inbox[-1])
    await world.you.click(world.inbox[-1], label="Later")
    await world.you.select(world.inbox[-1], ["1-hour"])
    assert "Put off** until 10:00 on Monday 23 November" in text_of(world.inbox[-1])
    again = await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 23, 10, tzinfo=UTC)
    await world.you.select(again, ["7"])
    [entry] = await world.storage.entries.of_member(world.you.id)
    assert entry.prompt_id == prompt_id(again)
    history = text_of((await world.you.slash("checkin history")).response)
    assert "put off from 09:00" in history
    assert await world.deliver() == 0


async def test_a_time_of_ones_own(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.click(prompt, label="Later")
    form = await world.you.select(world.inbox[-1], ["own"])
    await world.restart()
    await world.you.submit_modal(form, {"when": "18:30"})
    assert "Put off** until 18:30" in text_of(world.inbox[-1])
    await world.due_prompt()
    assert world.clock.now() == datetime(2026, 11, 23, 18, 30, tzinfo=UTC)


async def test_putting_off_what_is_settled_does_nothing(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.click(prompt, label="Later")
    menu = world.inbox[-1]
    await world.checkins.record(world.you.id, prompt_id(prompt), "5")  # on another device
    assert "settled already" in answer_to(await world.you.select(menu, ["1-hour"]))
    assert await world.storage.prompts.next_due() == datetime(2026, 11, 24, 9, tzinfo=UTC)


async def test_nothing_is_put_off_into_quiet_hours(world: World) -> None:
    await world.enroll(at="21:30")
    quiet = Preferences(quiet=QuietHours(start=time(22), end=time(9, 30)))
    await world.storage.members.set_preferences(world.you.id, quiet)
    prompt = await world.due_prompt()
    await world.you.click(prompt, label="Later")
    assert options_of(world.inbox[-1]) == ["10 minutes: 21:40", "A time of your own"]
    form = await world.you.select(world.inbox[-1], ["own"])
    said = answer_to(await world.you.submit_modal(form, {"when": "tomorrow 9am"}))
    assert "quiet hours (22:00 to 09:30)" in said


async def test_an_answer_to_what_was_put_off_calls_the_later_one_off(world: World) -> None:
    await world.enroll()
    first = prompt_id(await world.due_prompt())
    await world.you.click(world.inbox[-1], label="Later")
    await world.you.select(world.inbox[-1], ["1-hour"])
    await world.checkins.record(world.you.id, first, "5")
    stored = await world.storage.prompts.get(first)
    assert stored is not None
    assert stored.status is PromptStatus.ANSWERED
    assert await world.storage.prompts.next_due() == datetime(2026, 11, 24, 9, tzinfo=UTC)


async def test_a_stopped_plan_cannot_be_put_off(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.click(prompt, label="Later")
    menu = world.inbox[-1]
    [plan] = await world.plans()
    await world.storage.plans.stop(plan.id, world.clock.now())
    assert "was stopped" in answer_to(await world.you.select(menu, ["1-hour"]))


async def test_stopping_everything_also_stops_what_was_put_off(world: World) -> None:
    await world.enroll(at="20:00")
    await world.you.slash("remind", text="Ring the clinic", when="in 20 minutes")
    await world.you.click(await world.due_prompt(), label="Later")
    await world.you.select(world.inbox[-1], ["tomorrow"])
    shown = await world.you.slash("checkin stop")
    await world.you.click(shown.response, label="Stop, keep my entries")
    assert await world.storage.prompts.next_due() is None


async def test_put_off_twice_it_still_goes_back_to_the_first(world: World) -> None:
    await world.enroll()
    first = prompt_id(await world.due_prompt())
    for _ in range(2):
        await world.you.click(world.inbox[-1], label="Later")
        await world.you.select(world.inbox[-1], ["1-hour"])
        if await world.storage.prompts.next_due() == datetime(2026, 11, 23, 10, tzinfo=UTC):
            await world.due_prompt()
    assert "put off from 09:00" in text_of((await world.you.slash("checkin history")).response)
    await world.checkins.record(world.you.id, first, "5")  # in the oldest of the three messages
    assert await world.storage.prompts.next_due() == datetime(2026, 11, 24, 9, tzinfo=UTC)
