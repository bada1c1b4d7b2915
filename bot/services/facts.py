"""Facts: from what a member typed to cards with their sources. Who asked what is neither kept nor logged."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from bot.domain.cards import Card, Certainty, Claim, Kind, Source
from bot.domain.catalog import Catalog
from bot.domain.editions import Edition
from bot.domain.found import ClaimMatch, NameMatch, NameRank, Passage
from bot.domain.support import SupportCountry
from bot.domain.zones import fold
from bot.errors import UserError
from bot.services.ports import CardSearch, Clock, TallyStore

GONE = "That card is no longer here. Type /treatment or /topic to look for another."
REQUEST_LENGTH = 60
"""Characters kept of what somebody asks a card for: a name, not a story."""


@dataclass(frozen=True)
class Withdrawal:
    """Why a card was taken down, in a curator's own words (unescaped), and since when."""

    reason: str
    since: datetime


@dataclass(frozen=True, eq=False)
class Answer:
    """A card with its numbered sources: all that is needed to show any of its pages.

    Of a card with a `withdrawal` nothing is shown but its name. The same answer comes back for as long as it holds,
    so that what was drawn of it can be kept beside it.
    """

    card: Card
    sources: Sequence[tuple[int, Source]]
    overdue: bool = False
    """Its review was due before today."""
    withdrawal: Withdrawal | None = None


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


class Lookups:
    """How often cards were looked up, wherever that was, without saying by whom."""

    def __init__(self, tallies: TallyStore) -> None:
        self._tallies = tallies
        self._popular: Counter[str] = Counter()
        self._unwritten: Counter[str] = Counter()

    @property
    def popular(self) -> Mapping[str, int]:
        """Card id -> how often: the order of an empty autocomplete."""
        return self._popular

    async def remember(self) -> None:
        """Read the counts of before."""
        self._popular = Counter(await self._tallies.lookups())

    def looked_up(self, card: Card) -> None:
        """Count; `write` stores it."""
        self._popular[card.id] += 1
        self._unwritten[card.id] += 1

    async def write(self) -> None:
        """Store what was counted since the last time. A crash costs a few counts, and an answer waits for none."""
        counted, self._unwritten = self._unwritten, Counter()
        if counted:
            await self._tallies.looked_up(counted)


class FactService:
    """Use-cases of the cards of one edition. `down` searches those that were taken down, if there are any.

    They are found by name, so that nobody is left to wonder; what they said turns up nowhere.
    """

    def __init__(
        self, edition: Edition, search: CardSearch, lookups: Lookups, clock: Clock, down: CardSearch | None = None
    ) -> None:
        self.edition = edition
        self._search = search
        self._down = down
        self._lookups = lookups
        self._clock = clock
        self._today = date.min
        self._past_due: frozenset[str] = frozenset()
        self._answers: dict[str, Answer] = {}

    @property
    def catalog(self) -> Catalog:
        """The cards in effect."""
        return self.edition.catalog

    def suggest(self, typed: str, *, topics: bool | None = None, limit: int = 25) -> list[Card]:
        """Cards for autocomplete, best first; of treatments only, topics only, or both (None)."""
        return [match.card for match in self._named(typed, topics=topics, limit=limit)]

    def answer(self, query: str, *, topics: bool | None = None) -> Answer | NotFound:
        """The card of that id, or the one whose name, alias or brand it is."""
        card = self.edition.text(query) or self._exact(query)
        if card is not None:
            return self._answer(card)
        return NotFound(fold(query)[:REQUEST_LENGTH].strip(), self.suggest(query, topics=topics, limit=3))

    def card(self, card_id: str) -> Answer:
        """The card of that id, withdrawn or not, for a control that carries it.

        Raises:
            UserError: there is none any more.
        """
        card = self.edition.text(card_id)
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
        if left.card.id == right.card.id:
            raise UserError("Those are two names for the same card. Pick another one to compare it with.")
        return left, right

    def ask(self, question: str, limit: int = 3) -> list[tuple[Passage, Answer]]:
        """The cards that cover a question, each with the sentence that answers it best; overdue ones last.

        Empty if none does.
        """
        found = [(passage, self._answer(passage.card)) for passage in self._search.ask(question, limit)]
        return sorted(found, key=lambda each: each[1].overdue)

    def claims(self, text: str, limit: int = 5) -> list[ClaimAnswer]:
        """The claims that somebody's words come down to, best first."""
        return [self._claim_answer(match) for match in self._search.claims(text, limit)]

    def claim(self, card_id: str, claim_id: str) -> ClaimAnswer:
        """One claim of one card, withdrawn or not.

        Raises:
            UserError: there is no such claim any more.
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
        """Count a look-up, without saying whose."""
        self._lookups.looked_up(card)

    def _exact(self, query: str) -> Card | None:
        found = self._named(query, limit=1)
        return found[0].card if found and found[0].exact else None

    def _named(self, typed: str, *, topics: bool | None = None, limit: int) -> list[NameMatch]:
        """The best matches; of one rank, cards that are overdue come after the others, and withdrawn ones last."""
        late, popular = self._overdue(), self._lookups.popular
        # Each overdue card makes room for at most one from further down.
        found = self._search.names(typed, topics=topics, limit=limit + len(late), popular=popular)
        if self._down:
            down = self._down.names(typed, topics=topics, limit=limit, popular=popular)
            found += [match for match in down if match.rank is not NameRank.BODY]
        if late or self._down:
            found.sort(key=lambda match: (match.rank, match.card.id in late))
        return found[:limit]

    def _overdue(self) -> frozenset[str]:
        """The cards whose review was due before today, in UTC. What was put together yesterday goes with the day."""
        today = self._clock.now().date()
        if today != self._today:
            cards = self.catalog.cards.values()
            self._past_due = frozenset(card.id for card in cards if card.review_due < today)
            self._today, self._answers = today, {}
        return self._past_due

    def _answer(self, card: Card) -> Answer:
        """Put together once a day."""
        late = card.id in self._overdue()
        if card.id not in self._answers:
            down = self.edition.withdrawn.get(card.id)
            withdrawal = Withdrawal(down.why, down.at) if down else None
            self._answers[card.id] = Answer(card, self.edition.sources_of(card), late, withdrawal)
        return self._answers[card.id]

    def _claim_answer(self, match: ClaimMatch) -> ClaimAnswer:
        return ClaimAnswer(match.claim, self._answer(match.card))
