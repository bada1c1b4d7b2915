"""Marks: treatments a member started or stopped, and flares. All of it is sealed like an answer."""

from collections.abc import Sequence
from typing import Any

from pydantic import TypeAdapter
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.journal import FlareMark, TreatmentMark
from bot.domain.trends import Flare, Mark
from bot.storage.engine import Database
from bot.storage.tables import marks
from bot.storage.vault import Vault

_MARK: TypeAdapter[Mark | Flare] = TypeAdapter(Mark | Flare)


class MarkStore:
    """Every method that opens a mark raises `SealBroken` when it does not open."""

    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def add(self, added: Sequence[TreatmentMark | FlareMark]) -> None:
        """Store new marks, all or none; the member must have opted in (they have a key)."""

        async def work(connection: AsyncConnection) -> None:
            if added:
                await connection.execute(marks.insert(), [await self._values(each) for each in added])

        await self._db.write(work)

    async def replace(self, mark: TreatmentMark | FlareMark) -> None:
        await self._db.run(update(marks).where(marks.c.id == mark.id).values(await self._values(mark)))

    async def treatments(self, member_id: int) -> Sequence[TreatmentMark]:
        """The treatments a member marked, in the order of their starts."""
        found = [
            TreatmentMark(key, member_id, mark) for key, mark in await self._all(member_id) if isinstance(mark, Mark)
        ]
        return sorted(found, key=lambda each: each.mark.started)

    async def flares(self, member_id: int) -> Sequence[FlareMark]:
        """The member's flares, in the order of their first days."""
        found = [FlareMark(key, member_id, mark) for key, mark in await self._all(member_id) if isinstance(mark, Flare)]
        return sorted(found, key=lambda each: each.mark.first)

    async def _all(self, member_id: int) -> list[tuple[str, Mark | Flare]]:
        rows = await self._db.rows(select(marks).where(marks.c.member_id == member_id))
        opened = await self._vault.open_all(member_id, [(_place(row.id), row.sealed) for row in rows])
        return [(row.id, _MARK.validate_json(each)) for row, each in zip(rows, opened, strict=True)]

    async def _values(self, mark: TreatmentMark | FlareMark) -> dict[str, Any]:
        sealed = await self._vault.seal(mark.member_id, _place(mark.id), _MARK.dump_json(mark.mark))
        return {"id": mark.id, "member_id": mark.member_id, "sealed": sealed}


def _place(mark_id: str) -> str:
    return f"mark:{mark_id}"
