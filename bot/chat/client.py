"""The Discord client: real discord.py, constructed with its cogs, keeping no member data in memory."""

import asyncio
import hashlib
import json
import sys
from collections.abc import Callable, Mapping, Sequence
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

LONGEST_WAIT = 30.0
"""Seconds that a request waits for its rate limit; what would wait longer fails, and is tried again later."""

SYNCED = "synced command tree"

KINDS = set(discord.InteractionType)
CONTROLS = {discord.InteractionType.component, discord.InteractionType.modal_submit}

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

    async def interaction_check(self, interaction: Interaction, /) -> bool:
        """Every command begins here."""
        if isinstance(self.client, SpoonfulClient):
            self.client.note_work()
        return True


class SpoonfulClient(commands.Bot):
    """Dispatches commands through the tree and controls through the router."""

    def __init__(self, state: StateStore, **sharding: Any) -> None:  # noqa: ANN401 - discord.py's own options
        super().__init__(
            command_prefix=commands.when_mentioned,
            help_command=None,
            tree_cls=Tree,
            intents=discord.Intents(guilds=True),
            allowed_mentions=discord.AllowedMentions.none(),
            max_messages=None,
            member_cache_flags=discord.MemberCacheFlags.none(),
            chunk_guilds_at_startup=False,
            max_ratelimit_timeout=LONGEST_WAIT,
            **sharding,
        )
        self._state = state
        self._router = Router()
        self._parts: list[commands.Cog] = []
        self._working: set[asyncio.Task[Any]] = set()
        parsers = self._connection.parsers
        parsers.update({event: _forgiving(event, parse) for event, parse in parsers.items() if event != "READY"})

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
        for cog in self._parts:
            self._join_groups(getattr(cog, "subcommands", {}))
        await self._sync_if_changed()

    def _join_groups(self, subcommands: Mapping[str, Sequence[app_commands.Command[Any, ..., Any]]]) -> None:
        """Commands of a cog that stand in the group of another: group name -> commands."""
        for name, commands_there in subcommands.items():
            group = self.tree.get_command(name)
            assert isinstance(group, app_commands.Group)  # noqa: S101 - the composition root installed its cog
            for command in commands_there:
                group.add_command(command)

    async def _sync_if_changed(self) -> None:
        """Discord allows few syncs a day and keeps what it has: tell it only what is new."""
        payload = [command.to_dict(self.tree) for command in self.tree.get_commands()]
        digest = hashlib.sha256(json.dumps([self.application_id, payload], sort_keys=True).encode()).hexdigest()
        if await self._state.get(SYNCED) != digest:
            await self.tree.sync()
            await self._state.put(SYNCED, digest)
            log.info("commands synced", count=len(payload))

    def note_work(self) -> None:
        """The present task answers an interaction."""
        if task := asyncio.current_task():
            self._working.add(task)
            task.add_done_callback(self._working.discard)

    async def finish_work(self, patience: float) -> None:
        """Wait for the interactions that are being answered, at most `patience` seconds."""
        if self._working:
            _, late = await asyncio.wait(self._working, timeout=patience)
            log.info("interactions answered", unfinished=len(late))

    async def on_interaction(self, interaction: Interaction) -> None:
        if interaction.type not in KINDS:
            log.warning("unknown kind of interaction ignored", kind=interaction.type.value)
        if interaction.type not in CONTROLS:
            return
        self.note_work()
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


def _forgiving(event: str, parse: Callable[[Any], None]) -> Callable[[Any], None]:
    """One event that discord.py cannot read, of a newer Discord perhaps, would end the whole connection."""

    def parse_or_ignore(data: Any) -> None:  # noqa: ANN401 - whatever came
        try:
            parse(data)
        except Exception as error:  # noqa: BLE001 - nothing is known about what can be wrong with it
            log.error("event not understood", event_name=event, trace=trace_of(error))

    return parse_or_ignore


class ShardedClient(SpoonfulClient, commands.AutoShardedBot):
    """The same on several shards: some of them here, the others in other processes."""

    def __init__(self, state: StateStore, shards: range, shard_count: int) -> None:
        super().__init__(state, shard_ids=list(shards), shard_count=shard_count)
