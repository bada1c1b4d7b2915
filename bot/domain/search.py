"""Finding a card by what somebody types: exact names first, then beginnings, then near misses."""

from collections.abc import Iterable
from dataclasses import dataclass

from rapidfuzz import fuzz, process

from bot.domain.cards import Card
from bot.domain.zones import fold

EXACT, PREFIX, WORD, FUZZY = range(4)
"""Ranks, best first: the whole name; its beginning; the beginning of a later word; a near miss."""

FUZZY_CUTOFF = 75


@dataclass(frozen=True)
class Match:
    """A card and how it was found; lower ranks are better."""

    card: Card
    rank: int


class NameIndex:
    """Names, aliases and brands of every card, folded once."""

    def __init__(self, cards: Iterable[Card]) -> None:
        self._cards = tuple(cards)
        self._names = [
            (fold(name), card) for card in self._cards for name in (card.name, *card.aliases, *card.brands, card.id)
        ]
        self._keys = [name for name, _ in self._names]

    def find(self, query: str, limit: int = 25) -> list[Match]:
        """Cards whose names match, best first. An empty query gives every card in order."""
        wanted = fold(query)[:80]
        if not wanted:
            return [Match(card, PREFIX) for card in self._cards[:limit]]
        best: dict[str, Match] = {}
        for name, card in self._names:
            rank = _rank(name, wanted)
            if rank is not None and (card.id not in best or rank < best[card.id].rank):
                best[card.id] = Match(card, rank)
        for _, _, index in process.extract(
            wanted, self._keys, scorer=fuzz.ratio, score_cutoff=FUZZY_CUTOFF, limit=limit
        ):
            card = self._names[index][1]
            best.setdefault(card.id, Match(card, FUZZY))
        return sorted(best.values(), key=lambda match: (match.rank, fold(match.card.name)))[:limit]


def _rank(name: str, wanted: str) -> int | None:
    if name == wanted:
        return EXACT
    if name.startswith(wanted):
        return PREFIX
    return WORD if f" {wanted}" in name else None
