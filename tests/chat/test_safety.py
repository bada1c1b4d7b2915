"""After a high answer: the member's own plan and the services they chose, before any score, and nobody is told."""

import pytest

from bot.config import Settings
from bot.domain.members import Preferences, SafetyPlan
from tests.chat.world import World, custom_ids_of, labels_of, text_of

PATH = "Our moderators' quiet room is open every evening."


@pytest.fixture
def settings() -> Settings:
    return Settings(discord_token=None, send_rate=50, support_path=PATH)


async def write_plan(world: World, **plan: object) -> None:
    safety = SafetyPlan.model_validate(plan)
    await world.storage.members.set_preferences(world.you.id, Preferences(safety=safety))


async def test_a_high_pain_score_shows_the_plan_first(world: World) -> None:
    await world.enroll()
    await write_plan(world, text="Ring *Mo*.\nHeat pad.", country="Canada")
    await world.you.select(await world.due_prompt(), ["9"])
    text = text_of(world.inbox[-1])
    plan, services, score = (text.index(part) for part in (r"> Ring \*Mo\*", "9-8-8", "pain 9 of 10"))
    assert plan < services < score
    await world.you.select(await world.due_prompt(), ["8"])
    assert "Ring" not in text_of(world.inbox[-1])


async def test_from_the_score_that_the_member_chose(world: World) -> None:
    await world.enroll()
    await write_plan(world, text="Rest.", from_score=6)
    await world.you.select(await world.due_prompt(), ["6"])
    assert "> Rest" in text_of(world.inbox[-1])


async def test_without_a_plan_a_high_score_is_a_score(world: World) -> None:
    await world.enroll()
    await world.you.select(await world.due_prompt(), ["10"])
    assert text_of(world.inbox[-1]).startswith("**Saved, thank you:** pain 10 of 10")


async def test_words_in_a_note_are_never_looked_at(world: World) -> None:
    await world.enroll()
    await write_plan(world, text="Rest.")
    await world.you.select(await world.due_prompt(), ["2"])
    form = await world.you.click(world.inbox[-1], label="Add more")
    await world.you.submit_modal(form, {"note": "I want it all to end"})
    assert "> Rest" not in text_of(world.inbox[-1])


async def test_a_high_total_shows_where_to_turn_to_before_the_score(world: World) -> None:
    names = [choice["value"] for choice in await world.you.autocomplete("checkin start", "ask", "")]
    assert {"phq-2", "gad-2"} <= set(names)
    await world.enroll(ask="phq-2", days="every 2 weeks")
    await world.you.select(await world.due_prompt(), ["1"])
    assert PATH not in text_of(world.inbox[-1])
    form = await world.you.click(world.inbox[-1], label="Add more")
    await world.restart()
    await world.you.submit_modal(form, {"phq2-interest": ["3"], "phq2-mood": ["3"]})
    text = text_of(world.inbox[-1])
    assert text.index(PATH) < text.index("nearly every day")
    assert "clinician" in text
    assert labels_of(world.inbox[-1]) == ["Add or change", "Delete"]


async def test_questions_of_ones_own_take_a_second_form(world: World) -> None:
    from dataclasses import replace

    from bot.domain.plans import CheckIn
    from bot.domain.questionnaires import OwnKind, own_question

    await world.enroll()
    [plan] = await world.plans()
    own = (
        own_question("Steps today?", OwnKind.NUMBER, "steps"),
        own_question("Did I go <@1> outside?", OwnKind.YES_NO),
        own_question("Brain fog?", OwnKind.SCORE),
    )
    member = await world.storage.members.get(world.you.id)
    assert member is not None
    await world.storage.plans.save(member, [replace(plan, purpose=CheckIn(own=own))], world.clock.now())
    prompt = await world.due_prompt()
    await world.you.select(prompt, ["6"])
    assert labels_of(world.inbox[-1]) == ["Add more", "More questions", "Delete"]
    form = await world.you.click(world.inbox[-1], label="Add more")
    await world.you.submit_modal(form, {own[0].key: "7500", "note": "walked"})
    form = await world.you.click(world.inbox[-1], label="More questions")
    await world.restart()
    await world.you.submit_modal(form, {own[1].key: ["1"], own[2].key: ["3"]})
    [entry] = await world.storage.entries.of_member(world.you.id)
    assert dict(entry.answers.values) == {"pain": 6, own[0].key: 7500, own[1].key: 1, own[2].key: 3}
    assert entry.answers.note == "walked"
    text = text_of(world.inbox[-1])
    assert r"7500 steps" in text
    assert r"\<\@1\>" in text
    form = await world.you.click(world.inbox[-1], label="More questions")
    await world.you.submit_modal(form, {own[2].key: ["4"]})  # what was left empty is cleared, on this form alone
    [entry] = await world.storage.entries.of_member(world.you.id)
    assert dict(entry.answers.values) == {"pain": 6, own[0].key: 7500, own[2].key: 4}
    assert custom_ids_of(prompt)
