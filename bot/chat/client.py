"""The Discord client: real discord.py, constructed with its cogs, keeping no member data in memory."""

import asyncio
import hashlib
import json
import math
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import aiohttp
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

_read_strictly: Callable[[str], Any] = discord.utils._from_json  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _read(text: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    """What Discord sends. Half a character in a member's words would otherwise end the connection, and the process."""
    try:
        return _read_strictly(text)
    except ValueError:
        whole = json.dumps(json.loads(text), ensure_ascii=False)
        return _read_strictly(whole.encode("utf-8", "replace").decode())


discord.utils._from_json = _read  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

_REPLY = discord.InteractionCallbackResponse
_take_over: Callable[[Any, Any], None] = _REPLY._update  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def _take_over_briefly(self: discord.InteractionCallbackResponse[Any], data: Any) -> None:  # noqa: ANN401 - as above
    """Discord's reply to an answer, without the message that it repeats: nobody here looks at that. Building it costs
    as much as drawing it, and where it cannot be built, an answer that everybody sees would count as failed."""
    _take_over(self, {**data, "resource": None})


_REPLY._update = _take_over_briefly  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]

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
            self.client.note_work(interaction)
        return True


class Observer(Protocol):
    """Hears in numbers and fixed words of what happens: nothing that says who."""

    def answered(self, kind: str, seconds: float) -> None:
        """An interaction is done with, whatever came of it; `kind` is discord.py's word for its type."""
        ...

    def gateway(self, event: str) -> None:
        """`connected`, `resumed` or `disconnected`."""
        ...

    def replied(self, status: int) -> None:
        """Discord replied to a request with this status."""
        ...


class SpoonfulClient(commands.Bot):
    """Dispatches commands through the tree and controls through the router."""

    def __init__(
        self,
        state: StateStore,
        observer: Observer | None = None,
        **options: Any,  # noqa: ANN401 - discord.py's own
    ) -> None:
        if observer:
            options["http_trace"] = _watching(observer)
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
            **options,
        )
        self._state = state
        self._router = Router()
        self._parts: list[commands.Cog] = []
        self._working: set[asyncio.Task[Any]] = set()
        self._observer = observer
        self._offline_since: dict[int, float] = {}
        self._was_online = False
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

    def note_work(self, interaction: Interaction) -> None:
        """The present task answers this interaction."""
        if task := asyncio.current_task():
            self._working.add(task)
            task.add_done_callback(self._working.discard)
            if observer := self._observer:
                clock, kind = asyncio.get_running_loop().time, interaction.type.name
                began = clock()
                task.add_done_callback(lambda _: observer.answered(kind, clock() - began))

    @property
    def at_work(self) -> int:
        """Interactions that are being answered just now."""
        return len(self._working)

    @property
    def offline_for(self) -> float:
        """Seconds since the connection, or the first of several, broke; infinite before there was any."""
        if not self._was_online:
            return math.inf
        since = min(self._offline_since.values(), default=None)
        return 0.0 if since is None else max(asyncio.get_running_loop().time() - since, 1e-3)

    async def on_connect(self) -> None:
        self._note_connection("connected")

    async def on_resumed(self) -> None:
        self._note_connection("resumed")

    async def on_disconnect(self) -> None:
        self._note_connection("disconnected")

    def _note_connection(self, event: str, shard: int = 0) -> None:
        if event == "disconnected":
            self._offline_since.setdefault(shard, asyncio.get_running_loop().time())
        else:
            self._offline_since.pop(shard, None)
            self._was_online = True
        if self._observer:
            self._observer.gateway(event)

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
        self.note_work(interaction)
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


def _watching(observer: Observer) -> aiohttp.TraceConfig:
    """Tells of every reply of Discord's; discord.py itself keeps the 429s that it waits for to itself."""

    async def replied(_session: object, _context: object, told: aiohttp.TraceRequestEndParams) -> None:
        observer.replied(told.response.status)

    trace = aiohttp.TraceConfig()
    trace.on_request_end.append(replied)
    return trace


class ShardedClient(SpoonfulClient, commands.AutoShardedBot):
    """The same on several shards: some of them here, the others in other processes."""

    def __init__(self, state: StateStore, shards: range, shard_count: int, observer: Observer | None = None) -> None:
        super().__init__(state, observer, shard_ids=list(shards), shard_count=shard_count)
        self._offline_since = dict.fromkeys(shards, -math.inf)  # until each has been there once

    async def on_connect(self) -> None:
        """The events of each shard say more."""

    async def on_resumed(self) -> None:
        pass

    async def on_disconnect(self) -> None:
        pass

    async def on_shard_connect(self, shard: int) -> None:
        self._note_connection("connected", shard)

    async def on_shard_resumed(self, shard: int) -> None:
        self._note_connection("resumed", shard)

    async def on_shard_disconnect(self, shard: int) -> None:
        self._note_connection("disconnected", shard)
