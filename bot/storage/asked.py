"""What members looked for in vain. A text stands here only while enough different people stand behind it."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Row, ScalarSelect, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.curation import AskedKind, Wish
from bot.storage.curation_tables import asked, askers, wishes
from bot.storage.engine import Database, columns_of, insert, put


class AskedStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def asked(
        self, guild_id: int, kind: AskedKind, mark: str, trace: str, text: str, at: datetime, reveal_from: int
    ) -> int:
        """Count one asker (`trace`) of a text (`mark`), each pair once; returns how many different ones there are.

        `text` is stored when that reaches `reveal_from`, and not before. Asking again counts as having asked now.
        """
        key = {"guild_id": guild_id, "kind": kind, "mark": mark}
        here = asked.c.guild_id == guild_id, asked.c.kind == kind, asked.c.mark == mark

        async def work(connection: AsyncConnection) -> int:
            # Writing this row locks it: of two who ask at the same moment, the second one counts the first.
            await put(connection, asked, {**key, "reveal_from": reveal_from})
            await put(connection, askers, {**key, "trace": trace, "asked_at": at})
            count = (await connection.execute(select(_askers()).where(*here))).scalar_one()
            if count >= reveal_from:
                await connection.execute(update(asked).where(*here, asked.c.text.is_(None)).values(text=text))
            return count

        return await self._db.write(work)

    async def revealed(self, guild_id: int) -> Sequence[tuple[AskedKind, str, int]]:
        """Kind, text and number of different askers, most wanted first."""
        count = _askers().label("askers")
        known = select(asked.c.kind, asked.c.text, count).where(asked.c.guild_id == guild_id, asked.c.text.is_not(None))
        rows = await self._db.rows(known.order_by(count.desc(), asked.c.text))
        return [(AskedKind(row.kind), row.text, row.askers) for row in rows]

    async def guilds(self) -> frozenset[int]:
        """Every community with a text that is revealed; 0 stands for none."""
        known = select(asked.c.guild_id).where(asked.c.text.is_not(None)).distinct()
        return frozenset(row.guild_id for row in await self._db.rows(known))

    async def dismiss(self, guild_id: int, kind: AskedKind, text: str) -> None:
        """Forget the text with everybody's traces."""
        await self._db.run(
            delete(asked).where(asked.c.guild_id == guild_id, asked.c.kind == kind, asked.c.text == text)
        )

    async def purge(self, before: datetime) -> int:
        """Forget who asked or wished before, and each text that too few are left behind; returns how many of them."""

        async def work(connection: AsyncConnection) -> int:
            await stop_asking(connection)
            gone = await connection.execute(delete(askers).where(askers.c.asked_at < before))
            late = await connection.execute(delete(wishes).where(wishes.c.wished_at < before))
            await hide_rare(connection)
            return gone.rowcount + late.rowcount

        return await self._db.write(work)

    async def wish(self, wish: Wish) -> bool:
        """Remember that somebody wants to be told; False if they had asked already."""

        async def work(connection: AsyncConnection) -> bool:
            new = insert(connection, wishes).values(columns_of(wish))
            return (await connection.execute(new.on_conflict_do_nothing())).rowcount > 0

        return await self._db.write(work)

    async def wishes(self, guild_id: int | None = None) -> Sequence[Wish]:
        """Of one community (0: outside of any) or of all, oldest first."""
        query = select(wishes) if guild_id is None else select(wishes).where(wishes.c.guild_id == guild_id)
        return [_wish(row) for row in await self._db.rows(query.order_by(wishes.c.wished_at, wishes.c.trace))]

    async def unwish(self, wish: Wish) -> None:
        key = wishes.c.guild_id == wish.guild_id, wishes.c.name == wish.name, wishes.c.trace == wish.trace
        await self._db.run(delete(wishes).where(*key))


async def stop_asking(connection: AsyncConnection) -> None:
    """Let nobody ask until the end of this transaction, in which askers are forgotten.

    Somebody who asks beside it would count them and reveal the text, unseen from here. SQLite has one writer anyway.
    """
    if connection.dialect.name == "postgresql":
        await connection.exec_driver_sql("LOCK TABLE asked IN SHARE ROW EXCLUSIVE MODE")


async def hide_rare(connection: AsyncConnection) -> None:
    """Forget each text that has fewer askers by now than it takes to show it, and what nobody asks for any more."""
    await connection.execute(
        update(asked).where(asked.c.text.is_not(None), _askers() < asked.c.reveal_from).values(text=None)
    )
    await connection.execute(delete(asked).where(_askers() == 0))


def _askers() -> ScalarSelect[int]:
    """How many different people ask for a text, beside its row."""
    same = (askers.c.guild_id == asked.c.guild_id, askers.c.kind == asked.c.kind, askers.c.mark == asked.c.mark)
    return select(func.count()).where(*same).correlate(asked).scalar_subquery()


def _wish(row: Row[Any]) -> Wish:
    return Wish(row.guild_id, row.name, row.trace, row.channel_id, row.wished_at)
