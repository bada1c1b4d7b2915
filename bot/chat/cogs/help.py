"""Help: what can be typed."""

from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import show
from bot.chat.routing import Interaction
from bot.chat.ui.help import help_view


class Help(commands.Cog):
    """`/help`."""

    @app_commands.command()
    async def help(self, interaction: Interaction) -> None:
        """What I can do"""
        await show(interaction, help_view())
