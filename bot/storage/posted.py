"""Card messages that everybody in a channel can see: which message, which card, and the state of it that it shows."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from datetime import datetime
from typing import Any

from pydantic import ValidationError
from sqlalchemy import Row, delete, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.cards import Card
from bot.domain.curation import Posted
from bot.storage.curation_tables import postings, shown_cards
from bot.storage.engine import Database, columns_of, insert, put


class PostedStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def add(self, posted: Sequence[Posted]) -> None:
        """Remember them; one that is known already is written over."""

        async def work(connection: AsyncConnection) -> None:
            for each in posted:
                await put(connection, postings, columns_of(each))

        await self._db.write(work)

    async def keep(self, cards: Mapping[str, Card]) -> None:
        """Keep these texts, by fingerprint, for as long as some message shows them."""

        async def work(connection: AsyncConnection) -> None:
            for each, card in cards.items():
                new = insert(connection, shown_cards).values(fingerprint=each, card=card.model_dump_json())
                await connection.execute(new.on_conflict_do_nothing())

        if cards:
            await self._db.write(work)

    async def kept(self, fingerprint: str) -> Card | None:
        """The text with that fingerprint; None also if this version cannot read it any more."""
        row = await self._db.row(select(shown_cards.c.card).where(shown_cards.c.fingerprint == fingerprint))
        with suppress(ValidationError):
            return Card.model_validate_json(row.card) if row else None
        return None

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
        """Forget those posted before, and texts that no message shows any more; returns how many messages' rows."""

        async def work(connection: AsyncConnection) -> int:
            gone = await connection.execute(delete(postings).where(postings.c.posted_at < before))
            unused = shown_cards.c.fingerprint.not_in(select(postings.c.shown))
            await connection.execute(delete(shown_cards).where(unused))
            return gone.rowcount

        return await self._db.write(work)


def _posted(row: Row[Any]) -> Posted:
    return Posted(row.guild_id, row.channel_id, row.message_id, row.card_id, row.shape, row.shown, row.posted_at)
