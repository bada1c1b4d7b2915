"""A question in, a cited card out: through real discord.py on a simulated Discord."""

from typing import Any

from tests.chat.world import World, can_press, custom_ids_of, labels_of, text_of

TABS = ["Summary", "Harms", "Guidelines", "What people say", "Sources"]


async def test_autocomplete_offers_ketamine_for_ket(world: World) -> None:
    choices = await world.you.autocomplete("treatment", "name", "ket")
    assert choices[0]["name"] == "Ketamine"


async def test_autocomplete_with_nothing_typed_offers_everything(world: World) -> None:
    choices = await world.you.autocomplete("treatment", "name", "")
    assert len(choices) == min(25, len(world.library.catalog.cards))


async def test_the_card_answers_in_the_order_people_need(world: World) -> None:
    result = await world.you.slash("treatment", name="ketamine")
    text = text_of(result.response)
    headings = [
        "Ketamine",
        "In short",
        "How sure is the evidence?",
        "certainty:",
        "What trials found",
        "Harms: common",
        "Harms: serious",
        "Who should be careful",
        "What is not known",
        "Questions for a clinician",
        "Compiled",
        "Not yet reviewed by a clinician",
    ]
    places = [text.find(heading) for heading in headings]
    assert -1 not in places, dict(zip(headings, places, strict=True))
    assert places == sorted(places)
    assert "⊕" in text
    assert "[1" in text
    assert labels_of(result.response) == TABS


async def test_the_answer_is_private_in_a_server_and_can_be_shared(world: World) -> None:
    result: Any = await world.member.slash(world.channel, "treatment", name="ket")
    assert result.ephemeral
    assert labels_of(result.response) == [*TABS, "Share here", "Report a problem"]
    shared = await world.member.click(result.response, label="Share here")
    assert not shared.ephemeral
    assert world.channel.last_message is not None
    assert "Ketamine" in text_of(world.channel.last_message)
    assert "Share here" not in labels_of(world.channel.last_message)


async def test_pages_turn_in_place_on_a_private_card(world: World) -> None:
    result = await world.you.slash("treatment", name="ketamine")
    for label, expected in {
        "Harms": "When to get help",
        "Guidelines": "NICE",
        "Sources": "https://",
        "Summary": "In short",
    }.items():
        await world.you.click(world.inbox[-1], label=label)
        assert expected in text_of(world.inbox[-1])
    assert len(world.inbox) == len([result])


async def test_what_people_say_shows_every_claim_with_its_verdict(world: World) -> None:
    await world.you.slash("treatment", name="ketamine")
    await world.you.click(world.inbox[-1], label="What people say")
    seen = text_of(world.inbox[-1])
    while can_press(world.inbox[-1], "Next"):
        assert len(custom_ids_of(world.inbox[-1])) == len(set(custom_ids_of(world.inbox[-1])))
        await world.you.click(world.inbox[-1], label="Next")
        seen += text_of(world.inbox[-1])
    for claim in world.library.catalog.cards["ketamine"].claims:
        assert claim.text in seen


async def test_a_shared_card_stays_as_it_is_when_somebody_looks_closer(world: World) -> None:
    result: Any = await world.member.slash(world.channel, "treatment", name="ketamine")
    await world.member.click(result.response, label="Share here")
    public = world.channel.last_message
    assert public is not None
    before = text_of(public)
    looked = await world.other.click(public, label="Sources")
    assert looked.ephemeral
    assert world.channel.last_message is not None
    assert text_of(world.channel.last_message) == before


async def test_every_button_works_after_a_restart(world: World) -> None:
    await world.you.slash("treatment", name="pregabalin")
    for label in ["Harms", "Guidelines", "What people say", "Sources", "Summary"]:
        await world.restart()
        await world.you.click(world.inbox[-1], label=label)
    assert "In short" in text_of(world.inbox[-1])


async def test_an_unknown_name_gets_the_nearest_and_a_warning(world: World) -> None:
    result = await world.you.slash("treatment", name="ketamime")
    text = text_of(result.response)
    assert labels_of(result.response)[0] == "Ketamine"
    assert "does not mean safe" in text


async def test_nonsense_is_answered_kindly_and_privately(world: World) -> None:
    result: Any = await world.member.slash(world.channel, "treatment", name="@everyone <@123> ```")
    assert result.ephemeral
    assert "no card under that name" in text_of(result.response)
    assert "@everyone" not in text_of(result.response)


async def test_help_says_what_can_be_typed(world: World) -> None:
    result = await world.you.slash("help")
    for command in ("/treatment", "/checkin start", "/checkin now", "/checkin stop"):
        assert command in text_of(result.response)
