"""The least that a discord.py bot can be: one command, one text of a given size. Run as a script."""

import argparse
import os

import discord
import uvloop
from discord import app_commands
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

CONTENT_LIMIT = 2000


class Bare(discord.Client):
    def __init__(self, size: int) -> None:
        super().__init__(intents=discord.Intents(guilds=True))
        self.tree = app_commands.CommandTree(self)
        content, rest = "x" * min(size, CONTENT_LIMIT), "x" * max(0, size - CONTENT_LIMIT)

        @self.tree.command()
        async def treatment(interaction: discord.Interaction, name: str) -> None:
            """Say something as long as a card"""
            del name
            if rest:
                await interaction.response.send_message(content, embed=discord.Embed(description=rest), ephemeral=True)
            else:
                await interaction.response.send_message(content, ephemeral=True)

    async def setup_hook(self) -> None:
        await self.tree.sync()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("size", type=int, help="characters of the answer")
    parser.add_argument("--uvloop", action="store_true", help="the event loop that we use")
    chosen = parser.parse_args()
    if chosen.uvloop:
        uvloop.install()
    Route.BASE = os.environ["SPOONFUL_DISCORD_API_URL"]
    DiscordWebSocket.DEFAULT_GATEWAY = URL(os.environ["SPOONFUL_DISCORD_GATEWAY_URL"])
    Bare(chosen.size).run(os.environ["SPOONFUL_DISCORD_TOKEN"], log_handler=None)


if __name__ == "__main__":
    main()
