"""Marks: treatments a member started or stopped. What it is called is sealed like an answer."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import Row, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.journal import TreatmentMark
from bot.domain.trends import Mark
from bot.storage.engine import Database
from bot.storage.tables import marks
from bot.storage.vault import Vault

_MARK = TypeAdapter(Mark)


class MarkStore:
    """Every method that opens a mark raises `SealBroken` when it does not open."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def add(self, mark: TreatmentMark) -> None:
        """Store a new mark; the member must have opted in (they have a key)."""
        values = {"id": mark.id, "member_id": mark.member_id, "sealed": await self._seal(mark)}

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(marks.insert().values(values))

        await self._db.write(work)

    async def replace(self, mark: TreatmentMark) -> None:
        await self._db.run(update(marks).where(marks.c.id == mark.id).values(sealed=await self._seal(mark)))

    async def of_member(self, member_id: int) -> Sequence[TreatmentMark]:
        """The member's marks, in the order of their starts."""
        rows = await self._db.rows(select(marks).where(marks.c.member_id == member_id))
        return sorted([await self._mark(row) for row in rows], key=lambda each: each.mark.started)

    async def _seal(self, mark: TreatmentMark) -> bytes:
        return await self._vault.seal(mark.member_id, f"mark:{mark.id}", _MARK.dump_json(mark.mark))

    async def _mark(self, row: Row[Any]) -> TreatmentMark:
        opened = await self._vault.open(row.member_id, f"mark:{row.id}", row.sealed)
        return TreatmentMark(row.id, row.member_id, _MARK.validate_json(opened))
