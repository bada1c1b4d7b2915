"""The editions of all communities: each its own revisions over the bundled cards, put together when asked for."""

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bot.domain.cards import Card, Source
from bot.domain.catalog import Catalog
from bot.domain.curation import Revision
from bot.domain.editions import Edition, overlay
from bot.services.curation.ports import IndexOf, RevisionStore
from bot.services.facts import FactService, Lookups, Withdrawal
from bot.services.ports import Clock, Library

KEPT = 50
"""Communities whose edition is held ready, each with an index of about a megabyte; another takes 20 ms to make."""


@dataclass(frozen=True)
class CardState:
    """How one card stands in one community.

    `card` is the text in effect, or as it was withdrawn; None if the community has no such card. `number` is that of
    its newest revision (0: none, so the bundled card counts), `added` the sources that came with it, `bundled` the
    bundled card.
    """

    card: Card | None
    number: int
    withdrawal: Withdrawal | None
    added: tuple[Source, ...]
    bundled: Card | None


class Editions:
    """Use-cases of the cards, by community; and the bundled catalog, which can be exchanged while it runs.

    `listeners` are told after a change of one community, or of all (None).
    """

    def __init__(
        self, bundled: Library, revisions: RevisionStore, index: IndexOf, lookups: Lookups, clock: Clock
    ) -> None:
        self._revisions = revisions
        self._index = index
        self._lookups = lookups
        self._clock = clock
        self._bundled = bundled
        self._plain = self._unchanged()
        self._revised: set[int] = set()
        self._loaded = False
        self._held: OrderedDict[int, FactService] = OrderedDict()
        self._making: defaultdict[int, asyncio.Lock] = defaultdict(asyncio.Lock)
        self._changes = 0
        self.listeners: list[Callable[[int | None], None]] = []

    async def load(self) -> None:
        """Learn which communities have revisions: early, so that nobody waits for it."""
        self._revised |= await self._revisions.guilds()
        self._loaded = True

    @property
    def catalog(self) -> Catalog:
        """The bundled one."""
        return self._bundled.catalog

    async def of(self, guild_id: int | None) -> FactService:
        """The cards as this community shows them; the bundled ones outside of any."""
        if guild_id is None:
            return self._plain
        if not self._loaded:
            await self.load()
        if guild_id not in self._revised:
            return self._plain
        if guild_id not in self._held:
            return await self._made(guild_id)
        self._held.move_to_end(guild_id)
        return self._held[guild_id]

    async def catalog_of(self, guild_id: int | None) -> Catalog:
        return (await self.of(guild_id)).catalog

    async def state(self, guild_id: int, card_id: str) -> CardState:
        """How the card stands now."""
        edition = (await self.of(guild_id)).edition
        down = edition.withdrawn.get(card_id)
        return CardState(
            edition.text(card_id),
            edition.numbers.get(card_id, 0),
            Withdrawal(down.why, down.at) if down else None,
            tuple(edition.records.get(card_id, {}).values()),
            self.catalog.cards.get(card_id),
        )

    def changed(self, guild_id: int) -> None:
        """The community has a new revision: whoever asks from now on gets it."""
        self._revised.add(guild_id)
        self._held.pop(guild_id, None)
        self._tell(guild_id)

    def publish(self, library: Library) -> None:
        """Take this library as the bundled one from now on, under every community's revisions."""
        self._bundled = library
        self._plain = self._unchanged()
        self._held.clear()
        self._tell(None)

    def _tell(self, guild_id: int | None) -> None:
        self._changes += 1
        for listener in self.listeners:
            listener(guild_id)

    def _unchanged(self) -> FactService:
        return FactService(Edition(self._bundled.catalog), self._bundled.search, self._lookups, self._clock)

    async def _made(self, guild_id: int) -> FactService:
        """Put the edition together off the event loop, once for all who wait, and anew if it changed meanwhile."""
        async with self._making[guild_id]:
            while guild_id not in self._held:
                before = self._changes
                revisions = await self._revisions.latest(guild_id)
                facts = await asyncio.to_thread(self._over, self._bundled.catalog, revisions)
                if before == self._changes:
                    self._held[guild_id] = facts
            self._held.move_to_end(guild_id)
            while len(self._held) > KEPT:
                self._held.popitem(last=False)
            return self._held[guild_id]

    def _over(self, catalog: Catalog, revisions: Sequence[Revision]) -> FactService:
        edition = overlay(catalog, revisions)
        down = self._index(edition.taken_down).search if edition.withdrawn else None
        return FactService(edition, self._index(edition.catalog).search, self._lookups, self._clock, down)
