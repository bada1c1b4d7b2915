"""Members: who opted in, and where to reach them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.checkins import Member
from bot.storage.engine import Database
from bot.storage.tables import OPEN, members, prompts
from bot.storage.vault import Vault


class MemberStore:
    def __init__(self, db: Database, vault: Vault) -> None:
        self._db = db
        self._vault = vault

    async def get(self, member_id: int) -> Member | None:
        row = await self._db.row(select(members).where(members.c.id == member_id))
        return None if row is None else _member(row)

    async def set_unreachable(self, member_id: int, since: datetime | None) -> None:
        """Pause (a time) or resume (None) everything scheduled for this member."""
        pause = update(members).where(members.c.id == member_id).values(unreachable_since=since)
        theirs = update(prompts).where(prompts.c.member_id == member_id, OPEN).values(paused=since is not None)

        async def work(connection: AsyncConnection) -> None:
            await connection.execute(pause)
            await connection.execute(theirs)

        await self._db.write(work)

    async def set_dm_channel(self, member_id: int, channel_id: int) -> None:
        await self._db.run(update(members).where(members.c.id == member_id).values(dm_channel_id=channel_id))

    async def erase(self, member_id: int) -> bool:
        """Delete the member with everything that hangs off them, and their key. False if there was nothing.

        The key goes before the rows are committed. After a crash in between they are unreadable, and erasing again
        removes them; in the other order the key could outlive them unnoticed.
        """

        async def work(connection: AsyncConnection) -> bool:
            gone = await connection.execute(delete(members).where(members.c.id == member_id))
            await self._vault.destroy(member_id)
            return gone.rowcount > 0

        erased = await self._db.write(work)
        await self._db.scrub()
        return erased


def _member(row: Row[Any]) -> Member:
    return Member(row.id, row.zone, row.consent_version, row.consented_at, row.dm_channel_id, row.unreachable_since)
