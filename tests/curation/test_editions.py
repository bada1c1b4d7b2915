"""Editions by community: nothing leaks, changes count at once, and what is slow is done once."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime

import pytest

from bot.catalog.live import Library, indexed
from bot.domain.cards import Card
from bot.domain.catalog import Catalog
from bot.domain.curation import Event, Revision, RevisionKind
from bot.services.curation import editions as module
from bot.services.curation.editions import Editions
from bot.services.facts import Answer, Lookups, NotFound
from bot.storage import Storage
from tests.chat.world import FixedClock

HERE, THERE = 100, 200
AT = datetime(2026, 11, 20, tzinfo=UTC)


async def revise(
    storage: Storage, guild: int, card: Card, kind: RevisionKind = RevisionKind.PUBLISHED, number: int = 1
) -> None:
    """Only in the database: nobody is told."""
    revision = Revision(guild, card.id, number, kind, card, (), 1, (2,), "A dose is wrong.", AT, None)
    assert await storage.revisions.add(revision, Event(guild, AT, 1, kind.value, card.id))


def scope(library: Library, scope: str, card_id: str = "ketamine") -> Card:
    return library.catalog.cards[card_id].model_copy(update={"scope": scope})


class CountingIndex:
    """Builds the real index, and counts."""

    def __init__(self) -> None:
        self.made = 0

    def __call__(self, catalog: Catalog) -> Library:
        self.made += 1
        return indexed(catalog)


async def test_each_community_has_its_own_cards(editions: Editions, storage: Storage, library: Library) -> None:
    tea = scope(library, "Ours alone.").model_copy(update={"id": "tea", "name": "Tea", "aliases": (), "brands": ()})
    await revise(storage, HERE, scope(library, "As we say here."))
    await revise(storage, HERE, tea)
    await revise(storage, THERE, library.catalog.cards["yoga"], RevisionKind.WITHDRAWN)
    for guild in (HERE, THERE):
        editions.changed(guild)
    here, there, elsewhere = [await editions.of(guild) for guild in (HERE, THERE, 300)]
    assert here.card("ketamine").card.scope == "As we say here."
    assert isinstance(here.answer("tea"), Answer)
    assert not here.card("yoga").withdrawal
    for other in (there, elsewhere, await editions.of(None)):
        assert other.card("ketamine").card == library.catalog.cards["ketamine"]
        assert isinstance(other.answer("tea"), NotFound)
        assert "Tea" not in [card.name for card in other.suggest("tea")]
    assert there.card("yoga").withdrawal
    assert elsewhere is await editions.of(None)
    assert not elsewhere.card("yoga").withdrawal
    assert editions.catalog is library.catalog


async def test_revisions_of_before_the_start_count_without_being_told(
    storage: Storage, library: Library, clock: FixedClock
) -> None:
    await revise(storage, HERE, library.catalog.cards["yoga"], RevisionKind.WITHDRAWN)
    editions = Editions(library, storage.revisions, indexed, Lookups(storage.tallies), clock)
    assert (await editions.of(HERE)).card("yoga").withdrawal


async def test_the_state_of_a_card(editions: Editions, storage: Storage, library: Library) -> None:
    bundled = library.catalog.cards["yoga"]
    plain = await editions.state(HERE, "yoga")
    assert (plain.card, plain.number, plain.withdrawal, plain.bundled) == (bundled, 0, None, bundled)
    mine = scope(library, "As we say here.", "yoga")
    await revise(storage, HERE, mine)
    await revise(storage, HERE, mine, RevisionKind.WITHDRAWN, 2)
    editions.changed(HERE)
    state = await editions.state(HERE, "yoga")
    assert (state.card, state.number, state.bundled) == (mine, 2, bundled)
    assert state.withdrawal
    assert state.withdrawal.reason == "A dose is wrong."
    assert "yoga" not in (await editions.catalog_of(HERE)).cards
    nothing = await editions.state(HERE, "tea")
    assert (nothing.card, nothing.number, nothing.bundled) == (None, 0, None)


async def test_changed_content_comes_through_under_an_overlay(
    editions: Editions, storage: Storage, library: Library
) -> None:
    await revise(storage, HERE, scope(library, "As we say here."))
    editions.changed(HERE)
    told: list[int | None] = []
    editions.listeners.append(told.append)
    changed = [scope(library, "New below.", card_id) for card_id in ("ketamine", "yoga")]
    editions.publish(indexed(Catalog.of(changed, list(library.catalog.sources.values()))))
    here = await editions.of(HERE)
    assert here.card("ketamine").card.scope == "As we say here."
    assert here.card("yoga").card.scope == "New below."
    assert isinstance(here.answer("massage"), NotFound)
    assert (await editions.of(None)).card("ketamine").card.scope == "New below."
    bundled = (await editions.state(HERE, "ketamine")).bundled
    assert bundled
    assert bundled.scope == "New below."
    editions.changed(THERE)
    assert told == [None, THERE]


async def test_all_who_ask_at_once_wait_for_one_index(storage: Storage, library: Library, clock: FixedClock) -> None:
    await revise(storage, HERE, scope(library, "As we say here."))
    index = CountingIndex()
    editions = Editions(library, storage.revisions, index, Lookups(storage.tallies), clock)
    found = await asyncio.gather(*(editions.of(HERE) for _ in range(20)))
    assert len(set(map(id, found))) == 1
    assert index.made == 1
    assert await editions.of(HERE) is found[0]


async def test_what_changes_while_an_edition_is_made_is_in_it(
    storage: Storage, library: Library, clock: FixedClock
) -> None:
    """The old text is read, then a curator withdraws the card: nobody is handed the old text any more."""
    await revise(storage, HERE, scope(library, "As we say here."))
    slow = SlowRevisions(storage)
    editions = Editions(library, slow, indexed, Lookups(storage.tallies), clock)
    asking = asyncio.create_task(editions.of(HERE))
    await slow.read.wait()
    await revise(storage, HERE, scope(library, "As we say here."), RevisionKind.WITHDRAWN, 2)
    editions.changed(HERE)
    slow.go_on.set()
    assert (await asking).card("ketamine").withdrawal


class SlowRevisions:
    """The real store; its answer about a community arrives when it is told to."""

    def __init__(self, storage: Storage) -> None:
        self._store = storage.revisions
        self.read, self.go_on = asyncio.Event(), asyncio.Event()

    async def latest(self, guild_id: int) -> Sequence[Revision]:
        found = await self._store.latest(guild_id)
        self.read.set()
        await self.go_on.wait()
        return found

    async def guilds(self) -> frozenset[int]:
        return await self._store.guilds()

    async def of_card(self, guild_id: int, card_id: str) -> Sequence[Revision]:
        return await self._store.of_card(guild_id, card_id)

    async def add(self, revision: Revision, event: Event) -> bool:
        return await self._store.add(revision, event)


async def test_editions_that_nobody_asks_for_are_let_go(
    storage: Storage, library: Library, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "KEPT", 2)
    for guild in (1, 2, 3):
        await revise(storage, guild, scope(library, f"In {guild}."))
    index = CountingIndex()
    editions = Editions(library, storage.revisions, index, Lookups(storage.tallies), clock)
    for guild in (1, 2, 1, 3, 1, 2):  # 2 gives way to 3, and comes back
        assert (await editions.of(guild)).card("ketamine").card.scope == f"In {guild}."
    assert index.made == 4
