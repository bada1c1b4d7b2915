"""Source alerts: what happened to a source, once for all communities, and what each of them decided about it."""

import hashlib
import json
from collections.abc import Sequence
from typing import Any

from sqlalchemy import Row, Select, and_, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.curation import Event, SourceAlert
from bot.storage.audit import note
from bot.storage.curation_tables import alerts, decisions
from bot.storage.engine import Database, columns_of, insert


class AlertStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def found(self, alerts: Sequence[SourceAlert]) -> None:
        """Add those that are new: another source, another kind or another detail."""

        async def work(connection: AsyncConnection) -> None:
            for alert in alerts:
                await _add(connection, alert)

        await self._db.write(work)

    async def undecided(self, guild_id: int) -> Sequence[SourceAlert]:
        """Those on which this community has not decided, oldest first."""
        return await self._all(_beside_decisions(guild_id).where(decisions.c.guild_id.is_(None)))

    async def confirmed(self, guild_id: int) -> Sequence[SourceAlert]:
        """Those that this community found to matter, oldest first."""
        return await self._all(_beside_decisions(guild_id).where(decisions.c.confirmed))

    async def decide(self, guild_id: int, alert: SourceAlert, *, confirmed: bool, event: Event) -> bool:
        """False if somebody decided before."""
        decision = {"guild_id": guild_id, "alert_id": _id(alert), "confirmed": confirmed}

        async def work(connection: AsyncConnection) -> bool:
            await _add(connection, alert)
            new = insert(connection, decisions).values(decision)
            decided = await connection.execute(new.on_conflict_do_nothing())
            if decided.rowcount:
                await note(connection, event)
            return decided.rowcount > 0

        return await self._db.write(work)

    async def _all(self, query: Select[*tuple[Any, ...]]) -> list[SourceAlert]:
        return [_alert(row) for row in await self._db.rows(query.order_by(alerts.c.found_at, alerts.c.id))]


def _beside_decisions(guild_id: int) -> Select[*tuple[Any, ...]]:
    theirs = and_(decisions.c.alert_id == alerts.c.id, decisions.c.guild_id == guild_id)
    return select(alerts).select_from(alerts.outerjoin(decisions, theirs))


async def _add(connection: AsyncConnection, alert: SourceAlert) -> None:
    new = insert(connection, alerts).values(id=_id(alert), **columns_of(alert))
    await connection.execute(new.on_conflict_do_nothing())


def _id(alert: SourceAlert) -> str:
    """The same for the same news, whenever it is found; a digest, because a detail can be too long for a key."""
    said = json.dumps([alert.source_id, alert.kind, alert.detail])
    return hashlib.sha256(said.encode()).hexdigest()[:32]


def _alert(row: Row[Any]) -> SourceAlert:
    return SourceAlert(row.source_id, row.kind, row.detail, row.found_at)
