"""Card messages that everybody in a channel can see: which message, which card, and the state of it that it shows."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.curation import Posted
from bot.storage.curation_tables import postings
from bot.storage.engine import Database, columns_of, put


class PostedStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, posted: Sequence[Posted]) -> None:
        """Remember them; one that is known already is written over."""

        async def work(connection: AsyncConnection) -> None:
            for each in posted:
                await put(connection, postings, columns_of(each))

        await self._db.write(work)

    async def all(self, guild_id: int | None = None) -> Sequence[Posted]:
        """Of one community or of all, by channel and message."""
        query = select(postings) if guild_id is None else select(postings).where(postings.c.guild_id == guild_id)
        ordered = query.order_by(postings.c.channel_id, postings.c.message_id, postings.c.card_id)
        return [_posted(row) for row in await self._db.rows(ordered)]

    async def shown(self, message_id: int, card_id: str, fingerprint: str) -> None:
        """The message shows this state of the card now."""
        here = update(postings).where(postings.c.message_id == message_id, postings.c.card_id == card_id)
        await self._db.run(here.values(shown=fingerprint))

    async def forget(self, message_id: int) -> None:
        await self._db.run(delete(postings).where(postings.c.message_id == message_id))

    async def purge(self, before: datetime) -> int:
        """Forget those posted before; returns how many rows."""
        return await self._db.run(delete(postings).where(postings.c.posted_at < before))


def _posted(row: Row[Any]) -> Posted:
    return Posted(row.guild_id, row.channel_id, row.message_id, row.card_id, row.shape, row.shown, row.posted_at)
