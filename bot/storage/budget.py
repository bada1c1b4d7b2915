"""The pace of scheduled sends, kept together by all processes on one PostgreSQL database."""

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import Database

# By the clock of the database: those of the machines differ. An unused turn is gone, it is not saved up.
_RESERVE = text(
    "INSERT INTO send_budget (id, next_at) VALUES (1, extract(epoch from clock_timestamp()) + :span)"
    " ON CONFLICT (id) DO UPDATE"
    " SET next_at = greatest(send_budget.next_at, extract(epoch from clock_timestamp())) + :span"
    " RETURNING next_at - :span - extract(epoch from clock_timestamp()) AS wait"
)


class SendBudget:
    """Hands out turns, one after another, to whoever asks."""

    def __init__(self, db: Database) -> None:
        self._db = db

    async def reserve(self, count: int, rate: float) -> float:
        """Take the next `count` turns of `rate` a second; returns the seconds until the first of them."""

        async def work(connection: AsyncConnection) -> float:
            return float((await connection.execute(_RESERVE, {"span": count / rate})).scalar_one())

        return max(0.0, await self._db.write(work))
