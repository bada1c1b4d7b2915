"""Holdings: what all the tables have about one person, counted and read out.

Found by structure: what hangs off `member`, and the columns of curation that can name anybody. A new table is counted,
exported and shown from its first row on, or the tests say that it has no words yet.
"""

from collections.abc import Iterator, Sequence
from datetime import date, datetime
from functools import partial
from typing import Any

from sqlalchemy import ColumnElement, LargeBinary, Row, Table, func, or_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.lifetimes import Holding, Holdings
from bot.domain.rights import Record
from bot.storage.curation_tables import NAMES_ACTOR, NAMES_APPROVER, TRACES, marked
from bot.storage.engine import Database
from bot.storage.tables import members, metadata
from bot.storage.traces import KeyedTraces

NOT_HERE = {Holding.ENTRY, Holding.MARK}
"""Nothing but dates and sealed bytes: these are exported by the stores that open them."""


class HoldingStore:
    def __init__(self, db: Database, traces: KeyedTraces) -> None:
        self._db = db
        self._traces = traces

    async def of(self, person_id: int) -> Holdings:
        """How many rows of each kind there are, without those of which there are none."""
        return await self._db.read(partial(count, person_id=person_id, trace=self._traces.of(person_id)))

    async def records(self, person_id: int) -> list[Record]:
        """Every row about them with what can be read of it, except entries and marks."""

        async def work(connection: AsyncConnection) -> list[Record]:
            found: list[Record] = []
            for holding, table, theirs in _places(person_id, self._traces.of(person_id)):
                if holding not in NOT_HERE:
                    shown = [column for column in table.columns if not isinstance(column.type, LargeBinary)]
                    rows = await connection.execute(select(*shown).where(theirs).order_by(*table.primary_key))
                    names = [column.name for column in shown]
                    found += [Record(holding, _fields(names, row)) for row in rows]
            return found

        return await self._db.read(work)


async def count(connection: AsyncConnection, person_id: int, trace: str) -> Holdings:
    """As `HoldingStore.of`, inside a transaction."""
    found: dict[Holding, int] = {}
    for holding, table, theirs in _places(person_id, trace):
        counted = select(func.count()).select_from(table).where(theirs)
        found[holding] = (await connection.execute(counted)).scalar_one()
    chosen = select(func.count(members.c.preferences)).where(members.c.id == person_id)
    found[Holding.PREFERENCES] = (await connection.execute(chosen)).scalar_one()
    return {holding: number for holding, number in sorted(found.items(), key=_order) if number}


def _order(found: tuple[Holding, int]) -> int:
    return list(Holding).index(found[0])


def _places(person_id: int, trace: str) -> Iterator[tuple[Holding, Table, ColumnElement[bool]]]:
    """Each table that can hold the person, and what is true of their rows in it."""
    named = [*marked(NAMES_ACTOR), *marked(NAMES_APPROVER)]
    theirs: dict[Table, list[ColumnElement[bool]]] = {members: [members.c.id == person_id]}
    for table in metadata.sorted_tables:
        if "member_id" in table.columns:
            theirs[table] = [table.c.member_id == person_id]
    for column in named:
        theirs.setdefault(column.table, []).append(column == person_id)
    for column in marked(TRACES):
        theirs.setdefault(column.table, []).append(column == trace)
    return ((Holding(table.name), table, or_(*conditions)) for table, conditions in theirs.items())


def _fields(names: Sequence[str], row: Row[Any]) -> tuple[tuple[str, str], ...]:
    return tuple((name, _text(value)) for name, value in zip(names, row, strict=True) if value is not None)


def _text(value: object) -> str:
    return value.isoformat() if isinstance(value, datetime | date) else str(value)
