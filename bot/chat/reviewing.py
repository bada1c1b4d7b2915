"""Showing a proposal for review: the message in the curation channel, and how it is kept up to date."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from weakref import WeakValueDictionary

import aiohttp
import discord
import structlog

from bot.chat.interactions import TOO_LATE, show
from bot.chat.messenger import SEND_TIMEOUT, UNKNOWN_CHANNEL, UNKNOWN_MESSAGE
from bot.chat.routing import Interaction
from bot.chat.ui.layout import Layout
from bot.chat.ui.review import Review, review_view
from bot.domain.curation import Proposal, ProposalStatus
from bot.domain.references import known_records
from bot.services.curation.communities import Action, CommunityService
from bot.services.curation.editions import Editions
from bot.services.curation.proposals import ProposalService

NO_ACCESS, NO_PERMISSION = 50001, 50013
GONE = {UNKNOWN_CHANNEL, UNKNOWN_MESSAGE, NO_ACCESS, NO_PERMISSION}
"""Discord's answers when a message is beyond our reach for good."""

UNREACHED = (TimeoutError, OSError, aiohttp.ClientError, discord.DiscordException)

EVENTS_SEARCHED = 100
DECISIONS = {Action.CHANGE_ASKED, Action.REJECTED}

log = structlog.get_logger()


class ReviewBoard:
    """The curation channel as far as proposals go. Nothing is decided here, and nothing raises for Discord.

    A message is only ever drawn from how its proposal stands at that moment, one drawing after the other: two
    moderators who press at once do not write over each other's outcome.
    """

    def __init__(self, communities: CommunityService, proposals: ProposalService, editions: Editions) -> None:
        self._communities = communities
        self._proposals = proposals
        self._editions = editions
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def post(self, client: discord.Client, proposal: Proposal) -> bool:
        """Show a proposal that was just sent. False, and nothing lost, if there is no channel that takes it."""
        community = await self._communities.of(proposal.guild_id)
        if community.curation_channel_id is None:
            return False
        view = review_view(await self.review(proposal))
        channel = client.get_partial_messageable(community.curation_channel_id, guild_id=proposal.guild_id)
        try:
            async with asyncio.timeout(SEND_TIMEOUT):
                message = await channel.send(view=view, nonce=_nonce(proposal))
        except UNREACHED as error:
            log.warning("proposal not shown for review", error=_named(error))
            await self._proposals.shown_at(proposal.guild_id, proposal.id, None, None)
            return False
        await self._proposals.shown_at(proposal.guild_id, proposal.id, channel.id, message.id)
        return True

    async def refresh(self, client: discord.Client, proposal: Proposal, *, text: bool | None = None) -> None:
        """Draw its message anew, if there is one. One that is gone is forgotten; `text` is as for `review_view`."""

        async def edit(current: Proposal, view: Layout) -> None:
            if current.channel_id and current.message_id:
                channel = client.get_partial_messageable(current.channel_id, guild_id=current.guild_id)
                await channel.get_partial_message(current.message_id).edit(view=view)

        if proposal.message_id is not None:
            await self._draw(proposal, edit, text=text)

    async def answer(self, interaction: Interaction, proposal: Proposal, *, text: bool | None = None) -> None:
        """After a step: draw the pressed message anew, and the one in the channel where that is another."""
        pressed = interaction.message

        async def edit(_current: Proposal, view: Layout) -> None:
            await show(interaction, view)

        if TOO_LATE not in interaction.extras:
            await self._draw(proposal, edit, text=text)
        if TOO_LATE in interaction.extras or pressed is None or pressed.id != proposal.message_id:
            await self.refresh(interaction.client, proposal, text=text)

    async def card_changed(self, client: discord.Client, guild_id: int, card_id: str) -> None:
        """Let what is in review about this card say that it has been overtaken."""
        for proposal in await self._proposals.rivals(guild_id, card_id):
            await self.refresh(client, proposal)

    async def review(self, proposal: Proposal) -> Review:
        """Everything that a view of it for reviewers shows."""
        community = await self._communities.of(proposal.guild_id)
        catalog = await self._editions.catalog_of(proposal.guild_id)
        return Review(
            proposal,
            await self._proposals.check(proposal),
            known_records(catalog, proposal.manuscript),
            frozenset(source.id for source in proposal.manuscript.added if source.id not in catalog.sources),
            community.approvals,
            await self._decided_by(proposal),
        )

    async def _draw(
        self, proposal: Proposal, edit: Callable[[Proposal, Layout], Awaitable[None]], *, text: bool | None
    ) -> None:
        async with self._turns.setdefault(proposal.id, asyncio.Lock()):
            current = await self._proposals.get(proposal.guild_id, proposal.id)
            view = review_view(await self.review(current), text=text)
            try:
                async with asyncio.timeout(SEND_TIMEOUT):
                    await edit(current, view)
            except UNREACHED as error:
                log.warning("review not updated", error=_named(error))
                if isinstance(error, discord.HTTPException) and error.code in GONE:
                    await self._proposals.shown_at(current.guild_id, current.id, None, None)

    async def _decided_by(self, proposal: Proposal) -> int | None:
        """Who sent it back or rejected it, as the audit log has it."""
        if proposal.status not in {ProposalStatus.CHANGES_ASKED, ProposalStatus.REJECTED}:
            return None
        for event in await self._communities.events(proposal.guild_id, EVENTS_SEARCHED):
            same = (event.subject, event.detail) == (proposal.card_id, proposal.reply)
            if same and event.action in DECISIONS:
                return event.actor_id
        return None


def _nonce(proposal: Proposal) -> str:
    """The same for the same sending, so that Discord answers a repeat with the message that is already there."""
    said = f"{proposal.id}:{proposal.changed_at.timestamp()}"
    return hashlib.blake2b(said.encode(), digest_size=12).hexdigest()


def _named(error: BaseException) -> str:
    return f"{error.status} {error.code}" if isinstance(error, discord.HTTPException) else type(error).__name__
