"""How the bot is doing, for the moderators of a server."""

from discord import app_commands
from discord.ext import commands

from bot.chat.gate import Gate
from bot.chat.interactions import acknowledge, show
from bot.chat.routing import Interaction
from bot.chat.ui.status import status_view
from bot.services.condition import ConditionService


class Status(commands.Cog):
    """`/status`."""

    def __init__(self, gate: Gate, condition: ConditionService) -> None:
        self._gate = gate
        self._condition = condition

    @app_commands.command()
    @app_commands.allowed_contexts(guilds=True, dms=False, private_channels=False)
    @app_commands.allowed_installs(guilds=True, users=False)
    async def status(self, interaction: Interaction) -> None:
        """For moderators: how I am doing"""
        await acknowledge(interaction)
        await self._gate.curator(interaction)
        await show(interaction, status_view(await self._condition.now()))
