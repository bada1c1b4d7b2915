"""Looks at the database: those of a running bot, and those of `spoonful doctor` beside one."""

import asyncio

import pytest

from bot.domain.communities import Community
from bot.domain.condition import Backlog
from bot.domain.curation import Event
from bot.errors import ExitCode, StartupError
from bot.storage import Storage
from bot.storage.checkup import look_at, look_at_key
from bot.storage.state import ZONES
from bot.storage.vitals import PROBE
from tests.storage.conftest import NewPlace
from tests.storage.examples import DAY, DUE, HOUR, MINUTE, claim, enroll, send_one
from tests.storage.places import Place

EVENT = Event(7, DUE, 1, "settings changed", "", "a channel")


async def in_use(place: Place) -> bool:
    found = await look_at(place.url, place.data_dir)
    assert found is not None
    return found.in_use


class TestVitals:
    async def test_nothing_waits_in_an_empty_database(self, storage: Storage) -> None:
        stored = await storage.vitals.measured(DUE)
        assert stored is not None
        assert (stored.backlog, stored.missed) == (Backlog(0, 0, None), 0)
        assert stored.size > 10_000

    async def test_what_waits_and_what_is_overdue(self, storage: Storage) -> None:
        for member_id in (1, 2, 3):
            await enroll(storage, member_id)
        assert await storage.prompts.backlog(DUE - MINUTE) == Backlog(3, 0, None)
        assert await storage.prompts.backlog(DUE + MINUTE) == Backlog(3, 3, DUE)
        await claim(storage, DUE, limit=1)
        assert (await storage.prompts.backlog(DUE)).overdue == 3  # it is on its way, and not there

    async def test_what_was_sent_and_members_out_of_reach_do_not_count(self, storage: Storage) -> None:
        await enroll(storage, 1)
        await send_one(storage)
        await enroll(storage, 2)
        await storage.members.set_unreachable(2, DUE)
        assert (await storage.prompts.backlog(DUE + MINUTE)).overdue == 0

    async def test_prompts_that_were_given_up_are_counted(self, storage: Storage) -> None:
        await enroll(storage)
        assert len(await claim(storage, DUE + 3 * DAY + HOUR)) == 1
        stored = await storage.vitals.measured(DUE + 3 * DAY)
        assert stored is not None
        assert stored.missed == 3
        await storage.prompts.mark_missed("no such prompt")
        assert storage.prompts.missed == 3

    async def test_a_database_that_takes_no_writes_says_so(self, sqlite_place: Place) -> None:
        storage = await sqlite_place.open()
        assert await storage.vitals.writes(DUE)
        assert await storage.state.get(PROBE) == DUE.isoformat()
        async with storage.prompts._db._writer.connect() as connection:  # pyright: ignore[reportPrivateUsage] - no other way
            await connection.exec_driver_sql("PRAGMA query_only=ON")
        assert not await storage.vitals.writes(DUE)
        assert await storage.vitals.measured(DUE) is not None
        await storage.close()

    async def test_a_database_that_is_gone_does_not_answer(self, server_place: Place) -> None:
        storage = await server_place.open()
        await server_place.sql("ALTER TABLE prompt RENAME TO elsewhere")
        await server_place.sql("ALTER TABLE bot_state RENAME TO nowhere")
        assert await storage.vitals.measured(DUE) is None
        assert not await storage.vitals.writes(DUE)
        await storage.close()


class TestCheckup:
    async def test_while_a_bot_works_on_it(self, storage: Storage, place: Place) -> None:
        community = Community(guild_id=7, curation_channel_id=8)
        await storage.communities.save(community, EVENT)
        await storage.state.put(ZONES, "2026a")
        found = await look_at(place.url, place.data_dir)
        assert found is not None
        assert found.in_use
        assert found.engine.startswith("PostgreSQL 1" if place.url else "SQLite 3.")
        assert found.communities == (community,)
        assert found.facts[ZONES] == "2026a"
        assert found.size > 10_000
        key = await look_at_key(place.url, place.data_dir, place.key_file)
        assert key.fits
        await enroll(storage)  # it goes on as before

    async def test_afterwards_nobody_is_at_it_and_nothing_was_changed(self, sqlite_place: Place) -> None:
        storage = await sqlite_place.open()
        await storage.close()
        before = sqlite_place.raw_bytes()
        found = await look_at(None, sqlite_place.data_dir)
        assert found is not None
        assert not found.in_use
        assert sqlite_place.raw_bytes() == before
        storage = await sqlite_place.open()  # the look holds no lock
        await storage.close()

    async def test_one_that_nobody_works_on_any_more_beside_one_in_use(self, new_place: NewPlace) -> None:
        left, busy = new_place(), new_place()
        await (await left.open()).close()
        storage = await busy.open()
        for _ in range(500):  # a server notices a moment later
            if not await in_use(left):
                break
            await asyncio.sleep(0.01)
        assert not await in_use(left)
        assert await in_use(busy)
        await storage.close()

    async def test_where_there_is_none_yet_none_is_made(self, sqlite_place: Place) -> None:
        assert await look_at(None, sqlite_place.data_dir) is None
        assert not sqlite_place.data_dir.exists()

    async def test_before_any_table_is_there(self, server_place: Place) -> None:
        found = await look_at(server_place.url, server_place.data_dir)
        assert found is not None
        assert (found.facts, found.communities) == ({}, ())

    async def test_a_file_that_is_no_database_is_one_sentence(self, sqlite_place: Place) -> None:
        sqlite_place.data_dir.mkdir(parents=True)
        for name in ("spoonful.db", "vault.db"):
            (sqlite_place.data_dir / name).write_bytes(b"this is no database, " * 500)
        with pytest.raises(StartupError, match="cannot be read") as caught:
            await look_at(None, sqlite_place.data_dir)
        assert caught.value.code is ExitCode.DATABASE
        with pytest.raises(StartupError, match=r"vault cannot be read|is damaged"):
            await look_at_key(None, sqlite_place.data_dir, sqlite_place.key_file)
