"""What curation needs, put together as the bot has it, over one database; and people and servers to test with."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.catalog.live import Library
from bot.catalog.search.index import SearchIndex
from bot.domain.cards import Card
from bot.domain.catalog import Catalog
from bot.domain.communities import Community
from bot.domain.curation import Proposal, Vote
from bot.domain.manuscripts import Part
from bot.services.curation.communities import CommunityService
from bot.services.curation.editions import Editions
from bot.services.curation.proposals import ProposalService
from bot.services.curation.shelf import Shelf
from bot.storage import Storage
from tests.chat.world import FixedClock

HERE, THERE = 100, 200
"""Two servers."""

ANNA, BEN, CLEO = 1, 2, 3
"""Three curators."""

CARD = "ketamine"
WHY = "The wording was hard to read."
SCOPE = "Ketamine for fibromyalgia and other lasting pain. No doses are given, on purpose."
OTHER_SCOPE = "What ketamine does in fibromyalgia. No doses are given, on purpose."


@dataclass(frozen=True)
class Desk:
    clock: FixedClock
    storage: Storage
    library: Library
    editions: Editions
    communities: CommunityService
    proposals: ProposalService
    shelf: Shelf

    async def card(self, guild_id: int | None, card_id: str = CARD) -> Card:
        """As members of that server see it."""
        return (await self.editions.of(guild_id)).card(card_id).card

    async def two_keys(self, guild_id: int = HERE) -> None:
        await self.communities.change(Community(guild_id=guild_id, approvals=2), ANNA, "approvals: 2")

    async def drafted(self, scope: str = SCOPE, author_id: int = ANNA, guild_id: int = HERE) -> Proposal:
        """A draft in which one line is new."""
        proposal = await self.proposals.begin(guild_id, author_id, CARD)
        return await self.proposals.write(guild_id, proposal.id, author_id, {Part.SCOPE: scope})

    async def sent(self, scope: str = SCOPE, author_id: int = ANNA, guild_id: int = HERE) -> Proposal:
        """The same, in review."""
        proposal = await self.drafted(scope, author_id, guild_id)
        check = await self.proposals.send(guild_id, proposal.id, author_id, WHY)
        assert check.is_clean, check
        return await self.proposals.get(guild_id, proposal.id)

    async def published(self, scope: str = SCOPE, author_id: int = ANNA, guild_id: int = HERE) -> Vote:
        """The same, approved by somebody else."""
        proposal = await self.sent(scope, author_id, guild_id)
        self.clock.advance(minutes=1)
        vote = await self.proposals.approve(guild_id, proposal.id, BEN if author_id != BEN else CLEO)
        assert vote.published
        return vote

    async def log(self, guild_id: int = HERE) -> list[str]:
        """What the audit log says was done, oldest first."""
        return [event.action for event in reversed(await self.communities.events(guild_id))]

    def ship(self, card: Card) -> None:
        """The bundled content changes: this card in place of the one with its id."""
        self.editions.publish(library_with(self.library, [card]))


def library_with(library: Library, cards: Sequence[Card]) -> Library:
    old = library.catalog
    by_id = {**old.cards, **{card.id: card for card in cards}}
    catalog = Catalog.of(
        list(by_id.values()), list(old.sources.values()), old.support, list(old.questionnaires.values())
    )
    return Library(catalog, SearchIndex(catalog))
