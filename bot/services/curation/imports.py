"""Imports: a content folder that the operator puts in the place of a community's cards, by revisions as all others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bot.domain.cards import Card, Source
from bot.domain.catalog import Catalog
from bot.domain.changes import SOURCES, Change, changes, short_name
from bot.domain.curation import Event, Revision, RevisionKind, fingerprint
from bot.services.curation.communities import Action
from bot.services.curation.ports import RevisionStore
from bot.services.curation.shelf import beside
from bot.services.ports import Clock

WHY = "Imported by the operator"


@dataclass(frozen=True)
class Import:
    """A revision that would make one card what it is in the folder, and what that changes for members."""

    name: str
    revision: Revision
    changes: Sequence[Change]


class ImportService:
    """Use-cases of the operator, who answers for what is imported: nobody approves it."""

    def __init__(self, clock: Clock, revisions: RevisionStore, bundled: Catalog) -> None:
        self._clock = clock
        self._revisions = revisions
        self._bundled = bundled

    async def look(self, guild_id: int, folder: Catalog, withdrawn: Mapping[str, str]) -> list[Import]:
        """What would change, by the names of the cards; `withdrawn` has the reason of each card that is, by id.

        Cards that are not in the folder stay as they are.
        """
        latest = {each.card_id: each for each in await self._revisions.latest(guild_id)}
        found = [
            self._import(guild_id, card, folder, latest.get(card.id), withdrawn.get(card.id))
            for card in folder.cards.values()
        ]
        return [each for each in found if each]

    async def publish(self, imports: Sequence[Import]) -> list[Import]:
        """Add the revisions; returns those that could not be, because somebody else changed the card meanwhile."""
        return [each for each in imports if not await self._revisions.add(each.revision, _event(each.revision))]

    def _import(
        self, guild_id: int, card: Card, folder: Catalog, newest: Revision | None, reason: str | None
    ) -> Import | None:
        """What makes the card that of the folder; None if it is."""
        before = newest if newest and newest.kind is not RevisionKind.BUNDLED else None
        old = before.card if before else self._bundled.cards.get(card.id)
        known = {**self._bundled.sources, **_by_id(before.sources if before else ())}
        own = self._own(card, folder.sources)
        if (card, reason, own) == (old, _reason(before), self._own(old, known)):
            return None
        found = changes(old, card, {**known, **folder.sources})
        found += _changed_records(card, known, folder.sources)
        if reason != _reason(before):
            found.append(Change("Withdrawn", _reason(before), reason))
        return Import(card.name, self._revision(guild_id, card, own, newest, reason), found)

    def _revision(
        self, guild_id: int, card: Card, own: tuple[Source, ...], newest: Revision | None, reason: str | None
    ) -> Revision:
        bundled = self._bundled.cards.get(card.id)
        back = card == bundled and not own and reason is None
        return Revision(
            guild_id,
            card.id,
            newest.number + 1 if newest else 1,
            RevisionKind.BUNDLED if back else RevisionKind.WITHDRAWN if reason else RevisionKind.PUBLISHED,
            None if back else card,
            own,
            None,
            (),
            reason or WHY,
            self._clock.now(),
            fingerprint(card) if back else beside(newest, bundled),
        )

    def _own(self, card: Card | None, records: Mapping[str, Source]) -> tuple[Source, ...]:
        """What the card cites that is not bundled, or not as it is bundled."""
        cited = card.citation_numbers() if card else ()
        return tuple(records[cite] for cite in cited if cite in records and self._is_own(records[cite]))

    def _is_own(self, source: Source) -> bool:
        return self._bundled.sources.get(source.id) != source


def _changed_records(card: Card, old: Mapping[str, Source], new: Mapping[str, Source]) -> list[Change]:
    """Sources that are another paper, or are said otherwise, under the same id."""
    cited = [cite for cite in card.citation_numbers() if cite in old and old[cite] != new[cite]]
    return [Change(SOURCES, _record(old[cite]), _record(new[cite])) for cite in cited]


def _record(source: Source) -> str:
    where = " ".join(part for part in (source.published_in, source.link) if part)
    return f"{source.id}: {short_name(source)}. {source.title} {where}".rstrip()


def _by_id(sources: Sequence[Source]) -> dict[str, Source]:
    return {source.id: source for source in sources}


def _reason(before: Revision | None) -> str | None:
    return before.why if before and before.kind is RevisionKind.WITHDRAWN else None


def _event(revision: Revision) -> Event:
    return Event(revision.guild_id, revision.at, None, Action.IMPORTED, revision.card_id, revision.why)
