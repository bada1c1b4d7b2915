"""`/mydata`: everybody's look at what is stored about them, and their way out."""

import io
from collections.abc import Mapping

import discord
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import acknowledge, acknowledge_beside, in_bot_dm, of_owner, open_dm, show
from bot.chat.routing import Action, Handler, Interaction
from bot.chat.tidying import delete_ours
from bot.chat.ui import mydata as ui
from bot.chat.ui.layout import panel
from bot.errors import UserError
from bot.services.membership import ERASED_MEANWHILE
from bot.services.pace import Pace
from bot.services.patience import Patience, Work
from bot.services.rights import RightsService

AT_IT = "I am deleting them already; please give me a few minutes."


class MyData(commands.Cog):
    """The command, and the buttons that download, erase and tidy up. `pace` is for deleting messages."""

    def __init__(self, rights: RightsService, patience: Patience, pace: Pace) -> None:
        self._rights = rights
        self._patience = patience
        self._pace = pace
        self._tidying: set[int] = set()
        self.controls: Mapping[Action, Handler] = {
            ui.DOWNLOAD: of_owner(self._download),
            ui.ERASE: of_owner(self._erase),
            ui.ERASE_SURE: of_owner(self._erase_sure),
            ui.KEEP: of_owner(self._keep),
            ui.DELETE_MESSAGES: of_owner(self._delete_messages),
        }

    @app_commands.command()
    async def mydata(self, interaction: Interaction) -> None:
        """What I have about you: see it, download it, erase it"""
        await acknowledge(interaction)
        await show(interaction, ui.stored_view(interaction.user.id, await self._rights.stored(interaction.user.id)))

    async def _download(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge_beside(interaction)
        self._patience.take(interaction.user.id, Work.DOWNLOAD)
        made = await self._rights.download(interaction.user.id)
        attachments = [discord.File(io.BytesIO(file.content), file.name) for file in made.files]
        await show(interaction, ui.files_view(made.files), files=attachments)
        if not await self._rights.still(interaction.user.id, made.sign):  # erased while Discord took the files
            await show(interaction, panel([ERASED_MEANWHILE]))

    async def _erase(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await show(interaction, ui.erase_view(interaction.user.id, await self._rights.stored(interaction.user.id)))

    async def _erase_sure(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await show(interaction, ui.receipt_view(interaction.user.id, await self._rights.erase(interaction.user.id)))

    async def _keep(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        await acknowledge(interaction)
        await show(interaction, panel(["Nothing was changed."]))

    async def _delete_messages(self, interaction: Interaction, values: Mapping[str, str]) -> None:
        """Those from before the receipt, which stays; what comes after it is not there yet."""
        await acknowledge_beside(interaction)
        receipt, person_id = interaction.message, interaction.user.id
        if person_id in self._tidying or receipt is None:
            raise UserError(AT_IT)
        self._tidying.add(person_id)
        try:
            await show(interaction, panel([ui.DELETING]))
            chat = interaction.channel if in_bot_dm(interaction) else None
            chat = chat if isinstance(chat, discord.abc.Messageable) else await open_dm(interaction)
            tidied = await delete_ours(chat, receipt, self._pace)
        finally:
            self._tidying.discard(person_id)
        await show(interaction, ui.tidied_view(person_id, tidied))
