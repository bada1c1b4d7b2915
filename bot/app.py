"""The composition root: settings -> storage, catalog -> services -> chat. Owns the order of start-up and shut-down."""

import asyncio
import contextlib
import signal
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from datetime import UTC, datetime

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.catalog.live import Library, LiveContent
from bot.catalog.problems import ContentError
from bot.chat.client import SpoonfulClient
from bot.chat.cogs.checkins import CheckIns
from bot.chat.cogs.facts import Facts
from bot.chat.cogs.help import Help
from bot.chat.cogs.journal import Journal
from bot.chat.cogs.prompts import Prompts
from bot.chat.cogs.questions import Questions
from bot.chat.cogs.reminders import Reminders
from bot.chat.cogs.settings import PlanSettings
from bot.chat.limiter import Limiter
from bot.chat.messenger import DiscordMessenger
from bot.config import Settings, read_token
from bot.errors import ExitCode, StartupError
from bot.reports.press import Press
from bot.scheduling import Beat, Ticker
from bot.services.checkins import CheckInService
from bot.services.delivery import DeliveryService
from bot.services.facts import FactService
from bot.services.flares import FlareService
from bot.services.journal import JournalService
from bot.services.plans import PlanService
from bot.services.ports import Clock
from bot.storage import Storage

DRAIN_SECONDS = 20.0
CONTENT_INTERVAL = 3.0
"""Seconds between two looks at the files of the cards."""

EXPIRY_INTERVAL = 60.0
"""Seconds between two looks for prompts whose time for answering is over."""

FATAL_CLOSE_CODES = {4004, 4010, 4011, 4012, 4013, 4014}
"""Gateway close codes that trying again does not mend."""

log = structlog.get_logger()


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


@dataclass(frozen=True)
class ContentWatch:
    """Exchanges the cards when their files change. While these have problems, the old cards stay."""

    content: LiveContent
    facts: FactService

    async def reload_if_changed(self) -> None:
        if await asyncio.to_thread(self.content.changed):
            await self.reload()

    async def reload(self) -> None:
        try:
            library = await asyncio.to_thread(self.content.load)
        except ContentError as error:
            log.error("content kept as it was", problems=[str(problem) for problem in error.problems[:20]])
            return
        self.facts.publish(library)
        log.info("content reloaded", cards=len(library.catalog.cards))


@dataclass(frozen=True)
class App:
    """The parts that run, built and connected; nothing of it has spoken to Discord yet."""

    client: SpoonfulClient
    facts: FactService
    checkins: CheckInService
    delivery: DeliveryService


def assemble(storage: Storage, library: Library, press: Press, clock: Clock, settings: Settings) -> App:
    """Build services and client on open storage. Cheap and free of side effects: a restart assembles anew."""
    members, planned, prompts, marks = storage.members, storage.plans, storage.prompts, storage.marks
    facts = FactService(library, storage.tallies)
    plans = PlanService(clock, facts, members, planned, prompts, settings.support_path)
    checkins = CheckInService(clock, facts, members, planned, prompts, storage.entries, marks, settings.support_path)
    flares = FlareService(clock, members, planned, prompts, marks)
    journal = JournalService(clock, facts, members, planned, storage.entries, marks, press)
    client = SpoonfulClient(storage.state)
    client.install(
        [
            Facts(facts),
            Questions(facts),
            CheckIns(plans, checkins, flares, journal, clock),
            PlanSettings(plans, flares, facts),
            Prompts(checkins, flares),
            Reminders(plans),
            Journal(journal, facts, checkins),
            Help(),
        ]
    )
    messenger = DiscordMessenger(client, Limiter(settings.send_rate), checkins.asked)
    return App(client, facts, checkins, DeliveryService(clock, messenger, members, planned, prompts))


@contextlib.asynccontextmanager
async def open_storage(settings: Settings) -> AsyncGenerator[Storage]:
    """The database, migrated and locked for us; closed at the end, whatever happens."""
    storage = await Storage.open(settings.database_url, settings.data_dir, settings.key_file)
    try:
        yield storage
    finally:
        await storage.close()


@contextlib.asynccontextmanager
async def open_press() -> AsyncGenerator[Press]:
    """The maker of charts and files; its process starts with the first of them."""
    press = Press()
    try:
        yield press
    finally:
        await press.close()


async def run(settings: Settings, clock: Clock | None = None) -> None:
    """Run on Discord until told to stop (SIGTERM, SIGINT).

    Raises:
        StartupError: something an operator must mend first; restarting alone would not help.
    """
    token = read_token(settings)
    content = LiveContent(settings.content_dir)
    library = content.load()
    point_at(settings)
    async with open_storage(settings) as storage, open_press() as press:
        app = assemble(storage, library, press, clock or SystemClock(), settings)
        await app.facts.remember_popular()
        watch = ContentWatch(content, app.facts)
        ticker = Ticker(
            [
                Beat("delivery", 1, app.delivery.deliver_due),
                Beat("expiry", EXPIRY_INTERVAL, app.checkins.expire),
                Beat("content", CONTENT_INTERVAL, watch.reload_if_changed),
            ]
        )
        asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, content.forget)
        async with app.client:
            await _serve(app.client, ticker, token)


def point_at(settings: Settings) -> None:
    """Send discord.py to another server, where the settings name one."""
    if settings.discord_api_url:
        Route.BASE = settings.discord_api_url.rstrip("/")
    if settings.discord_gateway_url:
        DiscordWebSocket.DEFAULT_GATEWAY = URL(settings.discord_gateway_url)


async def _serve(client: SpoonfulClient, ticker: Ticker, token: str) -> None:
    stop = asyncio.create_task(_told_to_stop())
    login = asyncio.create_task(_log_in(client, token))
    try:
        await asyncio.wait({login, stop}, return_when=asyncio.FIRST_COMPLETED)
        if not stop.done():
            await login
            await _deliver_until(stop, client, ticker)
    finally:
        login.cancel()
        stop.cancel()


async def _log_in(client: SpoonfulClient, token: str) -> None:
    try:
        await client.login(token)
    except discord.LoginFailure:
        raise StartupError(
            "Discord refused the token. Reset it on the Bot page of the developer portal and set the new one.",
            ExitCode.TOKEN_REFUSED,
        ) from None
    except (aiohttp.ClientError, OSError, discord.DiscordServerError):
        raise StartupError("Discord cannot be reached just now. Try again in a while.", ExitCode.UNAVAILABLE) from None


async def _deliver_until(stop: asyncio.Task[None], client: SpoonfulClient, ticker: Ticker) -> None:
    ticker.start()
    connection = asyncio.create_task(client.connect())
    try:
        await asyncio.wait({connection, stop}, return_when=asyncio.FIRST_COMPLETED)
        await ticker.stop(DRAIN_SECONDS)
        await client.close()
        await connection
    except discord.PrivilegedIntentsRequired:  # what discord.py makes of 4014
        raise _closed_for_good(4014) from None
    except discord.ConnectionClosed as error:
        if error.code in FATAL_CLOSE_CODES:
            raise _closed_for_good(error.code) from None
        raise


def _closed_for_good(code: int) -> StartupError:
    return StartupError(f"Discord closed the gateway for good (code {code}).", ExitCode.TOKEN_REFUSED)


async def _told_to_stop() -> None:
    told = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told.set)
    await told.wait()
    log.info("stopping")
