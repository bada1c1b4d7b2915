"""In and out: what is exported, imported somewhere else and exported again is the same, byte for byte."""

from pathlib import Path

import pytest

from bot.catalog.exchange import export, read_withdrawals
from bot.catalog.loader import check, load
from bot.chat.ui.cards import over_budget
from bot.config import ROOT
from bot.domain.cards import Card, Source, Statement
from bot.domain.catalog import Catalog
from bot.domain.changes import Change
from bot.domain.curation import RevisionKind
from bot.services.curation.imports import WHY, Import, ImportService
from tests.curation.desk import ANNA, CARD, HERE, SCOPE, THERE, Desk

NEW = Source.model_validate(
    {"id": "new-2026", "type": "guideline", "authors": "New N", "title": "A new paper", "doi": "10.1000/new"}
)
NOTHING_WITHDRAWN: dict[str, str] = {}


@pytest.fixture
def imports(desk: Desk) -> ImportService:
    return ImportService(desk.clock, desk.storage.revisions, desk.library.catalog)


def with_cards(catalog: Catalog, *cards: Card, sources: tuple[Source, ...] = ()) -> Catalog:
    """A folder's catalog: the bundled one with these in place."""
    by_id = {**catalog.cards, **{card.id: card for card in cards}}
    records = {**catalog.sources, **{source.id: source for source in sources}}
    return Catalog.of(list(by_id.values()), list(records.values()))


def reworded(desk: Desk, **fields: object) -> Card:
    return desk.library.catalog.cards[CARD].model_copy(update={"scope": SCOPE, **fields})


async def imported(imports: ImportService, folder: Catalog, withdrawn: dict[str, str] | None = None) -> list[Import]:
    found = await imports.look(HERE, folder, withdrawn or NOTHING_WITHDRAWN)
    assert await imports.publish(found) == []
    return found


async def exported(desk: Desk, guild_id: int, folder: Path) -> dict[str, bytes]:
    export(ROOT / "content", folder, await desk.storage.revisions.latest(guild_id))
    return files(folder)


def files(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_out_in_and_out_again_is_the_same(desk: Desk, imports: ImportService, tmp_path: Path) -> None:
    heat = desk.library.catalog.cards["tens"].model_copy(
        update={"id": "heat", "name": "Hot packs", "aliases": ("heat pad",), "brands": ()}
    )
    heat = heat.model_copy(update={"waiting": (Statement(text="Rest: it helps.", cites=(NEW.id, "nice-ng193")),)})
    await imported(imports, with_cards(desk.library.catalog, heat, sources=(NEW,)))
    await desk.published()
    await desk.shelf.withdraw(HERE, ANNA, "yoga", "A trial was retracted: see the channel.")
    first = await exported(desk, HERE, tmp_path / "first")
    today = desk.clock.now().date()
    assert [str(problem) for problem in check(tmp_path / "first", today, over_budget)] == []

    folder = load(tmp_path / "first")
    withdrawn, problems = read_withdrawals(tmp_path / "first", folder.cards)
    assert problems == []
    found = await imports.look(THERE, folder, withdrawn)
    assert {each.revision.card_id: each.revision.kind for each in found} == {
        "heat": RevisionKind.PUBLISHED,
        CARD: RevisionKind.PUBLISHED,
        "yoga": RevisionKind.WITHDRAWN,
    }
    assert await imports.publish(found) == []
    assert await exported(desk, THERE, tmp_path / "second") == first
    assert await imports.look(THERE, folder, withdrawn) == []

    bundled = await exported(desk, 300, tmp_path / "bundled")
    assert {name for name, _ in first.items() ^ bundled.items()} == {
        "cards/heat.yaml",
        f"cards/{CARD}.yaml",
        "sources/community.yaml",
        "withdrawals.yaml",
    }


async def test_members_see_what_was_imported_and_the_log_says_so(desk: Desk, imports: ImportService) -> None:
    [found] = await imported(imports, with_cards(desk.library.catalog, reworded(desk)))
    desk.editions.changed(HERE)
    assert (await desk.card(HERE)).scope == SCOPE
    assert (await desk.card(THERE)).scope != SCOPE
    assert (found.revision.author_id, found.revision.why, found.revision.number) == (None, WHY, 1)
    [event] = await desk.communities.events(HERE)
    assert (event.action, event.actor_id, event.subject) == ("imported", None, CARD)


async def test_the_bundled_content_as_it_is_changes_nothing(desk: Desk, imports: ImportService) -> None:
    assert await imports.look(HERE, desk.library.catalog, NOTHING_WITHDRAWN) == []


async def test_it_shows_what_differs_from_what_members_see_now(desk: Desk, imports: ImportService) -> None:
    await desk.published()
    later = "Ketamine, and what it does."
    [found] = await imports.look(HERE, with_cards(desk.library.catalog, reworded(desk, scope=later)), NOTHING_WITHDRAWN)
    assert found.changes == [Change("What this card covers", SCOPE, later)]
    assert found.revision.number == 2
    assert (await desk.storage.revisions.of_card(HERE, CARD))[0].number == 1, "looking changes nothing"


async def test_the_bundled_text_makes_it_the_bundled_card_again(desk: Desk, imports: ImportService) -> None:
    await desk.published()
    [found] = await imported(imports, desk.library.catalog)
    assert (found.revision.kind, found.revision.card) == (RevisionKind.BUNDLED, None)
    assert await imports.look(HERE, desk.library.catalog, NOTHING_WITHDRAWN) == []


async def test_a_withdrawal_is_imported_and_ends_when_it_is_gone(desk: Desk, imports: ImportService) -> None:
    [found] = await imported(imports, desk.library.catalog, {CARD: "Being checked."})
    assert (found.revision.kind, found.revision.why) == (RevisionKind.WITHDRAWN, "Being checked.")
    assert found.changes == [Change("Withdrawn", None, "Being checked.")]
    desk.editions.changed(HERE)
    assert (await desk.editions.state(HERE, CARD)).withdrawal
    [back] = await imported(imports, desk.library.catalog)
    assert back.changes == [Change("Withdrawn", "Being checked.", None)]
    assert back.revision.kind is RevisionKind.BUNDLED


async def test_a_new_source_comes_with_the_cards_that_cite_it(desk: Desk, imports: ImportService) -> None:
    card = reworded(desk, waiting=(Statement(text="Rest helps.", cites=(NEW.id,)),))
    [found] = await imported(imports, with_cards(desk.library.catalog, card, sources=(NEW,)))
    assert found.revision.sources == (NEW,)
    assert Change("Sources", None, "New") in found.changes


async def test_a_record_that_says_something_else_is_a_change_of_its_own(desk: Desk, imports: ImportService) -> None:
    source = desk.library.catalog.sources["dailey-2020-fast"]
    other = source.model_copy(update={"title": "Another title"})
    found = await imported(imports, with_cards(desk.library.catalog, sources=(other,)))
    assert "tens" in {each.revision.card_id for each in found}
    assert all(each.revision.sources == (other,) for each in found)
    assert all([change.where for change in each.changes] == ["Sources"] for each in found)
    assert all("Another title" in (each.changes[0].new or "") for each in found)


async def test_somebody_who_was_quicker_is_not_overwritten(desk: Desk, imports: ImportService) -> None:
    found = await imports.look(HERE, with_cards(desk.library.catalog, reworded(desk, scope="Theirs.")), {})
    await desk.published()
    assert await imports.publish(found) == found
    assert (await desk.card(HERE)).scope == SCOPE


async def test_a_bundled_change_that_nobody_looked_at_stays_in_the_queue(desk: Desk) -> None:
    await desk.published()
    bundled = desk.library.catalog.cards[CARD].model_copy(update={"name": "Ketamine now"})
    desk.ship(bundled)
    later = ImportService(desk.clock, desk.storage.revisions, desk.editions.catalog)
    await imported(later, with_cards(desk.editions.catalog, reworded(desk, scope="Theirs.")))
    desk.editions.changed(HERE)
    [(revision, below)] = await desk.shelf.changed_below(HERE)
    assert (revision.number, below) == (2, bundled)


async def test_cards_of_their_own_that_are_not_in_the_folder_stay(desk: Desk, imports: ImportService) -> None:
    own = replace_id(desk.library.catalog.cards["tens"], "heat")
    await imported(imports, with_cards(desk.library.catalog, own))
    assert await imports.look(HERE, desk.library.catalog, NOTHING_WITHDRAWN) == []


def replace_id(card: Card, card_id: str) -> Card:
    return card.model_copy(update={"id": card_id, "name": "Hot packs", "aliases": (), "brands": ()})


async def test_a_revision_of_two_keys_keeps_its_record_beside_the_import(desk: Desk, imports: ImportService) -> None:
    await desk.published()
    before = (await desk.storage.revisions.of_card(HERE, CARD))[0]
    await imported(imports, desk.library.catalog)
    history = await desk.storage.revisions.of_card(HERE, CARD)
    assert history[1] == before
    assert [each.number for each in history] == [2, 1]
