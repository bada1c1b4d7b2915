"""Transactions: whole or not at all, whoever is cancelled, however many write."""

import asyncio
import sqlite3
from collections.abc import AsyncGenerator
from typing import Any, cast

import pytest
from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ExitCode, StartupError
from bot.storage import upgrade
from bot.storage.connect import prepare_writer
from bot.storage.engine import Database
from bot.storage.tables import bot_state
from tests.storage.places import Place


@pytest.fixture
async def db(place: Place) -> AsyncGenerator[Database]:
    await upgrade(place.location)
    db = place.database()
    try:
        yield db
    finally:
        await db.close()


async def count(connection: AsyncConnection) -> int:
    return (await connection.execute(select(func.count()).select_from(bot_state))).scalar_one()


async def test_fault_37_fifty_writers_to_one_counter_lose_nothing(db: Database) -> None:
    async def add_one(connection: AsyncConnection) -> None:
        counter = select(bot_state.c.value).where(bot_state.c.name == "counter").with_for_update()
        value = int((await connection.execute(counter)).scalar_one())
        await asyncio.sleep(0)  # let the others try
        await connection.execute(bot_state.update().values(value=str(value + 1)))

    await db.run(bot_state.insert().values(name="counter", value="0"))
    await asyncio.gather(*(db.write(add_one) for _ in range(50)))
    row = await db.row(select(bot_state.c.value))
    assert row is not None
    assert row.value == "50"


async def test_fault_36_cancelling_a_writer_at_any_moment_leaves_pairs(place: Place) -> None:
    await upgrade(place.location)
    db = place.database()

    def pair(number: int) -> Any:
        async def work(connection: AsyncConnection) -> None:
            await connection.execute(bot_state.insert().values(name=f"{number} first", value=""))
            await asyncio.sleep(0)
            await connection.execute(bot_state.insert().values(name=f"{number} second", value=""))

        return work

    for number in range(1, 60):
        writer = asyncio.create_task(db.write(pair(number)))
        for _ in range(number):
            await asyncio.sleep(0)
        writer.cancel()
        await asyncio.wait([writer])
    await db.write(pair(60))  # the connection is not stuck in anybody's transaction
    await db.close()  # it waits for those that nobody waits for
    names = sorted(name for (name,) in await place.sql("SELECT name FROM bot_state"))
    assert names == sorted(f"{number} {part}" for number in range(1, 61) for part in ("first", "second"))


async def test_fault_35_closing_waits_for_what_is_being_written_and_takes_no_more(place: Place) -> None:
    await upgrade(place.location)
    db = place.database()
    inside = asyncio.Event()

    async def work(connection: AsyncConnection) -> None:
        inside.set()
        for number in range(20):
            await connection.execute(bot_state.insert().values(name=str(number), value=""))

    writing = asyncio.create_task(db.write(work))
    await inside.wait()
    await db.close()
    assert writing.done()
    with pytest.raises(RuntimeError, match="closed"):
        await db.write(work)
    assert await place.sql("SELECT count(*) FROM bot_state") == [(20,)]


async def test_a_transaction_that_raises_leaves_nothing(db: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(bot_state.insert().values(name="half", value=""))
        raise LookupError

    with pytest.raises(LookupError):
        await db.write(work)
    assert await db.read(count) == 0


async def test_reading_cannot_change_anything(db: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(bot_state.insert().values(name="sly", value=""))

    with pytest.raises(DBAPIError):
        await db.read(work)
    assert await db.read(count) == 0


async def test_a_reader_sees_one_state_from_beginning_to_end(db: Database) -> None:
    async def work(connection: AsyncConnection) -> list[int]:
        before = await count(connection)
        await db.run(bot_state.insert().values(name="meanwhile", value=""))
        return [before, await count(connection)]

    assert await db.read(work) == [0, 0]
    assert await db.read(count) == 1


async def test_errors_name_no_values(db: Database) -> None:
    async def work(connection: AsyncConnection) -> None:
        await connection.execute(text("SELECT * FROM nowhere WHERE x = :secret"), {"secret": "marker"})

    with pytest.raises(DBAPIError) as caught:
        await db.write(work)
    assert "marker" not in str(caught.value)


async def test_fault_38_a_full_disk_saves_nothing_half_and_recovers(sqlite_place: Place) -> None:
    await upgrade(sqlite_place.location)
    db = sqlite_place.database()

    def allow_pages(number: int) -> Any:
        async def work(connection: AsyncConnection) -> None:
            await connection.exec_driver_sql(f"PRAGMA max_page_count={number}")

        return work

    async def work(connection: AsyncConnection) -> None:
        await connection.execute(bot_state.insert().values(name="small", value=""))
        await connection.execute(bot_state.insert().values(name="big", value="x" * 1_000_000))

    await db.write(allow_pages(1))  # SQLite raises it to what is in use: not one page more
    with pytest.raises(OperationalError, match="full"):
        await db.write(work)
    assert await db.read(count) == 0
    await db.write(allow_pages(1_000_000))
    await db.write(work)
    assert await db.read(count) == 2
    await db.close()


def test_fault_40_without_a_write_ahead_log_it_refuses_with_the_reason() -> None:
    connection = sqlite3.connect(":memory:")  # has none, like a network disk
    with pytest.raises(StartupError, match="write-ahead log") as caught:
        prepare_writer(cast("Any", connection))
    connection.close()
    assert caught.value.code is ExitCode.DATABASE


async def test_fault_05_sqlite_is_set_up_to_lose_nothing_and_forget_what_is_deleted(sqlite_place: Place) -> None:
    await upgrade(sqlite_place.location)
    db = sqlite_place.database()

    async def work(connection: AsyncConnection) -> dict[str, object]:
        names = ("journal_mode", "synchronous", "foreign_keys", "secure_delete", "trusted_schema", "mmap_size")
        return {name: (await connection.exec_driver_sql(f"PRAGMA {name}")).scalar() for name in names}

    settings = await db.write(work)
    await db.close()
    assert settings == {
        "journal_mode": "wal",
        "synchronous": 2,
        "foreign_keys": 1,
        "secure_delete": 1,
        "trusted_schema": 0,
        "mmap_size": 0,
    }
