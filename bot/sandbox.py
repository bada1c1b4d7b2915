"""`spoonful try`: the same app on a simulated Discord, in a local web page. Nothing of it outlives the process."""

import asyncio
import signal
import tempfile
import webbrowser
from datetime import UTC, datetime, timedelta
from pathlib import Path

import discord
import simcord
import structlog
from discord import app_commands
from discord.ext import commands

from bot.app import App, assemble, open_press, open_storage
from bot.catalog.live import LiveContent
from bot.chat.interactions import say
from bot.chat.routing import Interaction
from bot.chat.ui.help import welcome_view
from bot.config import Settings
from bot.domain.communities import Community
from bot.errors import UserError
from bot.scheduling import Beat, Ticker
from bot.services.curation.communities import CommunityService
from bot.storage import Storage

CLOCK_MAY_LAG = 20.0
"""Seconds that Discord's clock may be behind ours: setting it redraws the page, which swallows a click now and then."""

log = structlog.get_logger()


class MovableClock:
    """Real time plus what was jumped over."""

    def __init__(self) -> None:
        self._ahead = timedelta()

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead

    def jump_to(self, moment: datetime) -> None:
        self._ahead += max(moment - self.now(), timedelta())


class TimeTravel(commands.Cog):
    """`/jump`: only here, where waiting until tomorrow morning would be a nuisance."""

    def __init__(self, storage: Storage, clock: MovableClock) -> None:
        self._storage = storage
        self._clock = clock

    @app_commands.command()
    async def jump(self, interaction: Interaction) -> None:
        """Sandbox only: move the clock to the next prompt"""
        moment = await self._storage.prompts.next_due()
        if moment is None:
            raise UserError("No prompt is planned. Set one up with /checkin start, then jump.")
        self._clock.jump_to(moment)
        await say(
            interaction,
            f"The clock now reads {moment:%A} {moment.day} {moment:%B, %H:%M} UTC. Your prompt is on its way.",
        )


class Sandbox:
    """A simulated Discord with the real bot in it, and the clock that both follow."""

    def __init__(self, app: App, env: simcord.Env, clock: MovableClock) -> None:
        self._app = app
        self._env = env
        self._clock = clock
        self._stale = False

    async def tick(self, preview: "simcord.Preview") -> None:
        """Keep Discord's clock with ours, deliver what is due, and show it."""
        try:
            await self.follow_clock()
            await self._app.checkins.expire()
            changed = [await self._app.delivery.deliver_due(), await self._app.curation.living.sweep()]
            changed.append(await self._app.curation.asked.fulfil())
            self._stale = any(changed) or self._stale
            if self._stale:
                await preview.refresh()
                self._stale = False
        except simcord.SetupError:
            log.debug("somebody is clicking; the next beat shows it")

    async def follow_clock(self) -> None:
        """Messages carry Discord's time, shown to the minute: move it on to ours."""
        behind = (self._clock.now() - self._env.now()).total_seconds()
        if behind >= CLOCK_MAY_LAG:
            await self._env.advance_time(behind)


async def serve(*, channel: bool, browser: bool, port: int | None) -> None:
    """Show a DM with Spoonful, or a server channel with a member, moderators and a manager, until interrupted."""
    clock = MovableClock()
    with tempfile.TemporaryDirectory(prefix="spoonful-try-") as folder:
        settings = Settings(data_dir=Path(folder) / "data", discord_token=None)
        async with open_storage(settings) as storage, open_press() as press:
            app = assemble(storage, LiveContent(settings.content_dir).load(), press, clock, settings)
            app.client.install([TimeTravel(storage, clock)])
            async with simcord.run(app.client, check_errors=False) as env:
                sandbox = Sandbox(app, env, clock)
                await sandbox.follow_clock()
                await _introduce(app.client)
                place, viewers = await (
                    _server(env, app.curation.communities) if channel else _direct_messages(env, app.client)
                )
                async with env.preview(place, viewers=viewers, layout="channel", port=port) as preview:
                    _announce(preview.url, browser=browser)
                    await _until_interrupted(sandbox, preview)


async def _introduce(client: discord.Client) -> None:
    assert client.user  # noqa: S101 - logged in, or the simulator would not have come this far
    await client.user.edit(username="Spoonful")


async def _direct_messages(
    env: simcord.Env, client: discord.Client
) -> tuple[simcord.ChannelHandle, list[simcord.UserHandle]]:
    member = env.create_user("you")
    guild = env.create_guild("Gentle Days")
    guild.add_member(member)
    user = await client.fetch_user(member.id)
    await user.send(view=welcome_view())
    return member.dm_channel, [member]


async def _server(
    env: simcord.Env, communities: CommunityService
) -> tuple[simcord.ChannelHandle, list[simcord.MemberActor]]:
    """One channel for members and moderators alike: the page shows a single one, and each part of the work."""
    guild = env.create_guild("Gentle Days")
    channel = guild.create_text_channel("treatments")
    moderators = guild.create_role("Moderators", permissions=discord.Permissions(manage_messages=True))
    managers = guild.create_role("Managers", permissions=discord.Permissions(manage_guild=True))
    roles = {"member": [], "moderator": [moderators], "second moderator": [moderators], "manager": [managers]}
    viewers = [guild.add_member(env.create_user(name), roles=held) for name, held in roles.items()]
    ready = Community(
        guild_id=guild.id, curator_roles=frozenset({moderators.id}), curation_channel_id=channel.id, country="Ireland"
    )
    await communities.change(ready, viewers[-1].id, "the sandbox set up moderators and channel")
    return channel, viewers


def _announce(address: str, *, browser: bool) -> None:
    print("Spoonful is running on a simulated Discord. Open this page (Ctrl+C ends it):", flush=True)  # noqa: T201
    print(address, flush=True)  # noqa: T201
    if browser:
        webbrowser.open(address)


async def _until_interrupted(sandbox: Sandbox, preview: "simcord.Preview") -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    ticker = Ticker([Beat("sandbox", 1, lambda: sandbox.tick(preview))])
    ticker.start()
    await told.wait()
    await ticker.stop(patience=2)
