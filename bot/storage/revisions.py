"""Revisions: every state that a community gave to a card. They are only ever added."""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, Select, func, select, tuple_
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.cards import Card, Source
from bot.domain.curation import Event, Revision, RevisionKind
from bot.storage.audit import note
from bot.storage.curation_tables import revisions, signatures
from bot.storage.engine import Database, insert

_SOURCES: TypeAdapter[tuple[Source, ...]] = TypeAdapter(tuple[Source, ...])
_KEY = (revisions.c.guild_id, revisions.c.card_id, revisions.c.number)
_SIGNED = (signatures.c.guild_id, signatures.c.card_id, signatures.c.number)


class RevisionStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def latest(self, guild_id: int) -> Sequence[Revision]:
        """The newest revision of each card of a community, in the order of the cards' ids."""
        newest = (
            select(revisions.c.guild_id, revisions.c.card_id, func.max(revisions.c.number))
            .where(revisions.c.guild_id == guild_id)
            .group_by(revisions.c.guild_id, revisions.c.card_id)
        )
        return await self._found(select(revisions).where(tuple_(*_KEY).in_(newest)).order_by(revisions.c.card_id))

    async def guilds(self) -> frozenset[int]:
        """Every community that has any."""
        return frozenset(row.guild_id for row in await self._db.rows(select(revisions.c.guild_id).distinct()))

    async def of_card(self, guild_id: int, card_id: str) -> Sequence[Revision]:
        """Newest first."""
        theirs = select(revisions).where(revisions.c.guild_id == guild_id, revisions.c.card_id == card_id)
        return await self._found(theirs.order_by(revisions.c.number.desc()))

    async def add(self, revision: Revision, event: Event) -> bool:
        """Add one that needs no proposal (withdrawn, restored, bundled again, imported).

        False, and nothing done, if the card has a revision of that number already: somebody was quicker.
        """

        async def work(connection: AsyncConnection) -> bool:
            added = await add_revision(connection, revision)
            if added:
                await note(connection, event)
            return added

        return await self._db.write(work)

    async def _found(self, query: Select[*tuple[Any, ...]]) -> list[Revision]:
        keys = query.with_only_columns(*_KEY).order_by(None)
        signed = select(signatures).where(tuple_(*_SIGNED).in_(keys)).order_by(signatures.c.position)

        async def work(connection: AsyncConnection) -> list[Revision]:
            rows = (await connection.execute(query)).all()
            approved: defaultdict[tuple[int, str, int], list[int]] = defaultdict(list)
            for row in await connection.execute(signed):
                approved[row.guild_id, row.card_id, row.number].append(row.curator_id)
            return [_revision(row, approved[row.guild_id, row.card_id, row.number]) for row in rows]

        return await self._db.read(work)


async def add_revision(connection: AsyncConnection, revision: Revision) -> bool:
    """False, and nothing done, if its number is taken: the primary key decides between two at the same moment."""
    new = insert(connection, revisions).values(_values(revision)).on_conflict_do_nothing()
    if not (await connection.execute(new)).rowcount:
        return False
    key = {"guild_id": revision.guild_id, "card_id": revision.card_id, "number": revision.number}
    if revision.approved_by:
        signed = [{**key, "position": at, "curator_id": each} for at, each in enumerate(revision.approved_by)]
        await connection.execute(signatures.insert(), signed)
    return True


def _values(revision: Revision) -> dict[str, Any]:
    return {
        "guild_id": revision.guild_id,
        "card_id": revision.card_id,
        "number": revision.number,
        "kind": revision.kind,
        "card": revision.card and revision.card.model_dump_json(),
        "sources": _SOURCES.dump_json(revision.sources).decode(),
        "author_id": revision.author_id,
        "why": revision.why,
        "at": revision.at,
        "bundled": revision.bundled,
    }


def _revision(row: Row[Any], approved_by: Sequence[int]) -> Revision:
    return Revision(
        row.guild_id,
        row.card_id,
        row.number,
        RevisionKind(row.kind),
        None if row.card is None else Card.model_validate_json(row.card),
        _SOURCES.validate_json(row.sources),
        row.author_id,
        tuple(approved_by),
        row.why,
        row.at,
        row.bundled,
    )
