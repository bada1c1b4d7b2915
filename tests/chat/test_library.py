"""The rest of the library: topics, comparisons, lists, questions, claims, messages to check, support."""

from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from tests.chat.world import World, labels_of, raw_components, text_of, walk


def options_of(message: Any) -> list[str]:
    """The values of the first select."""
    select = next(part for part in walk(raw_components(message)) if part["type"] == 3)
    return [option["value"] for option in select["options"]]


async def test_topics_have_their_own_command(world: World) -> None:
    choices = await world.you.autocomplete("topic", "name", "fog")
    assert choices[0]["value"] == "fibro-fog"
    result = await world.you.slash("topic", name="fibro-fog")
    assert "What is known" in text_of(result.response)


async def test_treatment_autocomplete_offers_no_topics(world: World) -> None:
    offered = {choice["value"] for choice in await world.you.autocomplete("treatment", "name", "fibro")}
    assert "fibro-fog" not in offered


async def test_brands_and_slang_lead_to_the_card(world: World) -> None:
    for typed, name in (("Lyrica", "Pregabalin"), ("special k", "Ketamine"), ("cymbalta", "Duloxetine")):
        assert f"## {name}" in text_of((await world.you.slash("treatment", name=typed)).response)


async def test_not_found_names_the_nearest(world: World) -> None:
    result = await world.you.slash("treatment", name="ketamime")
    text = text_of(result.response)
    assert "No card does not mean safe" in text
    assert labels_of(result.response)[0] == "Ketamine"
    await world.you.click(result.response, label="Ketamine")
    assert "## Ketamine" in text_of(world.inbox[0])


async def test_looking_up_counts_the_card_and_nothing_else(world: World) -> None:
    for _ in range(2):
        await world.you.slash("treatment", name="yoga")
    assert await world.storage.tallies.lookups() == {}  # written down now and then, not while somebody waits
    for _ in range(2):
        await world.app.lookups.write()
    assert await world.storage.tallies.lookups() == {"yoga": 2}
    choices = await world.you.autocomplete("treatment", "name", "")
    assert choices[0]["value"] == "yoga"


async def test_compare_puts_two_cards_side_by_side(world: World) -> None:
    result = await world.member.slash(world.channel, "compare", first="ketamine", second="pregabalin")
    assert result.ephemeral
    assert result.response is not None
    text = text_of(result.response)
    for heading in ("How sure is the evidence?", "How big is the effect?", "Harms", "What guidelines"):
        section = text[text.index(heading) :]
        assert section.index("**Ketamine**") < section.index("**Pregabalin**")
    await world.restart()
    shared = await world.member.click(result.response, label="Share here")
    assert not shared.ephemeral


@pytest.mark.parametrize(
    ("first", "second", "said"), [("ket", "special k", "same card"), ("ketamine", "xyzzy", "no card")]
)
async def test_what_cannot_be_compared(world: World, first: str, second: str, said: str) -> None:
    result = await world.you.slash("compare", first=first, second=second)
    assert said in text_of(result.response)


async def test_every_pair_of_neighbours_fits_one_message(world: World) -> None:
    cards = list(world.library.catalog.cards.values())
    for first, second in pairwise(cards):
        result = await world.you.slash("compare", first=first.id, second=second.id)
        assert len(text_of(result.response)) <= 4000


async def test_ask_answers_with_sentences_and_their_sources(world: World) -> None:
    result = await world.you.slash("ask", question="does k help with pain after surgery")
    text = text_of(result.response)
    assert "### Ketamine" in text
    assert "https://" in text
    await world.restart()
    await world.you.click(result.response, label="Ketamine")
    assert "In short" in text_of(world.inbox[-1])


async def test_ask_says_so_when_it_has_nothing(world: World) -> None:
    result = await world.you.slash("ask", question="what is the capital of france")
    assert "nothing that answers this" in text_of(result.response)


async def test_claim_gives_verdict_reason_and_sources(world: World) -> None:
    choices = await world.you.autocomplete("claim", "said", "ketamine boosts the immune")
    assert choices
    for said in ("ketamine boosts the immune system", choices[0]["value"]):
        result = await world.member.slash(world.channel, "claim", said=said)
        assert result.response is not None
        text = text_of(result.response)
        assert "Not supported" in text
        assert "https://" in text
    shared = await world.member.click(result.response, label="Share here")
    assert not shared.ephemeral
    assert "Not supported" in text_of(shared.response)


async def test_claim_with_nothing_like_it(world: World) -> None:
    result = await world.you.slash("claim", said="the moon is made of cheese")
    assert "no claim like that" in text_of(result.response)


async def test_browse_lists_pages_and_opens(world: World) -> None:
    result = await world.you.slash("browse")
    assert f"{len(world.library.catalog.cards)} cards, page 1 of" in text_of(result.response)
    await world.restart()
    await world.you.click(world.inbox[-1], label="Next")
    assert "page 2 of" in text_of(world.inbox[-1])
    wanted = options_of(world.inbox[-1])[0]
    await world.you.select(world.inbox[-1], [wanted])
    assert f"## {world.library.catalog.cards[wanted].name}" in text_of(world.inbox[-1])


async def test_browse_by_kind_and_certainty(world: World) -> None:
    result = await world.you.slash("browse", kind="supplement", certainty="very-low")
    shown = options_of(result.response)
    assert shown
    assert all(world.library.catalog.cards[card].kind == "supplement" for card in shown)
    empty = await world.you.slash("browse", kind="topic", certainty="high")
    assert "No card is like that" in text_of(empty.response)


async def test_fact_check_reads_the_message_and_answers_privately(world: World) -> None:
    message = await world.other.send(world.channel, "They say ketamine boosts the immune system. Anyone tried it?")
    result = await world.member.context_menu(world.channel, "Fact-check this", message)
    assert result.ephemeral
    assert result.response is not None
    assert "Not supported" in text_of(result.response)
    await world.restart()
    await world.member.click(result.response, label="Reply kindly with Ketamine")
    posted = world.channel.last_message
    assert posted is not None
    assert posted.reference is not None
    assert posted.reference.message_id == message.id
    assert "## Ketamine" in text_of(posted)


async def test_fact_check_of_small_talk(world: World) -> None:
    message = await world.other.send(world.channel, "Good morning everyone, lovely weather")
    result = await world.member.context_menu(world.channel, "Fact-check this", message)
    assert result.response is not None
    assert "found no claim and no card" in text_of(result.response)
    assert labels_of(result.response) == []


@pytest.mark.parametrize("country", ["United Kingdom", "united kingdom", "GB"])
async def test_support_by_country(world: World, country: str) -> None:
    result = await world.you.slash("support", country=country)
    text = text_of(result.response)
    for expected in ("Emergency: 999", "116 123", "Find A Helpline"):
        assert expected in text


async def test_support_for_a_country_without_a_page(world: World) -> None:
    assert "no list for that country" in text_of((await world.you.slash("support", country="Atlantis")).response)


async def test_every_country_fits_one_message(world: World) -> None:
    for country in world.library.catalog.support:
        result = await world.you.slash("support", country=country.country)
        assert len(text_of(result.response)) <= 4000


async def test_a_message_full_of_claims_still_gets_one_answer(world: World) -> None:
    claims = world.library.catalog.cards["ketamine"].claims
    message = await world.other.send(world.channel, " ".join(claim.text for claim in claims)[:2000])
    result = await world.member.context_menu(world.channel, "Fact-check this", message)
    assert result.response is not None
    assert len(text_of(result.response)) <= 4000


async def test_looking_things_up_leaves_no_trail(
    world: World, tmp_path: Path, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    await world.you.slash("ask", question="does MARKERWORD help with pain")
    await world.you.slash("treatment", name="MARKERWORD")
    await world.you.slash("claim", said="MARKERWORD cures everything")
    await world.you.autocomplete("treatment", "name", "MARKERWORD")
    message = await world.other.send(world.channel, "MARKERWORD is wonderful")
    await world.member.context_menu(world.channel, "Fact-check this", message)
    ours = [record.getMessage() for record in caplog.records if not record.name.startswith(("discord", "aiosqlite"))]
    shown = capfd.readouterr()
    assert not [line for line in (*ours, shown.out, shown.err) if "markerword" in line.casefold()]
    stored = [path for path in tmp_path.rglob("*") if path.is_file()]  # noqa: ASYNC240 - a few small files
    assert stored
    assert not [path for path in stored if b"markerword" in path.read_bytes().lower()]
