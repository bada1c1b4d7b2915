"""Facts: cards by name."""

from collections.abc import Mapping

from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import in_bot_dm, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.ui.cards import OPEN_PAGE, SHARE, Page, card_view
from bot.services.facts import FactService


class Facts(commands.Cog):
    """`/treatment`, and the buttons under every card."""

    def __init__(self, facts: FactService) -> None:
        self._facts = facts
        self.controls: Mapping[Action, Handler] = {OPEN_PAGE: self._open_page, SHARE: self._share}

    @app_commands.command()
    @app_commands.describe(name="A treatment: its name, a brand, or what people call it")
    async def treatment(self, interaction: Interaction, name: app_commands.Range[str, 1, 80]) -> None:
        """What is known about a treatment, with sources"""
        shareable = interaction.guild_id is not None
        await show(interaction, card_view(self._facts.answer(name), shareable=shareable))

    @treatment.autocomplete("name")
    async def _suggest(self, interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
        return [app_commands.Choice(name=card.name, value=card.id) for card in self._facts.suggest(typed)]

    async def _open_page(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        answer = self._facts.answer(values["card"])
        private = _is_private(interaction)
        shareable = private and interaction.guild_id is not None
        view = card_view(answer, Page(values["page"]), int(values["part"]), shareable=shareable)
        if private:
            await interaction.response.edit_message(view=view)
        else:  # a card that was shared stays as it is for everybody else
            await interaction.response.send_message(view=view, ephemeral=True)

    async def _share(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await show(interaction, card_view(self._facts.answer(values["card"])), private=False)


def _is_private(interaction: Interaction) -> bool:
    return in_bot_dm(interaction) or (interaction.message is not None and interaction.message.flags.ephemeral)
