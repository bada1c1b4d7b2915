"""Communities, proposals and revisions to test with."""

from dataclasses import replace
from datetime import date, datetime

from bot.domain.cards import Card, Kind, Source, SourceType, Statement
from bot.domain.checkins import new_id
from bot.domain.communities import Community, Feature
from bot.domain.curation import (
    AskedKind,
    Event,
    Posted,
    Proposal,
    ProposalStatus,
    Report,
    Revision,
    RevisionKind,
    SourceAlert,
    Vote,
    Wish,
)
from bot.domain.manuscripts import Manuscript, Part, WrittenClaim
from bot.storage import Storage
from tests.storage.examples import HOUR, NOW

GUILD, OTHER_GUILD = 100, 200
AUTHOR, FIRST, SECOND = 11, 12, 13
SOURCE = Source(
    id="doe-2026", type=SourceType.TRIAL, authors="Doe et al.", title="Tea for pain", year=2026, doi="10.1234/tea.5"
)
ALERT = SourceAlert("doe-2026", "retraction", "https://doi.org/10.1234/tea.5: retracted", NOW)
TEXT = "does tea help"


def said(text: str) -> Statement:
    return Statement(text=text, cites=(SOURCE.id,))


def card(card_id: str = "tea", scope: str = "For adults with pain.") -> Card:
    return Card(
        id=card_id,
        kind=Kind.DIET,
        name=card_id.title(),
        scope=scope,
        key_messages=(said("It is warm."), said("Trials were small: “n” < 10 ∑.")),
        what_it_is=(said("It is a drink."),),
        evidence=(said("Trials were small."),),
        unknown=(said("Nobody knows more."),),
        questions=("What are we hoping for?",),
        compiled=date(2026, 6, 1),
        review_due=date(2027, 6, 1),
    )


def manuscript(text: str = "It is warm. [doe-2026]", card_id: str = "tea") -> Manuscript:
    claim = WrittenClaim(id="cures", text="Tea cures", verdict="nonsense", why=text, phrases="a\n\nb ")
    parts = {Part.KEY_MESSAGES: text, Part.SCOPE: "  not even\tstripped\r\n"}
    return Manuscript(card_id=card_id, parts=parts, claims=(claim,), sources=(SOURCE.id,), added=(SOURCE,))


def proposal(text: str = "It is warm. [doe-2026]", author_id: int | None = AUTHOR, at: datetime = NOW) -> Proposal:
    """A new draft, with an id of its own."""
    base = manuscript("It is hot. [doe-2026]")
    status = ProposalStatus.DRAFT
    return Proposal(new_id(), GUILD, "tea", author_id, status, manuscript(text), base, 0, at, "A new trial.")


def event(actor_id: int | None = FIRST, action: str = "approved", at: datetime = NOW, guild_id: int = GUILD) -> Event:
    return Event(guild_id, at, actor_id, action, "tea", "said why")


def revision(number: int = 1, card_id: str = "tea", guild_id: int = GUILD, author_id: int | None = AUTHOR) -> Revision:
    kind, text = RevisionKind.PUBLISHED, card(card_id, f"As number {number}.")
    return Revision(
        guild_id, card_id, number, kind, text, (SOURCE,), author_id, (), "A new trial.", NOW, "0123456789abcdef"
    )


def posted(message_id: int = 1, card_id: str = "tea", guild_id: int = GUILD, at: datetime = NOW) -> Posted:
    return Posted(guild_id, 5, message_id, card_id, "card", "0123456789abcdef", at)


def report(text: str = "A dose is wrong.", guild_id: int = GUILD, at: datetime = NOW) -> Report:
    return Report(new_id(), guild_id, "tea", text, at)


async def opened(storage: Storage, new: Proposal | None = None) -> Proposal:
    """A proposal in review."""
    stored = new or proposal()
    assert await storage.proposals.save(stored)
    assert await storage.proposals.move(stored.id, ProposalStatus.OPEN, event(stored.author_id, "sent"))
    return replace(stored, status=ProposalStatus.OPEN)


async def approve(
    storage: Storage, approved: Proposal, curator_id: int = FIRST, needed: int = 1, number: int = 1
) -> Vote:
    made = revision(number, approved.card_id, author_id=approved.author_id)
    return await storage.proposals.approve(approved.id, curator_id, needed, made, event(curator_id, at=NOW + HOUR))


async def stored(storage: Storage, of: Proposal) -> Proposal:
    found = await storage.proposals.get(of.id)
    assert found is not None
    return found


async def ask(storage: Storage, person: int, *, text: str = TEXT, at: datetime = NOW, guild_id: int = GUILD) -> int:
    """Somebody looks for something in vain; three are needed to show it."""
    trace = storage.traces.of(person)
    return await storage.asked.asked(guild_id, AskedKind.QUESTION, f"mark of {text}", trace, text, at, 3)


def wish(storage: Storage, person: int, name: str = "moon dust", guild_id: int = GUILD, at: datetime = NOW) -> Wish:
    return Wish(guild_id, name, storage.traces.of(person), person + 1, at)


async def curate(storage: Storage, person: int) -> None:
    """A row in every table of curation, and this person wherever a row can name or trace one."""
    settings = Community(guild_id=GUILD, curator_roles=frozenset({3, 2}), off=frozenset({Feature.DIGEST}))
    await storage.communities.save(settings, event(person, "changed"))
    theirs = await opened(storage, proposal(author_id=person))
    await approve(storage, theirs, FIRST, needed=2)
    await approve(storage, await opened(storage), person, needed=2)
    await approve(storage, await opened(storage), person, needed=1)
    withdrawn = replace(revision(2, author_id=person), kind=RevisionKind.WITHDRAWN)
    await storage.revisions.add(withdrawn, event(person, "withdrawn"))
    await storage.reports.add(report(), storage.traces.of(person))
    await storage.alerts.found([ALERT])
    await storage.alerts.decide(GUILD, ALERT, confirmed=True, event=event(person, "confirmed"))
    await storage.posted.add([posted()])
    await storage.posted.keep({"a fingerprint": card()})
    for asker in (FIRST, SECOND, person):
        await ask(storage, asker)
    await storage.asked.wish(wish(storage, person))
