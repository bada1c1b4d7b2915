"""Services and chat, built and connected: the one place that knows every part."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from importlib.metadata import version

from bot.app.parts import WHOLE, Part, Role, Shards
from bot.catalog.live import Library, indexed
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
from bot.config import Settings
from bot.domain.lifetimes import Lifetimes
from bot.health.metrics import Metrics, ObservedMessenger
from bot.reports.press import Press
from bot.scheduling import Beat
from bot.services.checkins import CheckInService
from bot.services.condition import ConditionService
from bot.services.curation.asked import Asked
from bot.services.curation.communities import CommunityService
from bot.services.curation.digests import Digests
from bot.services.curation.editions import Editions
from bot.services.curation.living import LivingAnswers
from bot.services.curation.proposals import ProposalService
from bot.services.curation.queue import CurationQueue
from bot.services.curation.shelf import Shelf
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
from bot.storage import Storage
from bot.storage.backups.folder import backups_in
from bot.storage.backups.sealed import Kind

ANSWERS_INTERVAL = 5.0
"""Seconds between two looks for public answers that a card has changed under, and for wishes that came true."""

DIGEST_INTERVAL = 600.0
"""Seconds between two looks for weekly digests that are due."""

PURGE_INTERVAL = 3600.0
"""Seconds between two rounds of forgetting what was kept for so long and no longer."""

DELETIONS = 5.0
"""Messages a second that are deleted for somebody who was erased: as many as Discord takes in one channel."""


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
    part: Part = WHOLE,
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
            CheckIns(plans, checkins, flares, journal, patience, communities, clock),
            PlanSettings(plans, flares, editions),
            Prompts(checkins, flares),
            Reminders(plans, communities),
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
        clock,
        editions,
        communities,
        shelf,
        storage.proposals,
        storage.reports,
        storage.alerts,
        storage.asked,
        storage.traces,
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
