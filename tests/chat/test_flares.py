"""Flares: fewer and shorter prompts, one gentle question at the end, shaded days, no broken streaks."""

from datetime import UTC, date, datetime
from typing import Any

import pytest

from bot.domain.members import Preferences
from bot.domain.trends import Flare
from bot.errors import UserError
from bot.services.flares import FlareService
from bot.services.membership import Membership
from tests.chat.test_bad_input import answer_to
from tests.chat.test_checkins import prompt_id
from tests.chat.world import World, labels_of, text_of


def flare_service(world: World) -> FlareService:
    stores = world.storage
    return FlareService(
        world.clock, Membership(world.clock, stores.members), stores.plans, stores.prompts, stores.marks
    )


@pytest.fixture
def flares(world: World) -> FlareService:
    return flare_service(world)


async def flares_of(world: World) -> list[Flare]:
    return [each.mark for each in await world.storage.marks.flares(world.you.id)]


async def test_fewer_and_shorter_prompts_and_one_gentle_question(world: World, flares: FlareService) -> None:
    await world.enroll(at="9am and 9pm")
    assert await flares.begin(world.you.id, 4) == Flare(date(2026, 11, 23), date(2026, 11, 26))
    seen: list[tuple[int, int, list[str]]] = []
    for _ in range(3):
        message = await world.due_prompt()
        seen.append((world.clock.now().day, world.clock.now().hour, labels_of(message)))
    brief = ["Too unwell to answer", "Skip"]
    assert seen == [(23, 9, brief), (25, 9, brief), (27, 9, ["Back to usual", "3 more quiet days"])]
    assert (await world.storage.prompts.next_due()) == datetime(2026, 11, 28, 9, tzinfo=UTC)


async def question(world: World, days: int) -> Any:
    """The gentle question at the end of a flare that begins today."""
    await flare_service(world).begin(world.you.id, days)
    while "Back to usual" not in labels_of(message := await world.due_prompt()):
        pass
    return message


async def test_back_to_usual(world: World, flares: FlareService) -> None:
    await world.enroll(at="10:00")
    message = await question(world, 2)
    await world.restart()
    await world.you.click(message, label="Back to usual")
    assert "as before" in text_of(world.inbox[-1])
    assert await flares_of(world) == [Flare(date(2026, 11, 23), date(2026, 11, 24))]
    assert await flares.current(world.you.id) is None


async def test_a_few_more_days_stay_one_flare(world: World) -> None:
    await world.enroll(at="10:00")
    message = await question(world, 2)
    await world.you.click(message, label="3 more quiet days")
    assert "stays quiet until Friday 27 November" in text_of(world.inbox[-1])
    assert await flares_of(world) == [Flare(date(2026, 11, 23), date(2026, 11, 27))]
    assert world.clock.now() == datetime(2026, 11, 25, 10, tzinfo=UTC)


async def test_ending_early_brings_the_usual_rhythm_back(world: World, flares: FlareService) -> None:
    await world.enroll(at="09:00")
    await flares.begin(world.you.id, 7)
    world.clock.advance(days=1)
    await flares.end(world.you.id)
    assert await flares_of(world) == [Flare(date(2026, 11, 23), date(2026, 11, 23))]
    assert await world.storage.prompts.next_due() == datetime(2026, 11, 24, 9, tzinfo=UTC)
    assert [plan.purpose.kind for plan in await world.plans()] == ["check-in"]
    await flares.end(world.you.id)  # twice is once


async def test_reminders_go_on_in_a_flare(world: World, flares: FlareService) -> None:
    await world.enroll(at="20:00")
    await world.you.slash("remind", text="Stretch", when="9am", repeat="every day")
    await flares.begin(world.you.id, 3)
    days: list[int] = []
    for _ in range(5):
        message = await world.due_prompt()
        if "Your reminder" in text_of(message):
            days.append(world.clock.now().day)
    assert days[:3] == [23, 24, 25]


async def test_a_flare_does_not_break_a_streak(world: World, flares: FlareService) -> None:
    await world.enroll()
    await world.storage.members.set_preferences(world.you.id, Preferences(streaks=True))
    await world.you.select(await world.due_prompt(), ["4"])
    world.clock.advance(days=1)
    await flares.begin(world.you.id, 3)
    world.clock.moment = datetime(2026, 11, 27, 9, tzinfo=UTC)
    shown = await world.you.slash("checkin now")
    await world.you.select(shown.response, ["4"])
    assert "2 days in a row" in text_of(world.inbox[-1])


async def test_another_members_flare_is_out_of_reach(world: World, flares: FlareService) -> None:
    await world.enroll(at="10:00")
    message = await question(world, 1)
    result = await world.press(f"flare-over:1:{prompt_id(message)}", by=world.other)
    assert "check-in" in answer_to(result)
    for days in (0, 99):
        with pytest.raises(UserError):
            await flares.begin(world.you.id, days)
