"""Questions in plain language, things people say, and messages to check."""

from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, can_share, say, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui.cards import card_view
from bot.chat.ui.layout import panel
from bot.chat.ui.questions import (
    NO_CLAIM,
    NO_PASSAGE,
    REPLY_WITH_CARD,
    SHARE_CLAIM,
    claims_view,
    fact_check_view,
    passages_view,
)
from bot.errors import UserError
from bot.services.facts import FactService

REPLIED = "Done: the card stands under that message."
CANNOT_REPLY = (
    "I cannot write in this channel. You can still share the card from its own message: open it and press Share here."
)


class Questions(commands.Cog):
    """`/ask`, `/claim`, and *Fact-check this* on any message."""

    def __init__(self, facts: FactService) -> None:
        self._facts = facts
        self.controls: Mapping[Action, Handler] = {SHARE_CLAIM: self._share_claim, REPLY_WITH_CARD: self._reply}
        self.menus = [
            app_commands.ContextMenu(name="Fact-check this", callback=self._fact_check),
        ]

    @app_commands.command()
    @app_commands.describe(question="In your own words, such as: does k help with pain after surgery")
    async def ask(self, interaction: Interaction, question: app_commands.Range[str, 2, 300]) -> None:
        """Ask in your own words; the cards answer, with sources"""
        found = self._facts.ask(question)
        view = passages_view(found, shareable=can_share(interaction)) if found else panel([NO_PASSAGE])
        await show(interaction, view)

    @app_commands.command()
    @app_commands.describe(said="What people say, such as: ketamine boosts the immune system")
    async def claim(self, interaction: Interaction, said: app_commands.Range[str, 2, 300]) -> None:
        """Something people say: is it so, and how do we know?"""
        card_id, _, claim_id = said.partition(":")
        picked = [self._facts.claim(card_id, claim_id)] if card_id in self._facts.catalog.cards and claim_id else []
        found = picked or self._facts.claims(said)
        view = claims_view(found, shareable=can_share(interaction)) if found else panel([NO_CLAIM])
        await show(interaction, view)

    @claim.autocomplete("said")
    async def _suggest_claim(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        found = self._facts.claims(typed, limit=10) if typed.strip() else []
        return [
            app_commands.Choice(name=each.claim.text[:100], value=f"{each.answer.card.id}:{each.claim.id}")
            for each in found
        ]

    async def _fact_check(self, interaction: Interaction, message: discord.Message) -> None:
        found = self._facts.fact_check(message.content)
        await show(interaction, fact_check_view(found, message.id, can_reply=can_share(interaction)))

    async def _share_claim(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        found = self._facts.claim(values["card"], values["claim"])
        await show(interaction, claims_view([found], shareable=False), private=False)

    async def _reply(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        answer = self._facts.card(values["card"])
        await acknowledge(interaction)
        if not isinstance(interaction.channel, discord.abc.Messageable):
            raise UserError(CANNOT_REPLY)
        reference = discord.MessageReference(
            message_id=int(values["message"]), channel_id=interaction.channel_id or 0, fail_if_not_exists=False
        )
        try:
            await interaction.channel.send(view=card_view(answer), reference=reference, nonce=f"f{interaction.id}")
        except discord.Forbidden:
            raise UserError(CANNOT_REPLY) from None
        await say(interaction, REPLIED)
