"""Counts of cards looked up and asked for. There is no column for a person, a place or a time."""

from collections.abc import Mapping

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import Database, insert
from bot.storage.tables import TallyKind, tallies


class TallyStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def looked_up(self, counted: Mapping[str, int]) -> None:
        await self._add(TallyKind.LOOKED_UP, counted)

    async def lookups(self) -> Mapping[str, int]:
        return await self._all(TallyKind.LOOKED_UP)

    async def requested(self, name: str) -> None:
        await self._add(TallyKind.REQUESTED, {name: 1})

    async def requests(self) -> Mapping[str, int]:
        return await self._all(TallyKind.REQUESTED)

    async def _add(self, kind: TallyKind, counted: Mapping[str, int]) -> None:
        rows = [{"kind": kind, "name": name, "count": count} for name, count in sorted(counted.items())]

        async def work(connection: AsyncConnection) -> None:
            new = insert(connection, tallies).values(rows)
            more = {"count": tallies.c.count + new.excluded.count}
            await connection.execute(new.on_conflict_do_update(index_elements=["kind", "name"], set_=more))

        await self._db.write(work)

    async def _all(self, kind: TallyKind) -> Mapping[str, int]:
        rows = await self._db.rows(select(tallies.c.name, tallies.c.count.label("times")).where(tallies.c.kind == kind))
        return {row.name: row.times for row in rows}
