"""Real discord.py in the process of the test, for what the server does to a client that is not our bot."""

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any
from unittest.mock import patch

import discord
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from tests.loopback.process import TOKEN, until
from tests.loopback.server import FakeDiscord

Interaction = discord.Interaction[discord.Client]
Handler = Callable[[Interaction], Coroutine[Any, Any, None]]


async def nothing(_interaction: Interaction) -> None:
    """Leaves an interaction unanswered."""


class Client(discord.Client):
    """Notes every interaction. Unlike others it does not wait five seconds before it identifies anew."""

    def __init__(self, answer: Handler = nothing, heartbeat_timeout: float = 60) -> None:
        super().__init__(intents=discord.Intents(guilds=True), heartbeat_timeout=heartbeat_timeout)
        self.seen: list[Interaction] = []
        self._answer = answer

    async def before_identify_hook(self, shard_id: int | None, *, initial: bool = False) -> None:
        pass

    async def on_interaction(self, interaction: Interaction) -> None:
        self.seen.append(interaction)
        await self._answer(interaction)


class Sharded(Client, discord.AutoShardedClient):
    """Asks the server how many shards it should be."""


@contextlib.asynccontextmanager
async def online(server: FakeDiscord, client: discord.Client, shards: int = 1) -> AsyncGenerator[None]:
    """The client is connected with all its shards, and gone at the end."""
    with (
        patch.object(Route, "BASE", server.api_url),
        patch.object(DiscordWebSocket, "DEFAULT_GATEWAY", URL(server.gateway_url)),
    ):
        running = asyncio.create_task(client.start(TOKEN))
        try:
            await until(lambda: sum(session.ready for session in server.sessions) >= shards or running.done())
            yield
        finally:
            await client.close()
            await running
