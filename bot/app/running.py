"""From start to stop: what is opened, what beats, and how it all ends."""

import asyncio
import contextlib
import gc
import os
import signal
from collections.abc import AsyncGenerator
from datetime import UTC, datetime
from importlib.metadata import version

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.app.assembly import App, assemble
from bot.app.parts import WHOLE, Part, Role
from bot.app.upkeep import Backups, ContentWatch, home_of, kept_of
from bot.catalog.live import LiveContent
from bot.chat.client import SpoonfulClient
from bot.config import Settings, read_token
from bot.errors import ExitCode, StartupError
from bot.health.heartbeat import beating
from bot.health.metrics import Metrics
from bot.health.server import serving
from bot.reports.press import Press
from bot.scheduling import Beat, Ticker
from bot.services.condition import ConditionService
from bot.services.curation.editions import Editions
from bot.services.curation.watch import Watch
from bot.services.delivery import DeliveryService
from bot.services.ports import Clock
from bot.services.starts import Starts
from bot.storage import Storage
from bot.storage.state import ZONES

DRAIN_SECONDS = 20.0

CONTENT_INTERVAL = 3.0
"""Seconds between two looks at the files of the cards."""

LOOKUPS_INTERVAL = 10.0
"""Seconds between two writings of how often cards were looked up."""

EXPIRY_INTERVAL = 60.0
"""Seconds between two looks for prompts whose time for answering is over."""

WATCH_INTERVAL = 3600.0
"""Seconds between two looks whether the weekly round through the registries of papers is due."""

BACKUP_INTERVAL = 1800.0
"""Seconds between two looks whether the daily backup is due."""

RETENTION_INTERVAL = 3600.0
"""Seconds between two looks whether the daily round of forgetting is due."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)

NEW_TOKEN = "Reset it on the Bot page of the developer portal and set the new one."  # noqa: S105 - advice, not a token

FATAL_CLOSE_CODES = {4004, 4010, 4011, 4012, 4013, 4014}
"""Gateway close codes that trying again does not mend."""

log = structlog.get_logger()


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@contextlib.asynccontextmanager
async def open_storage(settings: Settings) -> AsyncGenerator[Storage]:
    """The database, migrated and locked for us; closed at the end, whatever happens."""
    storage = await Storage.open(settings.database_url, settings.data_dir, settings.key_file, settings.backups)
    try:
        yield storage
    finally:
        await storage.close()


@contextlib.asynccontextmanager
async def watched(settings: Settings, condition: ConditionService, metrics: Metrics | None) -> AsyncGenerator[None]:
    """Tells on loopback how the bot is, if there are metrics, and calls the heartbeat's address, if there is one.

    Raises:
        StartupError: the port is taken.
    """
    async with contextlib.AsyncExitStack() as stack:
        stack.push_async_callback(condition.close)
        if metrics and settings.health_port:
            await stack.enter_async_context(serving(settings.health_port, condition, metrics))
        if settings.heartbeat_url:
            await stack.enter_async_context(beating(settings.heartbeat_url.get_secret_value(), condition))
        yield


@contextlib.asynccontextmanager
async def open_press() -> AsyncGenerator[Press]:
    """The maker of charts and files; its process starts with the first of them."""
    press = Press()
    try:
        yield press
    finally:
        await press.close()


async def run(settings: Settings, part: Part = WHOLE, clock: Clock | None = None) -> None:
    """Run on Discord until told to stop (SIGTERM, SIGINT).

    Raises:
        StartupError: something an operator must mend first; restarting alone would not help.
    """
    token = read_token(settings)
    content = LiveContent(settings.content_dir)
    library = content.load()
    point_at(settings)
    clock = clock or SystemClock()
    async with open_storage(settings) as storage, open_press() as press:
        metrics = Metrics() if settings.health_port else None
        app = assemble(storage, library, press, clock, settings, part, metrics)
        await app.lookups.remember()
        await app.editions.load()
        watch = ContentWatch(content, app.editions, app.condition.troubles)
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, content.forget)
        beats = [
            Beat("content", CONTENT_INTERVAL, watch.reload_if_changed),
            Beat("lookups", LOOKUPS_INTERVAL, app.lookups.write),
        ]
        if part.role is not Role.GATEWAY:
            await _follow_zones(storage, app.delivery)
            beats += [
                Beat("delivery", 1, app.delivery.deliver_due),
                Beat("expiry", EXPIRY_INTERVAL, app.checkins.expire),
                Beat("retention", RETENTION_INTERVAL, app.retention.run_if_due),
            ]
            if settings.backup_days:
                beats.append(Beat("backup", BACKUP_INTERVAL, Backups(home_of(settings), kept_of(settings), clock).make))
            if settings.source_watch:
                beats.append(_source_watch(storage, app.editions, clock, settings))
        if part.role is not Role.DISPATCHER:
            beats += app.curation.beats()
        starts = None if part.role is Role.DISPATCHER else Starts(clock, storage.state, part.name)
        # What is there now stays: without this the collector walks over all of it again and again, 50 ms at a time.
        gc.collect()
        gc.freeze()
        async with app.client, watched(settings, app.condition, metrics):
            try:
                await _serve(app, Ticker(beats, app.condition.troubles), token, starts)
            finally:
                await app.lookups.write()


def _source_watch(storage: Storage, editions: Editions, clock: Clock, settings: Settings) -> Beat:
    from bot.catalog.verify.watch import RegistryWatch  # with a client of its own, which few bots need

    registries = RegistryWatch(settings.sources_cache)
    watch = Watch(clock, editions, storage.revisions, storage.alerts, registries, storage.state)
    return Beat("source watch", WATCH_INTERVAL, watch.look_if_due)


async def _follow_zones(storage: Storage, delivery: DeliveryService) -> None:
    """Recompute what is due if the time zone data is not that of the last start: governments change their minds."""
    installed, before = version("tzdata"), await storage.state.get(ZONES)
    if before not in {None, installed}:
        log.info("time zones renewed", version=installed, moved=await delivery.move_with_zones())
    await storage.state.put(ZONES, installed)


def point_at(settings: Settings) -> None:
    """Send discord.py to another server, where the settings name one."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url.rstrip("/")
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)


async def _serve(app: App, ticker: Ticker, token: str, starts: Starts | None) -> None:
    """Log in and work until told to stop. Without `starts` there is no gateway, only requests."""
    stop = asyncio.create_task(_told_to_stop())
    login = asyncio.create_task(_log_in(app.client, token))
    try:
        await asyncio.wait({login, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.done():
            await login
            await _work_until(stop, app, ticker, starts)
    finally:
        login.cancel()
        stop.cancel()


async def _log_in(client: SpoonfulClient, token: str) -> None:
    try:
        await client.login(token)
    except discord.LoginFailure:
        raise StartupError(
            f"Discord refused the token. {NEW_TOKEN}",
            ExitCode.TOKEN_REFUSED,
        ) from None
    except (aiohttp.ClientError, OSError, discord.DiscordServerError):
        raise StartupError("Discord cannot be reached just now. Try again in a while.", ExitCode.UNAVAILABLE) from None


async def _work_until(stop: asyncio.Task[None], app: App, ticker: Ticker, starts: Starts | None) -> None:
    refused = asyncio.create_task(app.delivery.refused.wait())
    connection = asyncio.create_task(_stay_connected(app.client, starts) if starts else asyncio.Event().wait())
    ticker.start()
    try:
        await asyncio.wait({connection, stop, refused}, return_when=asyncio.FIRST_COMPLETED)
        app.delivery.stop()
        await asyncio.gather(ticker.stop(DRAIN_SECONDS), app.client.finish_work(DRAIN_SECONDS))
        await app.client.close()
        if starts is None:
            connection.cancel()
        else:
            await connection
            await starts.end()
    finally:
        refused.cancel()
    if app.delivery.refused.is_set():
        raise StartupError(f"Discord does not take the token any more. {NEW_TOKEN}", ExitCode.TOKEN_REFUSED)


async def _stay_connected(client: SpoonfulClient, starts: Starts) -> None:
    """The gateway, until the client is closed."""
    await starts.begin()
    try:
        await client.connect()
    except discord.PrivilegedIntentsRequired:  # what discord.py makes of 4014
        raise _closed_for_good(4014) from None
    except discord.ConnectionClosed as error:
        if error.code in FATAL_CLOSE_CODES:
            raise _closed_for_good(error.code) from None
        raise


def _closed_for_good(code: int) -> StartupError:
    return StartupError(f"Discord closed the gateway for good (code {code}).", ExitCode.TOKEN_REFUSED)


async def _told_to_stop() -> None:
    """Wait for SIGTERM or SIGINT. A second one ends the process there and then."""
    told, loop = asyncio.Event(), asyncio.get_running_loop()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, told.set)
    await told.wait()
    for number in STOP_SIGNALS:
        if os.getpid() == 1:  # in a container: the kernel spares the first process what it does not handle
            loop.add_signal_handler(number, os._exit, 128 + number)
        else:
            loop.remove_signal_handler(number)
            signal.signal(number, signal.SIG_DFL)
    log.info("stopping")
