"""Dispatchers killed at random over a queue: the short form of the drills, as real processes on real HTTP."""

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.drill.crowd import fill, outcome, unsettled
from tests.drill.fleet import Dispatcher, settle
from tests.loopback.calls import most_within
from tests.loopback.process import TOKEN
from tests.loopback.server import FakeDiscord
from tests.storage.places import Place

LEASE = "4"
RATE = 150


@pytest.fixture
async def discord() -> AsyncIterator[FakeDiscord]:
    async with FakeDiscord.running(TOKEN) as server:
        server.nonce_window = 0  # it is the search in the channel that must hold
        yield server
        assert server.forgive() == []


async def sends(discord: FakeDiscord, count: int) -> None:
    """Wait until Discord has that many messages, so that a kill meets work in full swing."""
    async with asyncio.timeout(60):
        while discord.statuses[200] < count:  # noqa: ASYNC110 - another process does it
            await asyncio.sleep(0.01)


async def test_fault_04_a_few_random_kills_lose_nothing_and_double_nothing(
    sqlite_place: Place, discord: FakeDiscord, tmp_path: Path
) -> None:
    asked = await fill(sqlite_place, 70, channel=discord.open_dm)
    chance = random.Random(4)  # noqa: S311 - the same every time
    arguments = ("--lease", LEASE, "--rate", str(RATE))
    async with Dispatcher.on(sqlite_place, discord, tmp_path / "log", *arguments) as dispatcher:
        for _ in range(4):
            await dispatcher.start()
            await sends(discord, discord.statuses[200] + chance.randrange(12))
            await dispatcher.kill()
        assert await unsettled(sqlite_place)
        await dispatcher.start()
        await settle(sqlite_place, 90)
        assert await dispatcher.stop() == 0
    found = await outcome(sqlite_place, asked, discord.messages)
    assert found.bad == []
    assert found.retried


async def test_fault_22_two_dispatchers_and_two_kills_on_one_server_share_without_overlap(
    server_place: Place, discord: FakeDiscord, tmp_path: Path
) -> None:
    asked = await fill(server_place, 200, channel=discord.open_dm)
    arguments = ("--lease", LEASE, "--rate", str(RATE))
    async with AsyncExitStack() as stack:
        both = [
            await stack.enter_async_context(Dispatcher.on(server_place, discord, tmp_path / f"{each}.log", *arguments))
            for each in range(2)
        ]
        for each in both:
            await each.start()
        for count, victim in ((40, both[0]), (100, both[1])):
            await sends(discord, count)
            await victim.kill()
            await victim.start()
        await settle(server_place, 90)
        assert [await each.stop() for each in both] == [0, 0]
    found = await outcome(server_place, asked, discord.messages)
    assert found.bad == []
    assert most_within(2, [each for each in discord.requests if each.matches("* /channels/**")]) <= RATE * 2 * 1.1
