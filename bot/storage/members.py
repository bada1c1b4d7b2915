"""Members: who opted in, and where to reach them."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, TypeVar

from sqlalchemy import Row, delete, not_, or_, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.lifetimes import Holdings
from bot.domain.members import Member, Preferences
from bot.storage.engine import Database
from bot.storage.erasure import forget, forget_trace, oldest_rows
from bot.storage.holdings import count
from bot.storage.tables import OPEN, UNREACHABLE, entries, members, prompts
from bot.storage.tombstones import Erased, TombstoneStore
from bot.storage.vault import Vault

_PREFERENCES = "preferences"

Person = TypeVar("Person", int, int | str)
"""An id, or an id or a trace."""


class MemberStore:
    def __init__(self, db: Database, vault: Vault, tombstones: TombstoneStore) -> None:
        self._db = db
        self._vault = vault
        self._tombstones = tombstones

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

    async def agree(self, member_id: int, version: int, at: datetime) -> None:
        """The member agreed to that version of the consent."""
        agreed = {"consent_version": version, "consented_at": at}
        await self._db.run(update(members).where(members.c.id == member_id).values(agreed))

    async def lost(
        self, since: datetime, limit: int, after: int, *, warned_before: datetime | None = None
    ) -> Sequence[Member]:
        """Members with a greater id than `after`, by id, who cannot be reached and have not checked in since then.

        Without `warned_before` those who were not told yet that they will be erased; with it those told before.
        """
        told = members.c.warned_at >= members.c.unreachable_since
        stage = or_(members.c.warned_at.is_(None), not_(told)) if warned_before is None else told
        checked_in = select(entries.c.id).where(entries.c.member_id == members.c.id, entries.c.recorded_at > since)
        there = select(members).where(UNREACHABLE, members.c.unreachable_since <= since, stage, ~checked_in.exists())
        if warned_before is not None:
            there = there.where(members.c.warned_at <= warned_before)
        rows = await self._db.rows(there.where(members.c.id > after).order_by(members.c.id).limit(limit))
        return [_member(row) for row in rows]

    async def warn(self, member_id: int, at: datetime | None) -> bool:
        """Note that they are told now, or were not after all (None). False if it was noted before, or they are back."""
        told = members.c.warned_at >= members.c.unreachable_since
        before = or_(members.c.warned_at.is_(None), not_(told)) if at else told
        noted = update(members).where(members.c.id == member_id, UNREACHABLE, before).values(warned_at=at)
        return await self._db.run(noted) > 0

    async def set_dm_channel(self, member_id: int, channel_id: int) -> None:
        await self._db.run(update(members).where(members.c.id == member_id).values(dm_channel_id=channel_id))

    async def erase(self, member_id: int, at: datetime | None = None) -> Holdings:
        """Delete the member with everything that hangs off them, and their key; returns how many rows that met.

        What they did as a curator stays without their name. It works for somebody who never opted in too. A tombstone
        stays either way, from `at` (now, if that is not given): a backup may know more of them.
        The key goes before the rows are committed. After a crash in between they are unreadable, and erasing again
        or starting again removes them; in the other order the key could outlive them unnoticed.
        """
        at = at or datetime.now(UTC)
        erased = await self._erase(member_id, at)
        await self._tombstones.add_to_file(self._tombstones.of(member_id), at)
        await self._db.scrub()
        return erased

    async def replay(self, erased: Erased) -> int:
        """Erase everybody once more who was erased after what the database holds of them was written.

        To be called when a backup was restored, of the database or of the vault, before a bot works on them: a key
        without a member goes too. Returns how many people, as members or otherwise, were still there.
        """
        signs = await self._db.read(oldest_rows)
        late = {sign: at for sign, at in self._erased(signs, erased).items() if signs[sign] <= at}
        for sign, at in late.items():
            if isinstance(sign, int):
                await self._erase(sign, at)
            else:
                await self._db.write(lambda connection, trace=sign: forget_trace(connection, trace))
        keys = self._erased(await self._without_row(await self._vault.holders()), erased)
        for member_id, at in keys.items():
            await self._vault.destroy(member_id, self._tombstones.of(member_id), at)
        await self._db.scrub()
        return len({self._tombstones.of(sign) for sign in (*late, *keys)})

    async def finish_erasures(self) -> int:
        """Remove the rows of those whose key is gone and whose tombstone is there; returns how many members.

        That is what a crash in the middle of an erasure leaves, and what an old database file brings back.
        """
        rows = [row.id for row in await self._db.rows(select(members.c.id))]
        keyless = set(rows) - set(await self._vault.holders())  # read second: who enrolls has the key first
        half = self._erased(keyless, await self._tombstones.in_vault()) if keyless else {}
        for member_id, at in half.items():
            await self._erase(member_id, at)
        if half:
            await self._db.scrub()
        return len(half)

    async def _erase(self, member_id: int, at: datetime) -> Holdings:
        trace, tombstone = self._vault.traces.of(member_id), self._tombstones.of(member_id)
        alone = select(members.c.id).where(members.c.id == member_id).with_for_update()

        async def work(connection: AsyncConnection) -> Holdings:
            await connection.execute(alone)  # so that nobody adds anything between the count and the end
            held = await count(connection, member_id, trace)
            await connection.execute(delete(members).where(members.c.id == member_id))
            await forget(connection, member_id, trace)
            await self._vault.destroy(member_id, tombstone, at)
            return held

        return await self._db.write(work)

    def _erased(self, people: Iterable[Person], erased: Erased) -> dict[Person, datetime]:
        """Which of these people have a tombstone, and from when."""
        found = ((person, erased.get(self._tombstones.of(person))) for person in people)
        return {person: at for person, at in found if at is not None}

    async def _without_row(self, member_ids: Iterable[int]) -> set[int]:
        return set(member_ids) - {row.id for row in await self._db.rows(select(members.c.id))}


def _member(row: Row[Any]) -> Member:
    return Member(row.id, row.zone, row.consent_version, row.consented_at, row.dm_channel_id, row.unreachable_since)
