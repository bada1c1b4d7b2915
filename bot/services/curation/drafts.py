"""Drafts: what curators write before anybody else sees it. Right or wrong, it is stored as it was typed."""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from weakref import WeakValueDictionary

from bot.domain.cards import Card, Kind, Source, SourceType
from bot.domain.checkins import new_id
from bot.domain.curation import ALIVE, EDITABLE, Proposal, ProposalStatus
from bot.domain.manuscripts import Manuscript, Part, WrittenClaim, blank, manuscript_of, with_ids
from bot.domain.questionnaires import tidied
from bot.domain.references import Identifier, identified, known_records, new_slug, source_of
from bot.domain.zones import fold
from bot.errors import UserError
from bot.services.curation.editions import CardState, Editions
from bot.services.curation.ports import ProposalStore, RevisionStore
from bot.services.curation.shelf import NO_CARD
from bot.services.ports import Clock

REVIEW_YEARS = 1
"""After how many years a new card is due for review, unless its author says otherwise."""

SOURCES_FOUND = 25
"""Sources found at most: what Discord has room for in one menu."""

NAME_LENGTH = 80

ENDED_SHOWN = 10

UNKNOWN = "That proposal is not here. /curate queue shows those that are."
NOT_YOURS = "Somebody else is writing this. You can send in a proposal of your own: type /curate edit."
IN_REVIEW = "This is in review, so its text cannot be changed now. A reviewer can send it back to you."
OVER = "This proposal has come to its end ({status}). Begin a new one with /curate edit."
NO_SOURCE = "I do not know that source any more. Look for it again, or add it by its DOI."
NO_NAME = "Please write the name of the card, in 80 characters at most."
NAMED_BEFORE = "The card “{name}” goes by that name already. Change that one with /curate edit."


class Drafts:
    """Use-cases of writing. Whether somebody may curate at all is asked before; whose text it is, here.

    All raise UserError: for a proposal that is not there or another community's, for somebody else's text, and for
    text that is in review.
    """

    def __init__(self, clock: Clock, editions: Editions, proposals: ProposalStore, revisions: RevisionStore) -> None:
        self._clock = clock
        self._editions = editions
        self._proposals = proposals
        self._revisions = revisions
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def begin(self, guild_id: int, author_id: int, card_id: str) -> Proposal:
        """A draft of the card as it is now; the author's living proposal on it, whatever its status, if there is one.

        A withdrawn card begins with the text that was taken down. Publishing ends the withdrawal.
        """
        async with self._turn(f"{guild_id}:{author_id}:{card_id}"):
            if living := await self._living(guild_id, author_id, card_id):
                return living
            state = await self._editions.state(guild_id, card_id)
            text = text_of(state)
            if text is None:
                raise UserError(NO_CARD)
            return await self._stored(self._draft(guild_id, author_id, text, text, state.number))

    async def begin_new(self, guild_id: int, author_id: int, name: str, kind: Kind) -> Proposal:
        """A draft of a card that does not exist, dated today; the author's living one of that name if there is one.

        Raises:
            UserError: a card has that name or alias already.
        """
        shown = tidied(name)
        if not fold(shown) or len(shown) > NAME_LENGTH:
            raise UserError(NO_NAME)
        async with self._turn(f"{guild_id}:{author_id}:new"):
            cards = await self._all_cards(guild_id)
            if known := next((card for card in cards.values() if _goes_by(card, shown)), None):
                raise UserError(NAMED_BEFORE.format(name=known.name))
            card_id = new_slug(shown, cards)
            if living := await self._living(guild_id, author_id, card_id):
                return living
            text = _first_text(card_id, shown, kind, self._clock.now().date())
            number = (await self._editions.state(guild_id, card_id)).number
            return await self._stored(self._draft(guild_id, author_id, text, None, number))

    async def mine(self, guild_id: int, author_id: int) -> Sequence[Proposal]:
        """The author's living proposals, newest first."""
        return await self._proposals.of_author(guild_id, author_id)

    async def ended(self, guild_id: int, author_id: int) -> Sequence[Proposal]:
        """The latest of the author's that were published or rejected, newest first."""
        over = await self._proposals.in_status(guild_id, ProposalStatus.PUBLISHED, ProposalStatus.REJECTED)
        mine = [proposal for proposal in over if proposal.author_id == author_id]
        return mine[: -ENDED_SHOWN - 1 : -1]

    async def get(self, guild_id: int, proposal_id: str) -> Proposal:
        """Any proposal of the community. A draft is for its author's eyes: whoever shows it asks `author_id`."""
        proposal = await self._proposals.get(proposal_id)
        if proposal is None or proposal.guild_id != guild_id:
            raise UserError(UNKNOWN)
        return proposal

    async def write(self, guild_id: int, proposal_id: str, author_id: int, parts: Mapping[Part, str]) -> Proposal:
        """Put new text into some of the parts; citations are typed as numbers."""
        async with self._turn(proposal_id):
            proposal = await self._editable(guild_id, proposal_id, author_id)
            text = proposal.manuscript
            typed = {part: with_ids(written, text.sources) for part, written in parts.items()}
            return await self._rewritten(proposal, text.model_copy(update={"parts": {**text.parts, **typed}}))

    async def write_claim(
        self,
        guild_id: int,
        proposal_id: str,
        author_id: int,
        claim_id: str | None,
        text: str,
        verdict: str,
        why: str,
        phrases: str,
    ) -> Proposal:
        """Put new text into a claim, or add one (None). One that was removed meanwhile comes back."""
        async with self._turn(proposal_id):
            proposal = await self._editable(guild_id, proposal_id, author_id)
            before = proposal.manuscript
            by_id = {claim.id: claim for claim in before.claims}
            wanted = claim_id or new_slug(text, by_id)
            why_cited = with_ids(why, before.sources)
            by_id[wanted] = WrittenClaim(id=wanted, text=text, verdict=verdict, why=why_cited, phrases=phrases)
            return await self._rewritten(proposal, before.model_copy(update={"claims": tuple(by_id.values())}))

    async def remove_claim(self, guild_id: int, proposal_id: str, author_id: int, claim_id: str) -> Proposal:
        async with self._turn(proposal_id):
            proposal = await self._editable(guild_id, proposal_id, author_id)
            kept = tuple(claim for claim in proposal.manuscript.claims if claim.id != claim_id)
            return await self._rewritten(proposal, proposal.manuscript.model_copy(update={"claims": kept}))

    async def find_sources(self, guild_id: int, words: str) -> Sequence[Source]:
        """Up to 25 known sources that have every one of the words in authors, title, year, DOI or PubMed number."""
        known = (await self._editions.catalog_of(guild_id)).sources.values()
        if (identifier := identified(words)) and (exact := [each for each in known if identifier.names(each)]):
            return exact
        wanted = fold(words).split()
        found = [source for source in known if all(word in _searchable(source) for word in wanted)]
        return sorted(found, key=lambda source: (source.authors.casefold(), source.year or 0))[:SOURCES_FOUND]

    async def cite(self, guild_id: int, proposal_id: str, author_id: int, source_id: str) -> tuple[Proposal, int]:
        """Give a known source a number in the draft. It keeps the one that it has."""
        async with self._turn(proposal_id):
            proposal = await self._editable(guild_id, proposal_id, author_id)
            known = known_records(await self._editions.catalog_of(guild_id), proposal.manuscript)
            if source_id not in known:
                raise UserError(NO_SOURCE)
            return await self._cited(proposal, known[source_id])

    async def add_source(
        self,
        guild_id: int,
        proposal_id: str,
        author_id: int,
        doi_or_pmid: str,
        title: str,
        authors: str,
        published_in_and_year: str,
        design: SourceType,
    ) -> tuple[Proposal, int, Source | None]:
        """Give a source that nobody had before a number in the draft.

        A DOI or PubMed number that a known record has stands for that record, which is the third value then.

        Raises:
            UserError: it says what to add or shorten.
        """
        identifier = Identifier.read(doi_or_pmid)
        async with self._turn(proposal_id):
            proposal = await self._editable(guild_id, proposal_id, author_id)
            records = known_records(await self._editions.catalog_of(guild_id), proposal.manuscript)
            known = next((source for source in records.values() if identifier.names(source)), None)
            source = known or source_of(identifier, title, authors, published_in_and_year, design, records)
            return *(await self._cited(proposal, source)), known

    def _turn(self, what: str) -> asyncio.Lock:
        """Two forms sent at once are written one after the other: neither undoes the other."""
        return self._turns.setdefault(what, asyncio.Lock())

    def _draft(self, guild_id: int, author_id: int, text: Manuscript, base: Manuscript | None, number: int) -> Proposal:
        status, now = ProposalStatus.DRAFT, self._clock.now()
        return Proposal(new_id(), guild_id, text.card_id, author_id, status, text, base, number, now)

    async def _living(self, guild_id: int, author_id: int, card_id: str) -> Proposal | None:
        mine = await self._proposals.of_author(guild_id, author_id)
        return next((proposal for proposal in mine if proposal.card_id == card_id), None)

    async def _all_cards(self, guild_id: int) -> Mapping[str, Card]:
        """Every card whose name and id are taken: those on show, the bundled ones below, and withdrawn ones."""
        taken_down = {each.card_id: each.card for each in await self._revisions.latest(guild_id) if each.card}
        return {**self._editions.catalog.cards, **taken_down}

    def _own(self, proposal: Proposal, author_id: int) -> Proposal:
        if proposal.author_id != author_id:
            raise UserError(NOT_YOURS)
        if proposal.status not in ALIVE:
            raise UserError(OVER.format(status=proposal.status))
        return proposal

    async def _editable(self, guild_id: int, proposal_id: str, author_id: int) -> Proposal:
        proposal = self._own(await self.get(guild_id, proposal_id), author_id)
        if proposal.status not in EDITABLE:
            raise UserError(IN_REVIEW)
        return proposal

    async def _rewritten(self, proposal: Proposal, text: Manuscript) -> Proposal:
        return await self._stored(replace(proposal, manuscript=text, changed_at=self._clock.now()))

    async def _stored(self, proposal: Proposal) -> Proposal:
        if not await self._proposals.save(proposal):
            raise UserError(IN_REVIEW)
        return proposal

    async def _cited(self, proposal: Proposal, source: Source) -> tuple[Proposal, int]:
        text = proposal.manuscript
        if source.id in text.sources:
            return proposal, text.sources.index(source.id) + 1
        update: dict[str, object] = {"sources": (*text.sources, source.id)}
        # A record that only another card of the community brought along may go with that card.
        if source.id not in self._editions.catalog.sources and source not in text.added:
            update["added"] = (*text.added, source)
        return await self._rewritten(proposal, text.model_copy(update=update)), len(text.sources) + 1


def _first_text(card_id: str, name: str, kind: Kind, today: date) -> Manuscript:
    text = blank(card_id, name)
    dates = {Part.COMPILED: today.isoformat(), Part.REVIEW_DUE: _years_after(today, REVIEW_YEARS).isoformat()}
    return text.model_copy(update={"parts": {**text.parts, Part.KIND: kind.value, **dates}})


def _years_after(day: date, years: int) -> date:
    """The same day of a later year; 28 February for the 29th."""
    last = 28 if (day.month, day.day) == (2, 29) else day.day
    return day.replace(year=day.year + years, day=last)


def _goes_by(card: Card, name: str) -> bool:
    return fold(name) in {fold(known) for known in (card.name, *card.aliases, *card.brands)}


def text_of(state: CardState) -> Manuscript | None:
    return manuscript_of(state.card, state.added) if state.card else None


def _searchable(source: Source) -> str:
    words = (source.authors, source.title, source.year, source.published_in, source.doi, source.pmid)
    return fold(" ".join(str(word) for word in words if word))
