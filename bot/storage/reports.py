"""Reports: somebody says that a card is wrong. Who said it is a mark that is never read out, only erased by."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.curation import Event, Report, ReportStatus
from bot.storage.audit import note
from bot.storage.curation_tables import reports
from bot.storage.engine import Database, columns_of


class ReportStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, report: Report, trace: str) -> None:
        """`trace` is the mark of who made it."""

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(reports.insert().values(columns_of(report) | {"trace": trace}))

        await self._db.write(work)

    async def get(self, report_id: str) -> Report | None:
        row = await self._db.row(select(reports).where(reports.c.id == report_id))
        return None if row is None else _report(row)

    async def open(self, guild_id: int) -> Sequence[Report]:
        """Oldest first."""
        there = select(reports).where(reports.c.guild_id == guild_id, reports.c.status == ReportStatus.OPEN)
        return [_report(row) for row in await self._db.rows(there.order_by(reports.c.at, reports.c.id))]

    async def settle(self, report_id: str, status: ReportStatus, event: Event) -> bool:
        """False if it was settled before."""
        here = update(reports).where(reports.c.id == report_id, reports.c.status == ReportStatus.OPEN)

        async def work(connection: AsyncConnection) -> bool:
            settled = await connection.execute(here.values(status=status))
            if settled.rowcount:
                await note(connection, event)
            return settled.rowcount > 0

        return await self._db.write(work)

    async def purge(self, before: datetime) -> int:
        """Forget those that were made before and are settled; returns how many."""
        return await self._db.run(delete(reports).where(reports.c.status != ReportStatus.OPEN, reports.c.at < before))


def _report(row: Row[Any]) -> Report:
    return Report(row.id, row.guild_id, row.card_id, row.text, row.at, ReportStatus(row.status))
