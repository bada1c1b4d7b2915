"""Communities: the settings of each server, and the audit log of what its moderators did."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.communities import Community
from bot.domain.curation import Event
from bot.storage.audit import note
from bot.storage.curation_tables import communities, events
from bot.storage.engine import Database, put


class CommunityStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, guild_id: int) -> Community | None:
        row = await self._db.row(select(communities.c.settings).where(communities.c.guild_id == guild_id))
        return None if row is None else _community(row)

    async def all(self) -> Sequence[Community]:
        """Every one that ever set something up, in the order of their ids."""
        rows = await self._db.rows(select(communities.c.settings).order_by(communities.c.guild_id))
        return [_community(row) for row in rows]

    async def save(self, community: Community, event: Event) -> None:
        """Write the settings over the earlier ones, with a line of the audit log, in one transaction."""
        values = {"guild_id": community.guild_id, "settings": community.model_dump_json()}

        async def work(connection: AsyncConnection) -> None:
            await put(connection, communities, values)
            await note(connection, event)

        await self._db.write(work)

    async def digested_at(self, guild_id: int) -> datetime | None:
        """When the last weekly digest went out."""
        row = await self._db.row(select(communities.c.digested_at).where(communities.c.guild_id == guild_id))
        return None if row is None else row.digested_at

    async def digested(self, guild_id: int, at: datetime) -> None:
        """Remember a digest; a community without settings has no channel for any."""
        await self._db.run(update(communities).where(communities.c.guild_id == guild_id).values(digested_at=at))

    async def note(self, event: Event) -> None:
        """Add a line to the audit log."""

        async def work(connection: AsyncConnection) -> None:
            await note(connection, event)

        await self._db.write(work)

    async def events(self, guild_id: int, limit: int) -> Sequence[Event]:
        """The latest lines of the audit log, newest first."""
        latest = select(events).where(events.c.guild_id == guild_id).order_by(events.c.at.desc(), events.c.id.desc())
        return [_event(row) for row in await self._db.rows(latest.limit(limit))]

    async def purge_events(self, before: datetime) -> int:
        """Forget the lines of the audit log from before; returns how many."""
        return await self._db.run(delete(events).where(events.c.at < before))


def _community(row: Row[Any]) -> Community:
    return Community.model_validate_json(row.settings)


def _event(row: Row[Any]) -> Event:
    return Event(row.guild_id, row.at, row.actor_id, row.action, row.subject, row.detail)
