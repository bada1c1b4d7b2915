"""Editions: the bundled cards as one community shows them, with its own revisions over them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.domain.cards import Card, Source
from bot.domain.catalog import Catalog
from bot.domain.curation import Revision, RevisionKind


@dataclass(frozen=True)
class Edition:
    """The cards in effect, and those that were taken down.

    `catalog` holds no withdrawn card, and the sources of every card. `withdrawn` has the withdrawing revisions by card
    id; `numbers` the number of each card's newest revision; `records` the sources that came with a community's card,
    by card id: on that card they count, whatever else goes by the same id.
    """

    catalog: Catalog
    withdrawn: Mapping[str, Revision] = field(default_factory=dict[str, Revision])
    numbers: Mapping[str, int] = field(default_factory=dict[str, int])
    records: Mapping[str, Mapping[str, Source]] = field(default_factory=dict[str, Mapping[str, Source]])

    def sources_of(self, card: Card) -> list[tuple[int, Source]]:
        """The card's sources with their numbers on it, in order.

        One that is not on record any more (bundled when the card was published, gone since) is left out.
        """
        known = {**self.catalog.sources, **self.records.get(card.id, {})}
        numbered = card.citation_numbers().items()
        return [(number, known[source_id]) for source_id, number in numbered if source_id in known]

    def text(self, card_id: str) -> Card | None:
        """The card in effect, or the text that was taken down."""
        down = self.withdrawn.get(card_id)
        return down.card if down else self.catalog.cards.get(card_id)

    @property
    def taken_down(self) -> Catalog:
        """The withdrawn cards, to be found by name."""
        return Catalog.of([down.card for down in self.withdrawn.values() if down.card], [])


def overlay(catalog: Catalog, revisions: Sequence[Revision]) -> Edition:
    """The bundled catalog under a community's newest revisions, one of each card.

    A bundled source keeps its id in the catalog where a community brought another under the same.
    """
    cards = dict(catalog.cards)
    for revision in revisions:
        if revision.kind is RevisionKind.PUBLISHED and revision.card:
            cards[revision.card_id] = revision.card
        elif revision.kind is RevisionKind.WITHDRAWN:
            cards.pop(revision.card_id, None)
    theirs = {source.id: source for revision in revisions for source in revision.sources}
    sources = {**theirs, **catalog.sources}
    return Edition(
        Catalog.of(
            list(cards.values()), list(sources.values()), catalog.support, list(catalog.questionnaires.values())
        ),
        MappingProxyType({each.card_id: each for each in revisions if each.kind is RevisionKind.WITHDRAWN}),
        MappingProxyType({each.card_id: each.number for each in revisions}),
        MappingProxyType({each.card_id: {one.id: one for one in each.sources} for each in revisions if each.sources}),
    )
