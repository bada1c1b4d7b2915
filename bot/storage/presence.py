"""Who works on a PostgreSQL database: as many bots as there are, or one who must be alone with it.

What `FileLock` is for an SQLite file. It is held by a connection of its own, so it ends with the process, however.
"""

from contextlib import AsyncExitStack
from typing import Self

from sqlalchemy import URL, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ExitCode, StartupError
from bot.storage.connect import server_engine, shown

WAIT = "3s"
"""For a process that was killed just now: the server may be a moment late in noticing."""

_PRESENCE = 0x5F00_0F02
_LOCK_NOT_AVAILABLE = "55P03"


class ServerLock:
    """Presence on a database, until `release`."""

    def __init__(self, held: AsyncExitStack) -> None:
        self._held = held

    @classmethod
    async def take(cls, url: URL, *, alone: bool) -> Self:
        """Be there with others, or alone.

        Raises:
            StartupError: somebody is there who must be alone, or others are (`ExitCode.BUSY`).
        """
        lock = func.pg_advisory_lock if alone else func.pg_advisory_lock_shared
        async with AsyncExitStack() as stack:
            engine = server_engine(url, 1).execution_options(isolation_level="AUTOCOMMIT")
            stack.push_async_callback(engine.dispose)
            connection = await stack.enter_async_context(engine.connect())
            await connection.exec_driver_sql(f"SET lock_timeout = '{WAIT}'")
            try:
                await connection.execute(select(lock(_PRESENCE)))
            except DBAPIError as error:
                if getattr(error.orig, "sqlstate", None) != _LOCK_NOT_AVAILABLE:
                    raise
                raise _busy(url, alone=alone) from None
            return cls(stack.pop_all())

    async def release(self) -> None:
        await self._held.aclose()


async def anybody_there(connection: AsyncConnection) -> bool:
    """Whether some process is present on the connection's database; nothing is locked for that."""
    held = text(
        "SELECT EXISTS (SELECT FROM pg_locks JOIN pg_database ON pg_database.oid = pg_locks.database WHERE datname = "
        "current_database() AND locktype = 'advisory' AND granted AND classid = 0 AND objid = :presence)"
    )
    return bool((await connection.execute(held, {"presence": _PRESENCE})).scalar_one())


def _busy(url: URL, *, alone: bool) -> StartupError:
    who = "A Spoonful process is using" if alone else "Another process must be alone with"
    then = "Stop all of them first." if alone else "Wait until it is done."
    return StartupError(f"{who} the database at {shown(url)}. {then}", ExitCode.BUSY)
