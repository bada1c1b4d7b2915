"""The Discord client: real discord.py, constructed with its cogs, keeping no member data in memory."""

import hashlib
import json
import sys
from collections.abc import Sequence
from typing import Any

import discord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.chat.interactions import report
from bot.chat.routing import Interaction, Router
from bot.logs import trace_of
from bot.services.ports import StateStore

# No voice here, so nobody needs to hear at every start that its libraries are missing.
discord.VoiceClient.warn_nacl = discord.VoiceClient.warn_dave = False

SYNCED = "synced command tree"

log = structlog.get_logger()


class Tree(app_commands.CommandTree[Any]):
    """Commands work in servers, in DMs with the bot, and for people who installed it for themselves."""

    def __init__(self, client: discord.Client) -> None:
        super().__init__(
            client,
            allowed_contexts=app_commands.AppCommandContext(guild=True, dm_channel=True, private_channel=True),
            allowed_installs=app_commands.AppInstallationType(guild=True, user=True),
        )

    async def on_error(self, interaction: Interaction, error: app_commands.AppCommandError, /) -> None:
        await report(interaction, error)


class SpoonfulClient(commands.Bot):
    """Dispatches commands through the tree and controls through the router."""

    def __init__(self, state: StateStore) -> None:
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
        )
        self._state = state
        self._router = Router()
        self._parts: list[commands.Cog] = []

    def install(self, cogs: Sequence[commands.Cog]) -> None:
        """Take the cogs that the composition root made; to be called once, before the client starts."""
        self._parts.extend(cogs)
        for cog in cogs:
            for action, handler in getattr(cog, "controls", {}).items():
                self._router.add(action, handler)

    async def setup_hook(self) -> None:
        for cog in self._parts:
            await self.add_cog(cog)
            for menu in getattr(cog, "menus", ()):
                self.tree.add_command(menu)
        await self._sync_if_changed()

    async def _sync_if_changed(self) -> None:
        """Discord allows few syncs a day and keeps what it has: tell it only what is new."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        digest = hashlib.sha256(json.dumps([self.application_id, payload], sort_keys=True).encode()).hexdigest()
        if await self._state.get(SYNCED) != digest:
            await self.tree.sync()
            await self._state.put(SYNCED, digest)
            log.info("commands synced", count=len(payload))

    async def on_interaction(self, interaction: Interaction) -> None:
        if interaction.type not in {discord.InteractionType.component, discord.InteractionType.modal_submit}:
            return
        custom_id = str((interaction.data or {}).get("custom_id", ""))
        try:
            await self._router.dispatch(interaction, custom_id)
        except Exception as error:  # noqa: BLE001 - the one boundary where every control ends
            await report(interaction, error)

    async def on_error(self, event_method: str, /, *_args: object, **_kwargs: object) -> None:
        error = sys.exc_info()[1]
        log.error("event failed", event_name=event_method, trace=trace_of(error) if error else [])

    async def on_message(self, message: discord.Message, /) -> None:
        """No text commands: what people write in channels is none of our business."""
