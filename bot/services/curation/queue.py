"""The queue: everything in a community that waits for a curator. Nothing in it happens by itself."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from enum import StrEnum

from bot.domain.alerts import RETRACTION, is_about, key_of
from bot.domain.cards import Card, Source
from bot.domain.catalog import Catalog
from bot.domain.checkins import new_id
from bot.domain.communities import Feature
from bot.domain.curation import (
    AskedKind,
    Event,
    Proposal,
    ProposalStatus,
    Report,
    ReportStatus,
    Revision,
    SourceAlert,
)
from bot.domain.editions import Edition
from bot.domain.lifetimes import REPORTS
from bot.domain.manuscripts import Part
from bot.domain.questionnaires import tidied
from bot.errors import UserError
from bot.services.curation.asked import cards_by_name
from bot.services.curation.communities import Action, CommunityService
from bot.services.curation.drafts import text_of
from bot.services.curation.editions import Editions
from bot.services.curation.ports import AlertStore, AskedStore, ProposalStore, ReportStore, Traces
from bot.services.curation.shelf import NO_CARD, Shelf
from bot.services.ports import Clock

SOON = timedelta(days=30)
REPORT_LENGTH = 1000
MOST_REPORTS = 200
"""Open reports of one community: a flood must not fill the disk."""

REPORTS_OFF = "Reports are switched off in this server. Please tell a moderator."
NO_REPORT = "That report is not in the queue any more. Somebody may have been quicker."
NO_ALERT = "That alert is not in the queue any more. Somebody may have been quicker."
NO_ASKED = "That is not in the queue any more. Somebody may have been quicker."


class Heading(StrEnum):
    """The parts of the queue, in the order in which they are shown; the value is what people read."""

    OPEN = "Proposals in review"
    CONFLICTS = "Proposals that another change has overtaken"
    REPORTS = "Reports of problems"
    ALERTS = "News about sources"
    TO_MEND = "Cards that still cite a retracted source"
    WITHDRAWN = "Withdrawn, being checked"
    OVERDUE = "Review overdue"
    DUE_SOON = "Review due within 30 days"
    BELOW = "Bundled cards that changed below yours"
    WISHED = "Cards asked for"
    UNANSWERED = "Questions without an answer"


@dataclass(frozen=True)
class Cited:
    """An alert with the source it is about and the cards here that cite it, of which there is at least one."""

    alert: SourceAlert
    source: Source
    cards: tuple[Card, ...]

    @property
    def key(self) -> str:
        """What `CurationQueue.decide_alert` takes: 16 hex digits."""
        return key_of(self.alert)


@dataclass(frozen=True)
class Missed:
    """A card or an answer that people looked for in vain, and how many different people did: 3 or more."""

    text: str
    askers: int


@dataclass(frozen=True)
class Queue:
    """What waits in one community. `open` is oldest first, `conflicts` are those of it that no longer fit their card.

    `overdue` and `due_soon` are by date, `wished` and `unanswered` by how many asked. `below` has the bundled card
    beside the community's revision. `names` has the name of every card that appears by its id.
    """

    open: Sequence[Proposal] = ()
    conflicts: Sequence[Proposal] = ()
    reports: Sequence[Report] = ()
    alerts: Sequence[Cited] = ()
    to_mend: Sequence[Cited] = ()
    """Retractions that somebody here confirmed, while cards cite them."""
    withdrawn: Sequence[Revision] = ()
    overdue: Sequence[Card] = ()
    due_soon: Sequence[Card] = ()
    below: Sequence[tuple[Revision, Card]] = ()
    wished: Sequence[Missed] = ()
    unanswered: Sequence[Missed] = ()
    names: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def is_empty(self) -> bool:
        return not any(self.counts.values())

    @property
    def counts(self) -> Mapping[Heading, int]:
        """Every heading, also those with nothing below."""
        return {heading: len(lines) for heading, lines in self.lines().items()}

    def name_of(self, card_id: str) -> str:
        """The card's name; its id, if there is no such card any more."""
        return self.names.get(card_id, card_id)

    def lines(self) -> Mapping[Heading, Sequence[str]]:
        """A short name for everything, below its heading. What people typed is in it as they typed it."""
        return {
            Heading.OPEN: [self.name_of(proposal.card_id) for proposal in self.open],
            Heading.CONFLICTS: [self.name_of(proposal.card_id) for proposal in self.conflicts],
            Heading.REPORTS: [self.name_of(report.card_id) for report in self.reports],
            Heading.ALERTS: [_alert_line(cited) for cited in self.alerts],
            Heading.TO_MEND: [_alert_line(cited) for cited in self.to_mend],
            Heading.WITHDRAWN: [self.name_of(revision.card_id) for revision in self.withdrawn],
            Heading.OVERDUE: [card.name for card in self.overdue],
            Heading.DUE_SOON: [card.name for card in self.due_soon],
            Heading.BELOW: [card.name for _, card in self.below],
            Heading.WISHED: [_missed_line(missed) for missed in self.wished],
            Heading.UNANSWERED: [_missed_line(missed) for missed in self.unanswered],
        }


class CurationQueue:
    """Use-cases of the queue. Whether somebody may curate is asked before; whose community it is, here."""

    def __init__(
        self,
        clock: Clock,
        editions: Editions,
        communities: CommunityService,
        shelf: Shelf,
        proposals: ProposalStore,
        reports: ReportStore,
        alerts: AlertStore,
        asked: AskedStore,
        traces: Traces,
    ) -> None:
        self._clock = clock
        self._editions = editions
        self._communities = communities
        self._shelf = shelf
        self._proposals = proposals
        self._reports = reports
        self._alerts = alerts
        self._asked = asked
        self._traces = traces

    async def of(self, guild_id: int) -> Queue:
        """Everything that waits there now."""
        edition = (await self._editions.of(guild_id)).edition
        withdrawn = list(edition.withdrawn.values())
        proposals = await self._proposals.in_status(guild_id, ProposalStatus.OPEN)
        overdue, due_soon = _by_review(edition.catalog, self._clock.now().date())
        alerts, to_mend = await self._cited(guild_id, edition)
        wished, unanswered = await self._missed(guild_id, edition.catalog)
        return Queue(
            proposals,
            [proposal for proposal in proposals if await self._is_overtaken(proposal)],
            await self._reports.open(guild_id),
            alerts,
            to_mend,
            withdrawn,
            overdue,
            due_soon,
            await self._shelf.changed_below(guild_id),
            wished,
            unanswered,
            _names(edition.catalog, withdrawn, proposals),
        )

    async def report(self, guild_id: int, user_id: int, card_id: str, text: str) -> Report:
        """Put into the queue that somebody finds a card wrong. No moderator learns who it was.

        The same words about the same card are one report.

        Raises:
            UserError: there is no such card here, nothing or too much is said, or reports are not taken.
        """
        shown = tidied(text)
        await self._communities.demand(guild_id, Feature.REPORTS, REPORTS_OFF)
        if not shown:
            raise UserError("Please say in a few words what is wrong with the card.")
        if len(shown) > REPORT_LENGTH:
            raise UserError(f"That has {len(shown)} characters. Please shorten it to {REPORT_LENGTH} or fewer.")
        if (await self._editions.state(guild_id, card_id)).card is None:
            raise UserError(NO_CARD)
        open_reports = await self._reports.open(guild_id)
        if same := [report for report in open_reports if (report.card_id, report.text) == (card_id, shown)]:
            return same[0]
        if len(open_reports) >= MOST_REPORTS:
            raise UserError("There are more reports here than the moderators can read. Please tell one of them.")
        report = Report(new_id(), guild_id, card_id, shown, self._clock.now())
        await self._reports.add(report, self._traces.of(user_id))
        return report

    async def settle_report(self, guild_id: int, curator_id: int, report_id: str, *, done: bool) -> Report:
        """Take a report out of the queue: done, or dismissed. What it led to is in the history of the card.

        Raises:
            UserError: it is not there, or settled already.
        """
        report = await self._reports.get(report_id)
        if report is None or report.guild_id != guild_id:
            raise UserError(NO_REPORT)
        status = ReportStatus.DONE if done else ReportStatus.DISMISSED
        action = Action.REPORT_DONE if done else Action.REPORT_DISMISSED
        if not await self._reports.settle(report_id, status, self._event(guild_id, curator_id, action, report.card_id)):
            raise UserError(NO_REPORT)
        return report

    async def decide_alert(self, guild_id: int, curator_id: int, key: str, *, confirmed: bool) -> Cited:
        """A person has looked: the alert matters (confirmed) or not. The cards stay as they are; mending is theirs.

        Raises:
            UserError: there is no such alert here, or somebody decided before.
        """
        cited = await self._alert(guild_id, key)
        action = Action.ALERT_CONFIRMED if confirmed else Action.ALERT_DISMISSED
        event = self._event(guild_id, curator_id, action, cited.source.id, cited.alert.kind)
        if not await self._alerts.decide(guild_id, cited.alert, confirmed=confirmed, event=event):
            raise UserError(NO_ALERT)
        return cited

    async def dismiss_asked(self, guild_id: int, curator_id: int, kind: AskedKind, text: str) -> None:
        """Forget what was asked for. It comes again if enough people ask anew.

        Raises:
            UserError: it is not in the queue.
        """
        if not any((kind, text) == (known, said) for known, said, _ in await self._asked.revealed(guild_id)):
            raise UserError(NO_ASKED)
        await self._asked.dismiss(guild_id, kind, text)
        await self._communities.note(guild_id, curator_id, Action.ASKED_DISMISSED, text)

    async def purge(self) -> int:
        """Forget reports that are settled and half a year old."""
        return await self._reports.purge(self._clock.now() - REPORTS)

    async def _is_overtaken(self, proposal: Proposal) -> bool:
        state = await self._editions.state(proposal.guild_id, proposal.card_id)
        return state.number != proposal.base_number or text_of(state) != proposal.base

    async def _cited(self, guild_id: int, edition: Edition) -> tuple[Sequence[Cited], Sequence[Cited]]:
        """The alerts on sources that cards here cite: undecided ones, and confirmed retractions."""
        citing: dict[Source, list[Card]] = {}
        for card in edition.catalog.cards.values():
            for _, source in edition.sources_of(card):
                citing.setdefault(source, []).append(card)
        sources: dict[str, list[Source]] = {}
        for source in citing:
            sources.setdefault(source.id, []).append(source)

        def here(alerts: Sequence[SourceAlert]) -> list[Cited]:
            met = [(alert, source) for alert in alerts for source in sources.get(alert.source_id, [])]
            return [Cited(alert, source, tuple(citing[source])) for alert, source in met if is_about(alert, source)]

        confirmed = [alert for alert in await self._alerts.confirmed(guild_id) if alert.kind == RETRACTION]
        return here(await self._alerts.undecided(guild_id)), here(confirmed)

    async def _alert(self, guild_id: int, key: str) -> Cited:
        for cited in (await self.of(guild_id)).alerts:
            if cited.key == key:
                return cited
        raise UserError(NO_ALERT)

    async def _missed(self, guild_id: int, catalog: Catalog) -> tuple[Sequence[Missed], Sequence[Missed]]:
        """Cards asked for that do not exist by now, and questions."""
        revealed = await self._asked.revealed(guild_id)
        there = set(cards_by_name(catalog)) if revealed else set[str]()
        wished = [Missed(text, n) for kind, text, n in revealed if kind is AskedKind.CARD and text not in there]
        return wished, [Missed(text, n) for kind, text, n in revealed if kind is AskedKind.QUESTION]

    def _event(self, guild_id: int, curator_id: int, action: Action, subject: str, detail: str = "") -> Event:
        return Event(guild_id, self._clock.now(), curator_id, action, subject, detail)


def _by_review(catalog: Catalog, today: date) -> tuple[Sequence[Card], Sequence[Card]]:
    """Those whose review is overdue, and those for which it is due soon."""
    by_date = sorted(catalog.cards.values(), key=lambda card: (card.review_due, card.name.casefold()))
    overdue = [card for card in by_date if card.review_due < today]
    return overdue, [card for card in by_date if today <= card.review_due <= today + SOON]


def _names(catalog: Catalog, withdrawn: Sequence[Revision], proposals: Sequence[Proposal]) -> Mapping[str, str]:
    """The community's own names for its cards; a card that does not exist yet has the name that is proposed."""
    proposed = {each.card_id: tidied(each.manuscript.parts.get(Part.NAME, "")) or each.card_id for each in proposals}
    down = {revision.card_id: revision.card.name for revision in withdrawn if revision.card}
    return proposed | down | {card.id: card.name for card in catalog.cards.values()}


def _alert_line(cited: Cited) -> str:
    names = ", ".join(card.name for card in cited.cards[:3])
    more = f" and {len(cited.cards) - 3} more" if len(cited.cards) > 3 else ""
    return f"{cited.alert.kind}: {cited.source.authors} {cited.source.year or ''}".rstrip() + f" ({names}{more})"


def _missed_line(missed: Missed) -> str:
    return f"{missed.text} ({missed.askers} people)"
