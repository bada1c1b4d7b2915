"""Questions in plain language, things people say, and messages to check."""

from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, community_of, say, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.sharing import Sharing
from bot.chat.ui.cards import card_view
from bot.chat.ui.layout import panel
from bot.chat.ui.posted import card_shape, claim_shape, passages_shapes
from bot.chat.ui.questions import (
    NO_CLAIM,
    REPLY_WITH_CARD,
    SHARE_CLAIM,
    claims_view,
    fact_check_view,
    no_passage_view,
    passages_view,
)
from bot.domain.communities import Feature
from bot.errors import UserError
from bot.services.curation.asked import Asked
from bot.services.curation.communities import CommunityService
from bot.services.curation.editions import Editions
from bot.services.facts import ClaimAnswer, FactService

REPLIED = "Done: the card stands under that message."
CANNOT_REPLY = (
    "I cannot write in this channel. You can still share the card from its own message: open it and press Share here."
)
FACT_CHECKS_OFF = "Fact-checking messages is switched off in this server. `/claim` looks up what people say."


class Questions(commands.Cog):
    """`/ask`, `/claim`, and *Fact-check this* on any message."""

    def __init__(self, editions: Editions, communities: CommunityService, sharing: Sharing, asked: Asked) -> None:
        self._editions = editions
        self._communities = communities
        self._sharing = sharing
        self._asked = asked
        self.controls: Mapping[Action, Handler] = {SHARE_CLAIM: self._share_claim, REPLY_WITH_CARD: self._reply}
        self.menus = [
            app_commands.ContextMenu(name="Fact-check this", callback=self._fact_check),
        ]

    @app_commands.command()
    @app_commands.describe(question="In your own words, such as: does k help with pain after surgery")
    async def ask(self, interaction: Interaction, question: app_commands.Range[str, 2, 300]) -> None:
        """Ask in your own words; the cards answer, with sources"""
        found = (await self._facts(interaction)).ask(question)
        if not found:
            await self._count_unanswered(interaction, question)
        elif await self._sharing.answers_openly(interaction):
            shapes = passages_shapes([answer for _, answer in found])
            await self._sharing.post(interaction, passages_view(found, shareable=False), shapes)
        else:
            await show(interaction, passages_view(found, shareable=await self._sharing.is_offered(interaction)))

    @app_commands.command()
    @app_commands.describe(said="What people say, such as: ketamine boosts the immune system")
    async def claim(self, interaction: Interaction, said: app_commands.Range[str, 2, 300]) -> None:
        """Something people say: is it so, and how do we know?"""
        found = _picked_or_found(await self._facts(interaction), said)
        if not found:
            await show(interaction, panel([NO_CLAIM]))
        elif await self._sharing.answers_openly(interaction):
            await self._sharing.post(interaction, claims_view(found[:1], shareable=False), claim_shape(found[0]))
        else:
            await show(interaction, claims_view(found, shareable=await self._sharing.is_offered(interaction)))

    @claim.autocomplete("said")
    async def _suggest_claim(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = (await self._facts(interaction)).claims(typed, limit=10) if typed.strip() else []
        return [
            app_commands.Choice(name=each.claim.text[:100], value=f"{each.answer.card.id}:{each.claim.id}")
            for each in found
        ]

    async def _facts(self, interaction: Interaction) -> FactService:
        return await self._editions.of(community_of(interaction))

    async def _count_unanswered(self, interaction: Interaction, question: str) -> None:
        counted = (await self._communities.of(community_of(interaction))).has(Feature.WISHES)
        await show(interaction, no_passage_view(counted=counted))
        if counted:
            await self._asked.unanswered(community_of(interaction), interaction.user.id, question)

    async def _fact_check(self, interaction: Interaction, message: discord.Message) -> None:
        await self._communities.demand(community_of(interaction), Feature.FACT_CHECKS, FACT_CHECKS_OFF)
        found = (await self._facts(interaction)).fact_check(message.content)
        can_reply = await self._sharing.is_offered(interaction)
        await show(interaction, fact_check_view(found, message.id, can_reply=can_reply))

    async def _share_claim(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._sharing.demand(interaction)
        found = (await self._facts(interaction)).claim(values["card"], values["claim"])
        await self._sharing.post(interaction, claims_view([found], shareable=False), claim_shape(found))

    async def _reply(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await self._sharing.demand(interaction)
        answer = (await self._facts(interaction)).card(values["card"])
        await acknowledge(interaction)
        if not isinstance(interaction.channel, discord.abc.Messageable):
            raise UserError(CANNOT_REPLY)
        reference = discord.MessageReference(
            message_id=int(values["message"]), channel_id=interaction.channel_id or 0, fail_if_not_exists=False
        )
        view = card_view(answer)
        try:
            sent = await interaction.channel.send(view=view, reference=reference, nonce=f"f{interaction.id}")
        except discord.Forbidden:
            raise UserError(CANNOT_REPLY) from None
        await self._sharing.remember(interaction, sent.id, card_shape(answer))
        await say(interaction, REPLIED)


def _picked_or_found(facts: FactService, said: str) -> list[ClaimAnswer]:
    """The claim picked from the suggestions, withdrawn meanwhile or not; else those that the words come down to."""
    card_id, _, claim_id = said.partition(":")
    return [facts.claim(card_id, claim_id)] if claim_id and facts.edition.text(card_id) else facts.claims(said)
