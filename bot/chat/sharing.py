"""Cards where everybody in a channel can see them: whether that is wanted there, and the memory of what was posted."""

from bot.chat.interactions import can_share, show_everyone
from bot.chat.routing import Interaction
from bot.chat.ui.cards import Offer
from bot.chat.ui.layout import Layout
from bot.chat.ui.posted import Shapes
from bot.domain.communities import Feature
from bot.domain.curation import Posted, fingerprint
from bot.services.curation.communities import CommunityService
from bot.services.curation.living import WITHDRAWN, LivingAnswers
from bot.services.facts import Answer
from bot.services.ports import Clock

SHARING_OFF = "Sharing cards in channels is switched off in this server. You can still read them yourself."


class Sharing:
    """Posts cards publicly, and has them kept up to date from then on."""

    def __init__(self, communities: CommunityService, living: LivingAnswers, clock: Clock) -> None:
        self._communities = communities
        self._living = living
        self._clock = clock

    async def is_offered(self, interaction: Interaction) -> bool:
        """Whether a private answer here comes with a way to share it."""
        return can_share(interaction) and (await self._communities.of(interaction.guild_id)).has(Feature.SHARING)

    async def offers(self, interaction: Interaction) -> Offer:
        """What a card that is shown privately here comes with. Discord has no *Apps* menu on a private message."""
        if not can_share(interaction):
            return Offer.NOTHING
        community = await self._communities.of(interaction.guild_id)
        share = Offer.SHARE if community.has(Feature.SHARING) else Offer.NOTHING
        return share | (Offer.REPORT if community.has(Feature.REPORTS) else Offer.NOTHING)

    async def demand(self, interaction: Interaction) -> None:
        """
        Raises:
            UserError: nothing is shared in this server.
        """
        await self._communities.demand(interaction.guild_id, Feature.SHARING, SHARING_OFF)

    async def answers_openly(self, interaction: Interaction) -> bool:
        """Whether commands are answered for all to see here."""
        return can_share(interaction) and (await self._communities.of(interaction.guild_id)).public_answers

    async def post(self, interaction: Interaction, view: Layout, shown: Shapes) -> None:
        """Answer in the open with what shows these cards."""
        await self.remember(interaction, await show_everyone(interaction, view), shown)

    async def remember(self, interaction: Interaction, message_id: int | None, shown: Shapes) -> None:
        """Keep a message of ours in this channel up to date; in a server we are not in, we could not edit it."""
        guild, channel, now = interaction.guild_id, interaction.channel_id, self._clock.now()
        if guild and channel and message_id and interaction.client.get_guild(guild):
            await self._living.remember(
                [Posted(guild, channel, message_id, each.card.id, shape, _state(each), now) for each, shape in shown]
            )


def _state(answer: Answer) -> str:
    return WITHDRAWN if answer.withdrawal else fingerprint(answer.card)
