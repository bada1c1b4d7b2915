"""Facts: from what a member typed to cards with their sources. Who asked what is neither kept nor logged."""

import secrets
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import blake2b

from bot.domain.cards import Card, Certainty, Claim, Kind, Source
from bot.domain.catalog import Catalog
from bot.domain.found import ClaimMatch, Passage
from bot.domain.support import SupportCountry
from bot.domain.zones import fold
from bot.errors import UserError
from bot.services.ports import CardSearch, Library, TallyStore

GONE = "That card is no longer here. Type /treatment or /topic to look for another."
REQUEST_LENGTH = 60
"""Characters kept of what somebody asks a card for: a name, not a story."""


@dataclass(frozen=True)
class Answer:
    """A card with its numbered sources: all that is needed to show any of its pages."""

    card: Card
    sources: Sequence[tuple[int, Source]]


@dataclass(frozen=True)
class NotFound:
    """No card goes by that name: what was asked for, as it would be counted, and the nearest cards."""

    asked_for: str
    nearest: Sequence[Card]


@dataclass(frozen=True)
class ClaimAnswer:
    """What people say, with the card it stands on, whose numbers its citations have."""

    claim: Claim
    answer: Answer


@dataclass(frozen=True)
class FactCheck:
    """What was found in somebody's words: claims with verdicts, and the cards they are about."""

    claims: Sequence[ClaimAnswer]
    cards: Sequence[Card]


class FactService:
    """Use-cases of the cards, over a library that can be exchanged while it runs."""

    def __init__(self, library: Library, tallies: TallyStore) -> None:
        self._library = library
        self._answers: dict[str, Answer] = {}
        self._tallies = tallies
        self._popular: Counter[str] = Counter()
        self._uncounted: Counter[str] = Counter()
        self._asked: set[bytes] = set()
        self._salt = secrets.token_bytes(16)

    def publish(self, library: Library) -> None:
        """Answer from this library from now on."""
        self._library = library
        self._answers = {}

    @property
    def catalog(self) -> Catalog:
        return self._library.catalog

    @property
    def _search(self) -> CardSearch:
        return self._library.search

    async def remember_popular(self) -> None:
        """Read the counts by which an empty autocomplete is ordered."""
        self._popular = Counter(await self._tallies.lookups())

    def suggest(self, typed: str, *, topics: bool | None = None, limit: int = 25) -> list[Card]:
        """Cards for autocomplete, best first; of treatments only, topics only, or both (None)."""
        found = self._search.names(typed, topics=topics, limit=limit, popular=self._popular)
        return [match.card for match in found]

    def answer(self, query: str, *, topics: bool | None = None) -> Answer | NotFound:
        """The card of that id, or the one whose name, alias or brand it is."""
        card = self.catalog.cards.get(query) or self._exact(query)
        if card is not None:
            return self._answer(card)
        return NotFound(fold(query)[:REQUEST_LENGTH].strip(), self.suggest(query, topics=topics, limit=3))

    def card(self, card_id: str) -> Answer:
        """The card of that id, for a control that carries it.

        Raises:
            UserError: it has been taken down since.
        """
        card = self.catalog.cards.get(card_id)
        if card is None:
            raise UserError(GONE)
        return self._answer(card)

    def compare(self, first: str, second: str) -> tuple[Answer, Answer]:
        """Two cards for a look side by side.

        Raises:
            UserError: one is not there, or both are the same.
        """
        pair = [self.answer(query) for query in (first, second)]
        for query, found in zip((first, second), pair, strict=True):
            if isinstance(found, NotFound):
                near = f" Nearest: {', '.join(card.name for card in found.nearest)}." if found.nearest else ""
                raise UserError(f"I have no card called {fold(query)[:40] or 'that'}.{near}")
        left, right = (found for found in pair if isinstance(found, Answer))
        if left.card is right.card:
            raise UserError("Those are two names for the same card. Pick another one to compare it with.")
        return left, right

    def ask(self, question: str, limit: int = 3) -> list[tuple[Passage, Answer]]:
        """The cards that cover a question, each with the sentence that answers it best. Empty if none does."""
        return [(passage, self._answer(passage.card)) for passage in self._search.ask(question, limit)]

    def claims(self, text: str, limit: int = 5) -> list[ClaimAnswer]:
        """The claims that somebody's words come down to, best first."""
        return [self._claim_answer(match) for match in self._search.claims(text, limit)]

    def claim(self, card_id: str, claim_id: str) -> ClaimAnswer:
        """One claim of one card.

        Raises:
            UserError: it has been taken down since.
        """
        answer = self.card(card_id)
        for claim in answer.card.claims:
            if claim.id == claim_id:
                return ClaimAnswer(claim, answer)
        raise UserError(GONE)

    def fact_check(self, text: str) -> FactCheck:
        """Claims and cards in a message, which is read here and nowhere kept."""
        claims = self.claims(text, limit=6)
        about = [found.answer.card for found in claims]
        asked = [passage.card for passage in self._search.ask(text, 3)]
        return FactCheck(claims, list(dict.fromkeys([*about, *asked]))[:3])

    def browse(self, kind: Kind | None, certainty: Certainty | None) -> list[Card]:
        """Every card of a kind whose main outcome has that certainty, by name."""
        return [
            card
            for card in self.catalog.cards.values()
            if (kind is None or card.kind is kind)
            and (certainty is None or (card.certainty and card.certainty[0].certainty is certainty))
        ]

    def support(self, query: str) -> tuple[SupportCountry | None, Sequence[SupportCountry]]:
        """The services of a country (by name or two-letter code), and those for everywhere."""
        wanted = fold(query)
        everywhere = [country for country in self.catalog.support if country.everywhere]
        for country in self.catalog.support:
            if wanted == fold(country.country) or wanted.upper() in country.codes:
                return country, everywhere
        return None, everywhere

    def looked_up(self, card: Card) -> None:
        """Count a look-up, without saying whose; `count_lookups` writes it down."""
        self._popular[card.id] += 1
        self._uncounted[card.id] += 1

    async def count_lookups(self) -> None:
        """Store what was counted since the last time. A crash costs a few counts, and an answer waits for none."""
        counted, self._uncounted = self._uncounted, Counter()
        if counted:
            await self._tallies.looked_up(counted)

    async def request(self, name: str, asker: int) -> None:
        """Count that a card is wanted. The same person counts once for as long as this process runs.

        Only a keyed hash of who asked is held, in memory, under a key that dies with the process.
        """
        trace = blake2b(f"{asker}:{name}".encode(), key=self._salt, digest_size=12).digest()
        if trace not in self._asked:
            self._asked.add(trace)
            await self._tallies.requested(name)

    def _exact(self, query: str) -> Card | None:
        found = self._search.names(query, limit=1)
        return found[0].card if found and found[0].exact else None

    def _answer(self, card: Card) -> Answer:
        """Put together once for as long as the library stays."""
        if card.id not in self._answers:
            self._answers[card.id] = Answer(card, self.catalog.sources_of(card))
        return self._answers[card.id]

    def _claim_answer(self, match: ClaimMatch) -> ClaimAnswer:
        return ClaimAnswer(match.claim, self._answer(match.card))
