"""All searches over one catalog, behind one face."""

import heapq
import sqlite3
import weakref
from collections.abc import Iterator, Mapping
from types import MappingProxyType

from bot.catalog.search.claims import Claims
from bot.catalog.search.names import Names, Ranked
from bot.catalog.search.questions import Questions
from bot.catalog.search.shortlist import Shortlist
from bot.catalog.search.tables import NAME_ROWS, fill
from bot.catalog.search.terms import Terms
from bot.catalog.search.words import Words
from bot.domain.catalog import Catalog
from bot.domain.found import ClaimMatch, NameMatch, NameRank, Passage
from bot.domain.zones import fold

_LONGEST_NAME = 80


class SearchIndex:
    """All searches over one catalog. Built once; for use from one thread at a time."""

    def __init__(self, catalog: Catalog) -> None:
        self._cards = tuple(catalog.cards.values())
        self._topics = tuple(card.is_topic for card in self._cards)
        db = sqlite3.connect(":memory:", check_same_thread=False)
        weakref.finalize(self, db.close)
        fill(db, self._cards)
        words = Words(db, len(self._cards))
        self._names = Names(db, self._cards, words)
        self._terms = Terms(words, self._names)
        self._shortlist = Shortlist(db, words)
        self._questions = Questions(self._cards, words, self._names, self._terms, self._shortlist)
        self._claims = Claims(self._cards, words, self._names, self._terms, self._shortlist)

    def names(
        self,
        typed: str,
        *,
        topics: bool | None = None,
        limit: int = 25,
        popular: Mapping[str, int] = MappingProxyType({}),
    ) -> list[NameMatch]:
        """Cards for what somebody typed, or has typed so far, best first.

        `topics` asks for topics alone (True) or for treatments alone (False). `popular` counts look-ups by card id: it
        settles ties, and for an empty query it is the order, before the alphabet.
        """
        found: dict[int, NameRank] = {}
        for rank, tier in self._tiers(typed):
            best: dict[int, float] = {}
            for number, score in tier:
                if number not in found and (topics is None or self._topics[number] == topics):
                    best[number] = max(score, best.get(number, score))
            room = limit - len(found)
            ordered = heapq.nsmallest(room, best, key=lambda n: (-best[n], -popular.get(self._cards[n].id, 0), n))
            found |= dict.fromkeys(ordered, rank)
            if len(found) >= limit:
                break
        return [NameMatch(self._cards[number], rank) for number, rank in found.items()]

    def _tiers(self, typed: str) -> Iterator[tuple[NameRank, Ranked]]:
        wanted = fold(typed)[:_LONGEST_NAME].strip()
        if not wanted:
            yield NameRank.PREFIX, ((number, 0) for number in range(0 if typed.strip() else len(self._cards)))
            return
        yield from self._names.tiers(wanted)
        shortlist = self._shortlist.of(self._terms.of(wanted.split(), ()), rows=NAME_ROWS)
        yield NameRank.BODY, ((number, -place) for place, number in enumerate(shortlist))

    def ask(self, question: str, limit: int = 5) -> list[Passage]:
        """Cards that answer a question, each with its most telling sentence; none when nothing really covers it."""
        return self._questions.ask(question, limit)

    def claims(self, text: str, limit: int = 10) -> list[ClaimMatch]:
        """The claims of cards that a sentence or a whole text makes, best first; none when it makes none."""
        return self._claims.made_in(text, limit)
