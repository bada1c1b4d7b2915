"""Counts of cards looked up. There is no column for a person, a place or a time."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import Database, insert
from bot.storage.tables import lookups


class TallyStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def looked_up(self, counted: Mapping[str, int]) -> None:
        """Add to the counts: card id -> how often since the last time."""
        rows = [{"card_id": card_id, "count": count} for card_id, count in sorted(counted.items())]

        async def work(connection: AsyncConnection) -> None:
            new = insert(connection, lookups).values(rows)
            more = {"count": lookups.c.count + new.excluded.count}
            await connection.execute(new.on_conflict_do_update(index_elements=["card_id"], set_=more))

        await self._db.write(work)

    async def lookups(self) -> Mapping[str, int]:
        """Card id -> how often it was looked up."""
        rows = await self._db.rows(select(lookups.c.card_id, lookups.c.count.label("times")))
        return {row.card_id: row.times for row in rows}
