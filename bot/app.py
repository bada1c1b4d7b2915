"""The composition root: settings -> storage, catalog -> services -> chat. Owns the order of start-up and shut-down."""

import asyncio
import contextlib
import gc
import os
import re
import signal
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from importlib.metadata import version

import aiohttp
import discord
import structlog
from discord.gateway import DiscordWebSocket
from discord.http import Route
from yarl import URL

from bot.catalog.live import Library, LiveContent, indexed
from bot.catalog.problems import ContentError
from bot.catalog.proofread import CardProofreader
from bot.chat.client import ShardedClient, SpoonfulClient
from bot.chat.cogs.checkins import CheckIns
from bot.chat.cogs.curate import Curate
from bot.chat.cogs.facts import Facts
from bot.chat.cogs.help import Help
from bot.chat.cogs.journal import Journal
from bot.chat.cogs.mydata import MyData
from bot.chat.cogs.prompts import Prompts
from bot.chat.cogs.questions import Questions
from bot.chat.cogs.queue import QueuePanel
from bot.chat.cogs.reminders import Reminders
from bot.chat.cogs.reports import Reports
from bot.chat.cogs.review import Review
from bot.chat.cogs.revisions import Revisions
from bot.chat.cogs.settings import PlanSettings
from bot.chat.cogs.setup import Setup
from bot.chat.cogs.status import Status
from bot.chat.gate import Gate
from bot.chat.messenger import DiscordMessenger
from bot.chat.noticeboard import DiscordNoticeboard
from bot.chat.reviewing import ReviewBoard
from bot.chat.sharing import Sharing
from bot.chat.ui.cards import over_budget
from bot.config import Settings, read_token
from bot.domain.condition import CARD_FILES
from bot.domain.lifetimes import BACKUPS, Lifetimes
from bot.errors import ExitCode, StartupError
from bot.health.heartbeat import beating
from bot.health.metrics import Metrics, ObservedMessenger
from bot.health.server import serving
from bot.reports.press import Press
from bot.scheduling import Beat, Ticker
from bot.services.checkins import CheckInService
from bot.services.condition import ConditionService, Troubles
from bot.services.curation.asked import Asked
from bot.services.curation.communities import CommunityService
from bot.services.curation.digests import Digests
from bot.services.curation.editions import Editions
from bot.services.curation.living import LivingAnswers
from bot.services.curation.proposals import ProposalService
from bot.services.curation.queue import CurationQueue
from bot.services.curation.shelf import Shelf
from bot.services.curation.watch import Watch
from bot.services.delivery import DeliveryService
from bot.services.facts import Lookups
from bot.services.flares import FlareService
from bot.services.journal import JournalService
from bot.services.membership import Membership
from bot.services.pace import Pace
from bot.services.patience import Patience
from bot.services.plans import PlanService
from bot.services.ports import Clock
from bot.services.retention import RetentionService
from bot.services.rights import RightsService
from bot.services.starts import Starts
from bot.storage import Storage
from bot.storage.backups.folder import Home, Kept, backups_in
from bot.storage.backups.making import create_if_due
from bot.storage.backups.sealed import Kind
from bot.storage.state import ZONES

DRAIN_SECONDS = 20.0
CONTENT_INTERVAL = 3.0
"""Seconds between two looks at the files of the cards."""

LOOKUPS_INTERVAL = 10.0
"""Seconds between two writings of how often cards were looked up."""

EXPIRY_INTERVAL = 60.0
"""Seconds between two looks for prompts whose time for answering is over."""

ANSWERS_INTERVAL = 5.0
"""Seconds between two looks for public answers that a card has changed under, and for wishes that came true."""

DIGEST_INTERVAL = 600.0
"""Seconds between two looks for weekly digests that are due."""

WATCH_INTERVAL = 3600.0
"""Seconds between two looks whether the weekly round through the registries of papers is due."""

BACKUP_INTERVAL = 1800.0
"""Seconds between two looks whether the daily backup is due."""

RETENTION_INTERVAL = 3600.0
"""Seconds between two looks whether the daily round of forgetting is due."""

DELETIONS = 5.0
"""Messages a second that are deleted for somebody who was erased: as many as Discord takes in one channel."""

PURGE_INTERVAL = 3600.0
"""Seconds between two rounds of forgetting what was kept for so long and no longer."""

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
NEW_TOKEN = "Reset it on the Bot page of the developer portal and set the new one."  # noqa: S105 - advice, not a token

FATAL_CLOSE_CODES = {4004, 4010, 4011, 4012, 4013, 4014}
"""Gateway close codes that trying again does not mend."""

log = structlog.get_logger()


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)


class Role(StrEnum):
    """What one process does. Prompts go out by plain requests, so a dispatcher needs no gateway."""

    ALL = "all"
    GATEWAY = "gateway"
    DISPATCHER = "dispatcher"


@dataclass(frozen=True)
class Shards:
    """The gateway connections that one process holds, out of `count`. Direct messages arrive on shard 0 alone."""

    here: range
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shards":
        """`0-3/16`, or `2/4` for a single one.

        Raises:
            StartupError: it is something else.
        """
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?/(\d{1,5})", text.strip())
        if match:
            first, last, count = int(match[1]), int(match[2] or match[1]), int(match[3])
            if first <= last < count:
                return cls(range(first, last + 1), count)
        raise StartupError("Shards are written as 0-3/16: from, to, and how many there are in all.", ExitCode.CONFIG)


@dataclass(frozen=True)
class Part:
    """Which part of the bot this process is."""

    role: Role = Role.ALL
    shards: Shards | None = None

    @property
    def name(self) -> str:
        shards = f" {self.shards.here[0]}-{self.shards.here[-1]}/{self.shards.count}" if self.shards else ""
        return f"{self.role}{shards}"


@dataclass(frozen=True)
class ContentWatch:
    """Exchanges the cards when their files change. While these have problems, the old cards stay."""

    content: LiveContent
    editions: Editions
    troubles: Troubles

    async def reload_if_changed(self) -> None:
        if await asyncio.to_thread(self.content.changed):
            await self.reload()

    async def reload(self) -> None:
        try:
            library = await asyncio.to_thread(self.content.load)
        except ContentError as error:
            self.troubles.failed(CARD_FILES)
            log.error("content kept as it was", problems=[str(problem) for problem in error.problems[:20]])
            return
        self.editions.publish(library)
        self.troubles.worked(CARD_FILES)
        log.info("content reloaded", cards=len(library.catalog.cards))


@dataclass(frozen=True)
class Backups:
    """The daily backup."""

    home: Home
    kept: Kept
    clock: Clock

    async def make(self) -> None:
        """Make it if it is due.

        Raises:
            StartupError: it could not be made; why is in the log.
        """
        try:
            made = await create_if_due(self.home, self.kept, self.clock.now())
        except StartupError as error:
            log.error("backup failed", reason=str(error))
            raise
        for each in made:
            log.info("backup made", kind=each.about.kind, file=each.path.name, bytes=each.size)


@dataclass(frozen=True)
class Curation:
    """The services by which communities keep their cards true."""

    communities: CommunityService
    proposals: ProposalService
    shelf: Shelf
    queue: CurationQueue
    asked: Asked
    living: LivingAnswers
    digests: Digests

    async def purge(self) -> None:
        """Forget what was remembered for a limited time only."""
        await self.living.purge()
        await self.asked.purge()
        await self.queue.purge()

    def beats(self) -> list[Beat]:
        """What they do by the clock: in the processes with a gateway, each for the servers on its own shards."""
        return [
            Beat("living answers", ANSWERS_INTERVAL, self.living.sweep),
            Beat("wishes", ANSWERS_INTERVAL, self.asked.fulfil),
            Beat("digests", DIGEST_INTERVAL, self.digests.send_due),
            Beat("purge", PURGE_INTERVAL, self.purge),
        ]


@dataclass(frozen=True)
class App:
    """The parts that run, built and connected; nothing of it has spoken to Discord yet."""

    client: SpoonfulClient
    editions: Editions
    lookups: Lookups
    checkins: CheckInService
    delivery: DeliveryService
    curation: Curation
    retention: RetentionService
    condition: ConditionService


def assemble(
    storage: Storage,
    library: Library,
    press: Press,
    clock: Clock,
    settings: Settings,
    part: Part = Part(),
    metrics: Metrics | None = None,
) -> App:
    """Build services and client on open storage. Cheap and free of side effects: a restart assembles anew."""
    members, planned, prompts, marks = storage.members, storage.plans, storage.prompts, storage.marks
    lookups = Lookups(storage.tallies)
    editions = Editions(library, storage.revisions, indexed, lookups, clock)
    membership = Membership(clock, members)
    plans = PlanService(clock, editions, membership, members, planned, prompts, settings.support_path)
    checkins = CheckInService(
        clock, editions, membership, planned, prompts, storage.entries, marks, settings.support_path
    )
    flares = FlareService(clock, membership, planned, prompts, marks)
    journal = JournalService(clock, editions, membership, planned, storage.entries, marks, press)
    client = _client(storage, part.shards, metrics)
    messenger = DiscordMessenger(client, checkins.asked)
    observed = ObservedMessenger(messenger, clock, metrics) if metrics else messenger
    pace = Pace(settings.send_rate, storage.budget)
    delivery = DeliveryService(clock, observed, pace, members, planned, prompts)
    gateway = None if part.role is Role.DISPATCHER else client
    condition = ConditionService(
        clock, storage.vitals, _last_backup(settings), delivery, editions, gateway, version("spoonful")
    )
    lifetimes = Lifetimes(timedelta(days=settings.keep_entries_days), timedelta(days=settings.keep_unreachable_days))
    patience = Patience(clock)
    rights = RightsService(clock, lifetimes, members, planned, storage.holdings, journal, press)
    retention = RetentionService(
        clock,
        lifetimes,
        storage.state,
        members,
        prompts,
        storage.entries,
        storage.communities,
        storage.tombstones,
        messenger,
        pace,
    )
    curation = _curation(storage, editions, clock, client)
    communities, asked = curation.communities, curation.asked
    sharing = Sharing(communities, curation.living, clock)
    gate = Gate(communities)
    board = ReviewBoard(communities, curation.proposals, editions)
    client.install(
        [
            Facts(editions, communities, sharing, asked),
            Questions(editions, communities, sharing, asked),
            CheckIns(plans, checkins, flares, journal, patience, clock),
            PlanSettings(plans, flares, editions),
            Prompts(checkins, flares),
            Reminders(plans),
            Journal(journal, editions, checkins, patience),
            MyData(rights, patience, Pace(DELETIONS)),
            Setup(gate, communities, editions),
            Curate(gate, curation.proposals, editions, board),
            Review(gate, curation.proposals, board),
            Revisions(gate, curation.shelf, editions, board),
            Reports(gate, communities, editions, curation.queue, clock),
            QueuePanel(gate, curation.queue, curation.shelf, editions, board),
            Status(gate, condition),
            Help(),
        ]
    )
    return App(client, editions, lookups, checkins, delivery, curation, retention, condition)


def _client(storage: Storage, shards: Shards | None, metrics: Metrics | None) -> SpoonfulClient:
    if shards:
        client = ShardedClient(storage.state, shards.here, shards.count, metrics)
    else:
        client = SpoonfulClient(storage.state, metrics)
    if metrics:
        metrics.at_work = lambda: client.at_work
    return client


def home_of(settings: Settings) -> Home:
    """Where the data of these settings is, for what works on files without opening the storage."""
    return Home(settings.database_url, settings.data_dir, settings.key_file, settings.backups)


def kept_of(settings: Settings) -> Kept:
    """How long backups are kept; where the daily one is switched off, as long as if it were not."""
    days = timedelta(days=settings.backup_days) or BACKUPS
    return Kept(days, timedelta(days=settings.vault_backup_days))


def _last_backup(settings: Settings) -> Callable[[], datetime | None] | None:
    """Looks by the names of the files when the newest backup of the database was made; None if nobody makes any."""

    def look() -> datetime | None:
        made = backups_in(settings.backups)
        return next((each.created for each in made if each.kind is Kind.DATABASE), None)

    return look if settings.backup_days else None


def _curation(storage: Storage, editions: Editions, clock: Clock, client: SpoonfulClient) -> Curation:
    noticeboard = DiscordNoticeboard(client, editions)
    communities = CommunityService(clock, storage.communities)
    proposals = ProposalService(
        clock, editions, communities, storage.proposals, storage.revisions, CardProofreader(over_budget)
    )
    shelf = Shelf(clock, editions, storage.revisions)
    queue = CurationQueue(
        clock, editions, communities, shelf, storage.proposals, storage.reports, storage.alerts, storage.asked
    )
    return Curation(
        communities,
        proposals,
        shelf,
        queue,
        Asked(clock, editions, communities, storage.asked, storage.traces, noticeboard),
        LivingAnswers(clock, editions, storage.posted, noticeboard, storage.revisions),
        Digests(clock, storage.communities, queue, noticeboard),
    )


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


async def run(settings: Settings, part: Part = Part(), clock: Clock | None = None) -> None:
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
