"""Transactions. On SQLite one connection writes and others only read; on PostgreSQL every transaction takes its own."""

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping, Sequence
from pathlib import Path
from typing import Any, Self, TypeVar

from sqlalchemy import URL, Row, Select, Table, UpdateBase
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from bot.storage.connect import server_engine, sqlite_engine
from bot.storage.files import FileLock, make_private

READERS = 4
POSTGRES_CONNECTIONS = 10

ADVISORY_LOCK = 0x5F00_0F01
"""The PostgreSQL lock under which processes take turns to make tables; any number that is ours alone will do."""

T = TypeVar("T")
Work = Callable[[AsyncConnection], Awaitable[T]]


class Database:
    """One database. `write` and `read` each run a function of a connection inside one transaction.

    Both run it in a task of its own, to its end: cancelling a task between commands neither commits nor rolls back
    for certain, so a caller that is cancelled stops waiting and nothing else.
    """

    def __init__(self, writer: AsyncEngine, reader: AsyncEngine, lock: FileLock | None = None) -> None:
        self._writer = writer
        self._reader = reader
        self._lock = lock
        self._running: set[asyncio.Task[Any]] = set()
        self._closing = False

    @classmethod
    def of_file(cls, path: Path) -> Self:
        """An SQLite file, created if need be.

        Raises:
            StartupError: another process has it, or the file system refuses.
        """
        lock = FileLock(path)
        make_private(path)
        return cls(sqlite_engine(path, "rw", 1), sqlite_engine(path, "ro", READERS), lock)

    @classmethod
    def of_server(cls, url: URL, connections: int = POSTGRES_CONNECTIONS) -> Self:
        """A PostgreSQL database, which several processes may share."""
        engine = server_engine(url, connections)
        return cls(engine, engine.execution_options(isolation_level="REPEATABLE READ", postgresql_readonly=True))

    async def write(self, work: Work[T]) -> T:
        """Run `work` in a transaction that commits when it returns and leaves nothing behind when it raises."""
        return await self._to_its_end(self._transaction(self._writer, work))

    async def read(self, work: Work[T]) -> T:
        """Run `work` on one consistent state of the data, without the power to change it."""
        return await self._to_its_end(self._transaction(self._reader, work))

    async def run(self, statement: UpdateBase) -> int:
        """Run one statement that changes something; returns how many rows it met."""

        async def work(connection: AsyncConnection) -> int:
            return (await connection.execute(statement)).rowcount

        return await self.write(work)

    async def rows(self, query: Select[*tuple[Any, ...]]) -> Sequence[Row[Any]]:
        """Everything that one query finds."""

        async def work(connection: AsyncConnection) -> Sequence[Row[Any]]:
            return (await connection.execute(query)).all()

        return await self.read(work)

    async def row(self, query: Select[*tuple[Any, ...]]) -> Row[Any] | None:
        """The first row that a query finds."""
        return next(iter(await self.rows(query)), None)

    async def scrub(self) -> None:
        """Empty SQLite's write-ahead log, so that what was just deleted is in no file any more."""
        if self._lock is not None:
            await self._to_its_end(self._checkpoint())

    async def close(self) -> None:
        """Wait for the transactions that run, then close every connection and give up the lock."""
        self._closing = True
        if self._running:
            await asyncio.wait(self._running)
        await self._reader.dispose()  # first, so that the writer is the last one out and tidies the log away
        await self._writer.dispose()
        if self._lock is not None:
            self._lock.release()

    async def _to_its_end(self, work: Coroutine[Any, Any, T]) -> T:
        if self._closing:
            work.close()
            raise RuntimeError("the database is closed")
        task = asyncio.create_task(work)
        self._running.add(task)
        task.add_done_callback(self._running.discard)
        return await asyncio.shield(task)

    @staticmethod
    async def _transaction(engine: AsyncEngine, work: Work[T]) -> T:
        async with engine.begin() as connection:
            return await work(connection)

    async def _checkpoint(self) -> None:
        async with self._writer.connect() as connection:
            raw = await connection.get_raw_connection()  # below SQLAlchemy, which would open a transaction first
            driver: Any = raw.driver_connection
            await driver.execute_fetchall("PRAGMA wal_checkpoint(TRUNCATE)")


def columns_of(value: object) -> dict[str, Any]:
    """A flat dataclass whose fields are named like the columns; `dataclasses.asdict` copies deeply and slowly."""
    return dict(vars(value))


def insert(connection: AsyncConnection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say ON CONFLICT, in the dialect of this connection."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


async def put(connection: AsyncConnection, table: Table, values: Mapping[str, Any]) -> None:
    """Insert the row, or write it over the one with the same primary key."""
    key = [column.name for column in table.primary_key]
    rest = {name: value for name, value in values.items() if name not in key}
    statement = insert(connection, table).values(values)
    await connection.execute(statement.on_conflict_do_update(index_elements=key, set_=rest))
