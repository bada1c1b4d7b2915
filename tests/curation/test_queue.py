"""The queue, its digest and the source watch over a real database: what waits for a person, and nothing by itself."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

import pytest

from bot.domain.alerts import CORRECTION, RETRACTION, about
from bot.domain.cards import Card, Source
from bot.domain.communities import Community, Feature
from bot.domain.curation import AskedKind, Event, Revision, RevisionKind, SourceAlert, fingerprint
from bot.domain.lifetimes import REPORTS
from bot.errors import UserError
from bot.services.curation.asked import REVEAL_FROM
from bot.services.curation.digests import LINES, Digests, digest_of, nonce_of
from bot.services.curation.ports import Placed
from bot.services.curation.queue import (
    MOST_REPORTS,
    NO_ALERT,
    NO_REPORT,
    REPORT_LENGTH,
    CurationQueue,
    Heading,
    Queue,
)
from bot.services.curation.watch import EVERY, Watch
from tests.curation.board import DONE, GONE, LATER, ToldNoticeboard
from tests.curation.desk import ANNA, BEN, CARD, CLEO, HERE, OTHER_SCOPE, THERE, WHY, Desk

CHANNEL = 700


@pytest.fixture
def queue(desk: Desk) -> CurationQueue:
    storage = desk.storage
    return CurationQueue(
        desk.clock,
        desk.editions,
        desk.communities,
        desk.shelf,
        storage.proposals,
        storage.reports,
        storage.alerts,
        storage.asked,
        storage.traces,
    )


def filled(queue: Queue) -> dict[Heading, int]:
    return {heading: count for heading, count in queue.counts.items() if count}


async def test_a_new_community_has_nothing_waiting(queue: CurationQueue) -> None:
    assert (await queue.of(HERE)).is_empty


# Reviews that are due


async def test_reviews_are_overdue_from_the_day_after_and_due_soon_thirty_days_before(
    desk: Desk, queue: CurationQueue
) -> None:
    today = desk.clock.now().date()
    due = {"tens": -1, "ketamine": -40, "yoga": 0, "massage": 30, "memantine": 31}
    for card_id, days in due.items():
        await publish(desk, (await desk.card(HERE, card_id)).model_copy(update={"review_due": today + timedelta(days)}))
    found = await queue.of(HERE)
    assert [card.id for card in found.overdue] == ["ketamine", "tens"]
    assert [card.id for card in found.due_soon] == ["yoga", "massage"]
    assert (await queue.of(THERE)).is_empty


async def test_a_withdrawn_card_waits_as_such_and_not_as_overdue(desk: Desk, queue: CurationQueue) -> None:
    await publish(desk, (await desk.card(HERE)).model_copy(update={"review_due": date(2026, 1, 1)}))
    await desk.shelf.withdraw(HERE, ANNA, CARD, WHY)
    found = await queue.of(HERE)
    assert filled(found) == {Heading.WITHDRAWN: 1}
    assert found.lines()[Heading.WITHDRAWN] == ["Ketamine"]


async def publish(desk: Desk, card: Card, guild_id: int = HERE, sources: Sequence[Source] = ()) -> None:
    """Without a proposal, as an import does."""
    state, now = await desk.editions.state(guild_id, card.id), desk.clock.now()
    beside = fingerprint(state.bundled) if state.bundled else None
    number, kind = state.number + 1, RevisionKind.PUBLISHED
    revision = Revision(guild_id, card.id, number, kind, card, tuple(sources), ANNA, (BEN,), WHY, now, beside)
    assert await desk.storage.revisions.add(revision, Event(guild_id, now, None, "imported", card.id))
    desk.editions.changed(guild_id)


# Proposals and bundled changes


async def test_only_what_is_in_review_waits_and_what_was_overtaken_is_said(desk: Desk, queue: CurationQueue) -> None:
    await desk.drafted(author_id=CLEO)
    assert (await queue.of(HERE)).is_empty
    first = await desk.sent()
    desk.clock.advance(minutes=1)
    second = await desk.sent(OTHER_SCOPE, BEN)
    found = await queue.of(HERE)
    assert [proposal.id for proposal in found.open] == [first.id, second.id]
    assert found.conflicts == []
    await desk.proposals.approve(HERE, first.id, CLEO)
    found = await queue.of(HERE)
    assert [proposal.id for proposal in found.open] == [proposal.id for proposal in found.conflicts] == [second.id]
    assert (await queue.of(THERE)).is_empty


async def test_a_bundled_card_that_changes_below_an_overlay_waits_for_a_decision(
    desk: Desk, queue: CurationQueue
) -> None:
    bundled = await desk.card(None)
    await desk.published()
    desk.ship(bundled.model_copy(update={"scope": OTHER_SCOPE}))
    found = await queue.of(HERE)
    assert [(revision.number, card.scope) for revision, card in found.below] == [(1, OTHER_SCOPE)]
    await desk.shelf.keep_ours(HERE, ANNA, CARD)
    assert (await queue.of(HERE)).is_empty


# Reports


async def test_a_report_waits_until_it_is_settled_and_says_nobody(desk: Desk, queue: CurationQueue) -> None:
    report = await queue.report(HERE, CLEO, CARD, "  The\u202e dose\nis wrong\0. ")
    assert report.text == "The dose is wrong."
    assert (await queue.of(HERE)).reports == [report]
    assert (await queue.of(THERE)).reports == []
    await queue.settle_report(HERE, ANNA, report.id, done=True)
    assert (await queue.of(HERE)).is_empty
    assert await desk.log() == ["report done"]


async def test_the_same_words_on_the_same_card_are_one_report(queue: CurationQueue) -> None:
    for card_id in (CARD, CARD, "tens"):
        await queue.report(HERE, CLEO, card_id, "The dose is wrong.")
    assert len((await queue.of(HERE)).reports) == 2


@pytest.mark.parametrize("guild_id", [HERE, THERE])
async def test_a_report_is_settled_once_and_by_its_own_community(queue: CurationQueue, guild_id: int) -> None:
    report = await queue.report(HERE, CLEO, CARD, "The dose is wrong.")
    if guild_id == HERE:
        await queue.settle_report(HERE, ANNA, report.id, done=False)
    with pytest.raises(UserError, match=NO_REPORT):
        await queue.settle_report(guild_id, BEN, report.id, done=True)
    with pytest.raises(UserError, match=NO_REPORT):
        await queue.settle_report(guild_id, BEN, "never-was", done=True)


@pytest.mark.parametrize(
    ("card_id", "text", "says"),
    [
        (CARD, " \u200b\n", "in a few words"),
        (CARD, "x" * (REPORT_LENGTH + 1), f"{REPORT_LENGTH} or fewer"),
        ("never-was", "It is wrong.", "no such card"),
    ],
)
async def test_a_report_that_cannot_be_taken_says_why(queue: CurationQueue, card_id: str, text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        await queue.report(HERE, CLEO, card_id, text)
    assert (await queue.of(HERE)).is_empty


async def test_a_withdrawn_card_can_be_reported_and_a_switched_off_report_cannot(
    desk: Desk, queue: CurationQueue
) -> None:
    await desk.shelf.withdraw(HERE, ANNA, CARD, WHY)
    await queue.report(HERE, CLEO, CARD, "x" * REPORT_LENGTH)
    await desk.communities.change(Community(guild_id=HERE, off=frozenset({Feature.REPORTS})), ANNA, "reports: off")
    with pytest.raises(UserError, match="switched off"):
        await queue.report(HERE, CLEO, CARD, "It is wrong.")


async def test_fault_a_flood_of_reports_has_an_end(queue: CurationQueue) -> None:
    for number in range(MOST_REPORTS):
        await queue.report(HERE, CLEO, CARD, f"Wrong {number}.")
    with pytest.raises(UserError, match="more reports here"):
        await queue.report(HERE, CLEO, CARD, "One more.")
    assert (await queue.report(THERE, CLEO, CARD, "Wrong.")).guild_id == THERE


async def test_settled_reports_are_forgotten_after_half_a_year(desk: Desk, queue: CurationQueue) -> None:
    settled = await queue.report(HERE, CLEO, CARD, "Wrong.")
    await queue.report(HERE, CLEO, CARD, "Wrong too.")
    await queue.settle_report(HERE, ANNA, settled.id, done=True)
    desk.clock.moment += REPORTS + timedelta(seconds=1)
    assert await queue.purge() == 1
    assert [report.text for report in (await queue.of(HERE)).reports] == ["Wrong too."]


# Alerts


async def news(desk: Desk, kind: str = RETRACTION, source: Source | None = None) -> SourceAlert:
    """On the first source of the ketamine card, unless another is given."""
    source = source or desk.library.catalog.sources_of(await desk.card(None))[0][1]
    alert = SourceAlert(source.id, kind, about(source, "Crossref: a notice of 2026."), desk.clock.now())
    await desk.storage.alerts.found([alert])
    return alert


async def test_an_alert_names_the_cards_that_cite_its_source(desk: Desk, queue: CurationQueue) -> None:
    alert = await news(desk)
    [cited] = (await queue.of(HERE)).alerts
    assert (cited.alert, cited.source.id) == (alert, alert.source_id)
    assert CARD in [card.id for card in cited.cards]
    assert all(alert.source_id in card.citation_numbers() for card in cited.cards)


async def test_each_community_decides_for_itself_and_no_card_changes(desk: Desk, queue: CurationQueue) -> None:
    await news(desk)
    before = await desk.card(HERE)
    [cited] = (await queue.of(HERE)).alerts
    await queue.decide_alert(HERE, ANNA, cited.key, confirmed=False)
    assert (await queue.of(HERE)).is_empty
    assert len((await queue.of(THERE)).alerts) == 1
    assert await desk.card(HERE) == before
    assert await desk.log() == ["alert dismissed"]
    with pytest.raises(UserError, match=NO_ALERT):
        await queue.decide_alert(HERE, BEN, cited.key, confirmed=True)


@pytest.mark.parametrize(("kind", "stays"), [(RETRACTION, 1), (CORRECTION, 0)])
async def test_a_confirmed_retraction_waits_while_a_card_cites_it(
    desk: Desk, queue: CurationQueue, kind: str, stays: int
) -> None:
    await news(desk, kind)
    [cited] = (await queue.of(HERE)).alerts
    await queue.decide_alert(HERE, ANNA, cited.key, confirmed=True)
    found = await queue.of(HERE)
    assert (len(found.alerts), len(found.to_mend)) == (0, stays)
    for card in cited.cards:
        await desk.shelf.withdraw(HERE, ANNA, card.id, WHY)
    assert (await queue.of(HERE)).to_mend == []


async def test_news_about_another_communitys_paper_of_the_same_id_stays_there(desk: Desk, queue: CurationQueue) -> None:
    ours, theirs = added("10.5555/ours"), added("10.5555/theirs")
    card = await desk.card(None)
    [first, *others] = card.key_messages
    citing = card.model_copy(update={"key_messages": (first.model_copy(update={"cites": (ours.id,)}), *others)})
    await publish(desk, citing, HERE, [ours])
    await publish(desk, citing, THERE, [theirs])
    await news(desk, source=theirs)
    assert (await queue.of(HERE)).alerts == []
    assert [cited.source for cited in (await queue.of(THERE)).alerts] == [theirs]


def added(doi: str) -> Source:
    fields = {"id": "nobody-2020", "type": "randomised trial", "authors": "Nobody A", "title": "A trial", "doi": doi}
    return Source.model_validate(fields)


async def test_news_about_a_source_that_no_card_cites_waits_for_nobody(desk: Desk, queue: CurationQueue) -> None:
    await news(desk, source=added("10.5555/uncited"))
    assert (await queue.of(HERE)).is_empty


# What members asked for


async def ask(desk: Desk, kind: AskedKind, text: str, people: int) -> None:
    for person in range(people):
        trace = desk.storage.traces.of(person)
        await desk.storage.asked.asked(HERE, kind, text, trace, text, desk.clock.now(), REVEAL_FROM)


async def test_what_three_people_asked_for_waits_until_it_is_there_or_dismissed(
    desk: Desk, queue: CurationQueue
) -> None:
    await ask(desk, AskedKind.CARD, "butterbur", 4)
    await ask(desk, AskedKind.CARD, "tens", 3)  # there is a card of that name by now
    await ask(desk, AskedKind.CARD, "rare", 2)
    await ask(desk, AskedKind.QUESTION, "cupping help", 3)
    found = await queue.of(HERE)
    assert [(missed.text, missed.askers) for missed in found.wished] == [("butterbur", 4)]
    assert [(missed.text, missed.askers) for missed in found.unanswered] == [("cupping help", 3)]
    for kind, text in ((AskedKind.CARD, "butterbur"), (AskedKind.QUESTION, "cupping help")):
        await queue.dismiss_asked(HERE, ANNA, kind, text)
        with pytest.raises(UserError, match="quicker"):
            await queue.dismiss_asked(HERE, ANNA, kind, text)
    assert (await queue.of(HERE)).is_empty
    assert await desk.log() == ["asked-for dismissed"] * 2


# The digest


@pytest.fixture
def board() -> ToldNoticeboard:
    return ToldNoticeboard()


def digests_of(desk: Desk, queue: CurationQueue, board: ToldNoticeboard) -> Digests:
    return Digests(desk.clock, desk.storage.communities, queue, board)


@pytest.fixture
async def digests(desk: Desk, queue: CurationQueue, board: ToldNoticeboard) -> Digests:
    """Of two communities: the first has a channel and two reports, the second a channel and nothing to do."""
    for guild_id in (HERE, THERE):
        await desk.communities.change(Community(guild_id=guild_id, curation_channel_id=CHANNEL), ANNA, "channel")
    for text in ("Wrong.", "Wrong too."):
        await queue.report(HERE, CLEO, CARD, text)
    desk.clock.moment = monday(9)
    return digests_of(desk, queue, board)


def monday(hour: int, minute: int = 0) -> datetime:
    return datetime.fromisoformat(f"2026-11-23T{hour:02}:{minute:02}+00:00")


async def test_a_digest_goes_out_on_monday_at_nine_and_once(
    desk: Desk, digests: Digests, queue: CurationQueue, board: ToldNoticeboard
) -> None:
    desk.clock.moment = monday(8, 59)
    assert await digests.send_due() == 0
    desk.clock.moment = monday(9)
    assert await digests.send_due() == 1
    desk.clock.advance(hours=3)
    assert await digests.send_due() == 0
    assert await digests_of(desk, queue, board).send_due() == 0
    desk.clock.advance(days=7)
    assert await digests.send_due() == 1
    assert [(guild, nonce) for guild, _, nonce in board.digests] == [(HERE, "100-2648"), (HERE, "100-2649")]
    assert board.digests[0][1] == {"Reports of problems: 2": ["Ketamine"]}


@pytest.mark.parametrize(
    "changed",
    [{"curation_channel_id": None}, {"off": frozenset({Feature.DIGEST})}],
)
async def test_without_a_channel_or_switched_off_there_is_none(
    desk: Desk, digests: Digests, board: ToldNoticeboard, changed: dict[str, object]
) -> None:
    community = (await desk.communities.of(HERE)).model_copy(update=changed)
    await desk.communities.change(community, ANNA, "changed")
    assert await digests.send_due() == 0
    assert board.digests == []


async def test_an_empty_queue_posts_nothing_in_that_week_and_something_in_the_next(
    desk: Desk, digests: Digests, queue: CurationQueue, board: ToldNoticeboard
) -> None:
    await digests.send_due()
    await queue.report(THERE, CLEO, CARD, "Wrong.")
    assert await digests.send_due() == 0
    desk.clock.advance(days=7)
    assert await digests.send_due() == 2
    assert [guild for guild, _, _ in board.digests] == [HERE, HERE, THERE]


async def test_fault_monday_was_missed(desk: Desk, digests: Digests) -> None:
    desk.clock.moment = monday(9) + timedelta(days=1, hours=20)
    assert await digests.send_due() == 1
    desk.clock.moment = monday(9) + timedelta(days=9)
    assert await digests.send_due() == 0


@pytest.mark.parametrize(("outcome", "attempts"), [(LATER, 2), (GONE, 1), (DONE, 1)])
async def test_fault_a_digest_is_tried_again_unless_its_channel_is_gone(
    desk: Desk, digests: Digests, board: ToldNoticeboard, outcome: Placed, attempts: int
) -> None:
    board.outcomes.append(outcome)
    await digests.send_due()
    await digests.send_due()
    assert len(board.digests) == attempts
    assert ("digest not posted" in await desk.log()) == outcome.gone


async def test_the_digest_of_another_process_is_left_to_it(digests: Digests, board: ToldNoticeboard) -> None:
    board.elsewhere.add(HERE)
    assert await digests.send_due() == 0


def test_a_digest_names_the_first_few_and_counts_all() -> None:
    proposed = tuple(f"card {number}" for number in range(8))
    queue = Queue(overdue=[_named(name) for name in proposed])
    assert digest_of(queue) == {"Review overdue: 8": [*proposed[:LINES], "and 3 more"]}


def _named(name: str) -> Card:
    return Card.model_construct(name=name)


def test_the_nonce_of_the_largest_id_fits() -> None:
    assert len(nonce_of(2**64 - 1, monday(9))) <= 25


# The source watch


@dataclass
class ToldRegistries:
    """Knows of one retraction, and remembers what it was asked."""

    retracted: str
    asked: list[Sequence[Source]] = field(default_factory=list[Sequence[Source]])

    async def look(self, sources: Sequence[Source], at: datetime) -> Sequence[SourceAlert]:
        self.asked.append(sources)
        hit = [source for source in sources if source.id == self.retracted]
        return [SourceAlert(source.id, RETRACTION, about(source, "It is gone."), at) for source in hit]


@pytest.fixture
def registries(desk: Desk) -> ToldRegistries:
    return ToldRegistries(next(iter(desk.library.catalog.cards[CARD].citation_numbers())))


@pytest.fixture
def watch(desk: Desk, registries: ToldRegistries) -> Watch:
    storage = desk.storage
    return Watch(desk.clock, desk.editions, storage.revisions, storage.alerts, registries, storage.state)


async def test_the_watch_looks_once_a_week_and_its_news_reach_the_queue(
    desk: Desk, queue: CurationQueue, watch: Watch, registries: ToldRegistries
) -> None:
    await watch.look_if_due()
    desk.clock.moment += EVERY - timedelta(seconds=1)
    await watch.look_if_due()
    assert len(registries.asked) == 1
    desk.clock.moment += timedelta(seconds=1)
    await watch.look_if_due()
    assert len(registries.asked) == 2
    assert [cited.source.id for cited in (await queue.of(HERE)).alerts] == [registries.retracted]


async def test_what_was_decided_does_not_come_back_with_the_next_look(
    desk: Desk, queue: CurationQueue, watch: Watch
) -> None:
    await watch.look()
    [cited] = (await queue.of(HERE)).alerts
    await queue.decide_alert(HERE, ANNA, cited.key, confirmed=False)
    desk.clock.moment += EVERY
    await watch.look()
    assert (await queue.of(HERE)).is_empty


async def test_sources_that_communities_added_are_watched_too(desk: Desk, watch: Watch) -> None:
    card = await desk.card(None)
    await publish(desk, card, HERE, [added("10.5555/ours")])
    await publish(desk, card, THERE, [added("10.5555/theirs"), *desk.library.catalog.sources.values()][:3])
    sources = await watch.sources()
    assert {source.doi for source in sources if source.id == "nobody-2020"} == {"10.5555/ours", "10.5555/theirs"}
    assert len(sources) == len(desk.library.catalog.sources) + 2
