"""Wrong, late and forged input: a clear private sentence each, nothing stored, nothing lost."""

from typing import Any

import pytest

from bot.chat.ui import checkins, mydata, prompts
from bot.errors import UserError
from tests.chat.test_checkins import prompt_id
from tests.chat.world import World, text_of


def answer_to(result: Any) -> str:
    """The one thing that was said, wherever it was said."""
    assert result.acknowledged
    return text_of(result.followups[-1] if result.followups else result.response)


@pytest.mark.parametrize("place", ["../../etc/passwd", "America", "localtime", "europe/berlin", "x" * 100, "Factory"])
async def test_fault_57_a_zone_that_is_none(world: World, place: str) -> None:
    result = await world.you.slash("checkin start", place=place, at="09:00")
    assert "I do not know that place" in answer_to(result)


@pytest.mark.parametrize("at", ["25:99", "noonish", "-1", "9:60 pm"])
async def test_a_time_that_is_none(world: World, at: str) -> None:
    result = await world.you.slash("checkin start", place="Europe/London", at=at)
    assert "could not read that as" in answer_to(result)


@pytest.mark.parametrize("days", ["Blursday", "mon tue xyz", ",,,"])
async def test_days_that_are_none(world: World, days: str) -> None:
    result = await world.you.slash("checkin start", place="Europe/London", at="9", days=days)
    assert "could not read those days" in answer_to(result)


async def test_fault_54_a_note_of_4001_characters(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.you.select(prompt, ["6"])
    with pytest.raises(Exception, match="4000"):  # the client refuses it already
        await world.you.submit_modal(await world.you.click(world.inbox[-1], label="Add more"), {"note": "x" * 4001})
    with pytest.raises(UserError, match="4,000 characters"):  # and so do we, should it not
        await world.checkins.add_details(world.you.id, prompt_id(prompt), {"note": "x" * 4001}, ["note"])
    entry = await world.storage.entries.of_prompt(prompt_id(prompt))
    assert entry is not None
    assert (entry.answers.pain, entry.answers.note) == (6, None)


@pytest.mark.parametrize(
    "custom_id",
    [
        "nonsense",
        "card:1:ketamine:summary",
        "card:1:../../etc:summary:0",
        "card:99:ketamine:summary:0",
        "same:1:zzzzzzzzzzzzzzzz",
        "agree:2:Europe/London:0900:89:daily",
        ":::::",
    ],
)
async def test_fault_58_a_forged_custom_id(world: World, custom_id: str) -> None:
    assert "do not recognise that control" in answer_to(await world.press(custom_id))


async def test_a_well_formed_id_of_nothing(world: World) -> None:
    assert "not one of yours" in answer_to(await world.press(prompts.UNWELL.custom_id(prompt="0" * 16)))


async def test_a_card_that_has_gone(world: World) -> None:
    assert "no longer here" in answer_to(await world.press("card:1:gone-card:summary:0"))


async def test_a_time_forged_into_the_consent_button(world: World) -> None:
    for schedule in ("w7f@2599", "w00@0900", "o20261301@0900"):
        said = answer_to(await world.press(f"agree:2:Europe/London:{schedule}:daily"))
        assert "do not recognise" in said
    assert "I can ask these" in answer_to(await world.press("agree:2:Europe/London:w7f@0900:nonsense"))
    assert await world.storage.members.get(world.you.id) is None


async def test_fault_58_another_members_prompt(world: World) -> None:
    await world.enroll()
    mine = prompt_id(await world.due_prompt())
    for action in (
        prompts.SAME,
        prompts.UNWELL,
        prompts.SKIP,
        prompts.ADD_MORE,
        prompts.LATER,
        prompts.BACK,
        prompts.DONE,
    ):
        result = await world.press(action.custom_id(prompt=mine), by=world.other)
        assert "not one of yours" in answer_to(result)
        assert (result.followups or [result.response])[-1].ephemeral
    assert await world.storage.entries.of_prompt(mine) is None


async def test_fault_58_another_members_button(world: World) -> None:
    await world.enroll()
    for action in (checkins.STOP, mydata.ERASE_SURE, checkins.RESUME, mydata.KEEP):
        result = await world.press(action.custom_id(member=str(world.you.id)), by=world.other)
        assert "not one of yours" in answer_to(result)
    assert await world.plans()


async def test_fault_31_our_own_fault_gives_a_reference_and_no_trace(world: World) -> None:
    await world.enroll()
    prompt = await world.due_prompt()
    await world.storage.close()
    result = await world.you.select(prompt, ["6"])
    said = answer_to(result)
    assert "Something went wrong on my side" in said
    assert "Traceback" not in said
