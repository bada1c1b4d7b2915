"""Facts about the bot itself that must survive a restart, such as a hash of the commands it last registered."""

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import Database, put
from bot.storage.tables import bot_state

ZONES = "time zone data"
"""The fact which version of it what is due was computed with."""


class BotStateStore:
    def __init__(self, db: Database) -> None:
        self._db = db

    async def get(self, name: str) -> str | None:
        row = await self._db.row(select(bot_state.c.value).where(bot_state.c.name == name))
        return None if row is None else row.value

    async def put(self, name: str, value: str) -> None:
        async def work(connection: AsyncConnection) -> None:
            await put(connection, bot_state, {"name": name, "value": value})

        await self._db.write(work)
