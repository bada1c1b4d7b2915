"""Citing: known sources by what people remember of them, new ones by DOI or PubMed number."""

import pytest

from bot.domain.cards import SourceType
from bot.domain.curation import Proposal
from bot.domain.manuscripts import Part
from bot.errors import UserError
from tests.curation.desk import ANNA, BEN, CARD, HERE, THERE, WHY, Desk

NEW = ("A newer trial", "Smith J, et al.", "Pain 2026", SourceType.TRIAL)


async def cited(desk: Desk, proposal: Proposal, number: int) -> Proposal:
    """Its effect rests on that source."""
    text = {Part.EFFECT: f"In one small trial, pain eased a little. [{number}]"}
    return await desk.proposals.write(proposal.guild_id, proposal.id, ANNA, text)


@pytest.mark.parametrize(
    ("words", "source_id"),
    [
        ("noppers 2011", "noppers-2011-fm"),
        ("Macfarlane EULAR recommendations", "eular-2017"),
        ("27377815", "eular-2017"),
        ("https://doi.org/10.1136/ANNRHEUMDIS-2016-209724", "eular-2017"),
    ],
)
async def test_known_sources_are_found_by_what_people_know_of_them(desk: Desk, words: str, source_id: str) -> None:
    assert source_id in [source.id for source in await desk.proposals.find_sources(HERE, words)]


async def test_no_more_are_found_than_a_menu_holds(desk: Desk) -> None:
    assert len(await desk.proposals.find_sources(HERE, "")) == 25
    assert await desk.proposals.find_sources(HERE, "zzzz qqqq") == []


async def test_a_source_keeps_its_number(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    _, first = await desk.proposals.cite(HERE, draft.id, ANNA, draft.manuscript.sources[4])
    assert first == 5
    _, new = await desk.proposals.cite(HERE, draft.id, ANNA, "recla-2010")
    again, same = await desk.proposals.cite(HERE, draft.id, ANNA, "recla-2010")
    assert same == new
    assert again.manuscript.sources[new - 1] == "recla-2010"
    with pytest.raises(UserError, match="do not know that source"):
        await desk.proposals.cite(HERE, draft.id, ANNA, "moon-2026")


async def test_a_doi_of_a_record_that_other_cards_cite_gives_that_record(desk: Desk) -> None:
    draft = await desk.proposals.begin_new(HERE, ANNA, "Cupping", desk.library.catalog.cards[CARD].kind)
    eular = desk.library.catalog.sources["eular-2017"]
    assert eular.doi
    typed = f"https://doi.org/{eular.doi.upper()}"
    written, number, known = await desk.proposals.add_source(HERE, draft.id, ANNA, typed, *NEW)
    assert known == eular
    assert written.manuscript.sources[number - 1] == "eular-2017"
    assert written.manuscript.added == ()
    by_pmid = await desk.proposals.add_source(HERE, draft.id, ANNA, f"PMID {eular.pmid}", *NEW)
    assert by_pmid[1:] == (number, eular)


async def test_the_same_new_paper_twice_is_one_source(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    _, first, known = await desk.proposals.add_source(HERE, draft.id, ANNA, "10.1234/new", *NEW)
    written, second, again = await desk.proposals.add_source(HERE, draft.id, ANNA, "doi:10.1234/NEW.", *NEW)
    assert (known, first) == (None, second)
    assert again == written.manuscript.added[0]
    _, third, _ = await desk.proposals.add_source(HERE, draft.id, ANNA, "10.1234/other", *NEW)
    assert third == second + 1


async def test_what_cannot_be_read_adds_nothing(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    with pytest.raises(UserError, match="DOI"):
        await desk.proposals.add_source(HERE, draft.id, ANNA, "see the web", *NEW)
    assert await desk.proposals.get(HERE, draft.id) == draft


async def test_a_published_source_is_known_in_that_server_alone(desk: Desk) -> None:
    draft = await desk.proposals.begin(HERE, ANNA, CARD)
    draft, number, _ = await desk.proposals.add_source(HERE, draft.id, ANNA, "10.1234/new", *NEW)
    await cited(desk, draft, number)
    assert (await desk.proposals.send(HERE, draft.id, ANNA, WHY)).is_clean
    assert (await desk.proposals.approve(HERE, draft.id, BEN)).published
    assert [source.id for source in await desk.proposals.find_sources(HERE, "newer trial")] == ["smith-2026"]
    assert await desk.proposals.find_sources(THERE, "newer trial") == []
    other = await desk.proposals.begin(HERE, ANNA, "tramadol")
    other, number = await desk.proposals.cite(HERE, other.id, ANNA, "smith-2026")
    assert [source.id for source in other.manuscript.added] == ["smith-2026"]
    await cited(desk, other, number)
    assert (await desk.proposals.send(HERE, other.id, ANNA, WHY)).is_clean
    assert (await desk.proposals.approve(HERE, other.id, BEN)).published
    # It stays on that card when the first one goes back.
    await desk.shelf.restore(HERE, BEN, CARD, 0, "Back.")
    sources = (await desk.editions.of(HERE)).card("tramadol").sources
    assert "smith-2026" in [source.id for _, source in sources]


async def test_two_drafts_that_bring_the_same_paper_end_with_one_record(desk: Desk) -> None:
    drafts: list[Proposal] = []
    for card_id, doi in ((CARD, "10.1234/same"), ("tramadol", "10.1234/same"), ("gabapentin", "10.1234/other")):
        draft = await desk.proposals.begin(HERE, ANNA, card_id)
        draft, number, _ = await desk.proposals.add_source(HERE, draft.id, ANNA, doi, *NEW)
        assert draft.manuscript.sources[number - 1] == "smith-2026"
        drafts.append(await cited(desk, draft, number))
    for draft in drafts:
        check = await desk.proposals.send(HERE, draft.id, ANNA, WHY)
        assert check.is_clean, check.remarks
        assert (await desk.proposals.approve(HERE, draft.id, BEN)).published
    effects = [(await desk.card(HERE, draft.card_id)).effect for draft in drafts]
    assert [effect and effect.cites for effect in effects] == [("smith-2026",), ("smith-2026",), ("smith-2026-2",)]
    known = (await desk.editions.catalog_of(HERE)).sources
    assert (known["smith-2026"].doi, known["smith-2026-2"].doi) == ("10.1234/same", "10.1234/other")
