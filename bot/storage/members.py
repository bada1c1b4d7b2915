"""Members: who opted in, and where to reach them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.members import Member, Preferences
from bot.storage.engine import Database
from bot.storage.erasure import forget
from bot.storage.tables import OPEN, UNREACHABLE, members, prompts
from bot.storage.vault import Vault

_PREFERENCES = "preferences"


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

    async def preferences(self, member_id: int) -> Preferences:
        """How the member wants to be treated; the usual way for one who never said.

        Raises:
            SealBroken: what is stored does not open.
        """
        row = await self._db.row(select(members.c.preferences).where(members.c.id == member_id))
        if row is None or row.preferences is None:
            return Preferences()
        return Preferences.model_validate_json(await self._vault.open(member_id, _PREFERENCES, row.preferences))

    async def set_preferences(self, member_id: int, preferences: Preferences) -> None:
        """Write them over the earlier ones; the member must have opted in (they have a key)."""
        sealed = await self._vault.seal(member_id, _PREFERENCES, preferences.model_dump_json().encode())
        await self._db.run(update(members).where(members.c.id == member_id).values(preferences=sealed))

    async def unreachable(self) -> frozenset[int]:
        """Everybody whose DMs turned us away."""
        return frozenset(row.id for row in await self._db.rows(select(members.c.id).where(UNREACHABLE)))

    async def set_dm_channel(self, member_id: int, channel_id: int) -> None:
        await self._db.run(update(members).where(members.c.id == member_id).values(dm_channel_id=channel_id))

    async def erase(self, member_id: int) -> bool:
        """Delete the member with everything that hangs off them, and their key. False if there was nothing.

        What they did as a curator stays without their name. It works for somebody who never opted in too.
        The key goes before the rows are committed. After a crash in between they are unreadable, and erasing again
        removes them; in the other order the key could outlive them unnoticed.
        """

        async def work(connection: AsyncConnection) -> bool:
            gone = await connection.execute(delete(members).where(members.c.id == member_id))
            named = await forget(connection, member_id, self._vault.traces.of(member_id))
            await self._vault.destroy(member_id)
            return gone.rowcount + named > 0

        erased = await self._db.write(work)
        await self._db.scrub()
        return erased


def _member(row: Row[Any]) -> Member:
    return Member(row.id, row.zone, row.consent_version, row.consented_at, row.dm_channel_id, row.unreachable_since)
