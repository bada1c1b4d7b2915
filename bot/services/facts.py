"""Facts: from what a member typed to a card with its sources. Nothing about who asked is kept or logged."""

from collections.abc import Sequence
from dataclasses import dataclass

from bot.domain.cards import Card, Source
from bot.domain.catalog import Catalog
from bot.domain.search import EXACT, NameIndex
from bot.errors import UserError


@dataclass(frozen=True)
class Answer:
    """A card with its numbered sources: all that is needed to show any of its pages."""

    card: Card
    sources: Sequence[tuple[int, Source]]


class FactService:
    """Use-cases of the cards."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._index = NameIndex(catalog.cards.values())

    def suggest(self, typed: str, limit: int = 25) -> list[Card]:
        """Cards for autocomplete, best first."""
        return [match.card for match in self._index.find(typed, limit)]

    def answer(self, query: str) -> Answer:
        """The card of that id, or the one whose name, alias or brand it is.

        Raises:
            UserError: no card goes by that name; the message names the nearest.
        """
        card = self._catalog.cards.get(query)
        if card is None:
            found = self._index.find(query, limit=3)
            if not found or found[0].rank != EXACT:
                raise UserError(_not_found([match.card.name for match in found]))
            card = found[0].card
        return Answer(card, self._catalog.sources_of(card))


def _not_found(near: list[str]) -> str:
    hint = f" Nearest: {', '.join(near)}." if near else ""
    return (
        f"I have no card under that name.{hint} "
        "No card does not mean safe or unsafe: it means nobody has written one yet."
    )
