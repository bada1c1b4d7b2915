"""The catalog: everything in the content folder, validated together and never changed while the bot runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType

from bot.domain.cards import Card, Source
from bot.domain.questionnaires import Questionnaire
from bot.domain.support import SupportCountry


@dataclass(frozen=True)
class Catalog:
    """All cards and sources by id. Every id that a card cites is in `sources`: the loader saw to it."""

    cards: Mapping[str, Card]
    sources: Mapping[str, Source]
    support: tuple[SupportCountry, ...] = ()
    questionnaires: Mapping[str, Questionnaire] = field(default_factory=dict[str, Questionnaire])

    @classmethod
    def of(
        cls,
        cards: Sequence[Card],
        sources: Sequence[Source],
        support: Sequence[SupportCountry] = (),
        questionnaires: Sequence[Questionnaire] = (),
    ) -> "Catalog":
        """A catalog of these values; cards, countries and questionnaires sorted by name."""
        by_name = sorted(cards, key=lambda card: card.name.casefold())
        return cls(
            MappingProxyType({card.id: card for card in by_name}),
            MappingProxyType({source.id: source for source in sources}),
            tuple(sorted(support, key=lambda country: (country.everywhere, country.country))),
            MappingProxyType({each.id: each for each in sorted(questionnaires, key=lambda each: each.name.casefold())}),
        )

    def sources_of(self, card: Card) -> list[tuple[int, Source]]:
        """The card's sources with their numbers on it, in order."""
        return [(number, self.sources[source_id]) for source_id, number in card.citation_numbers().items()]
