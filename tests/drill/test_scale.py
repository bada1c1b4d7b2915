"""Several dispatchers on one PostgreSQL, one of them killed every second."""

import asyncio
import itertools
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from tests.drill.crowd import fill, outcome
from tests.drill.fleet import Dispatcher, number, report, settle
from tests.loopback.calls import most_within
from tests.loopback.server import FakeDiscord
from tests.storage.places import Place

pytestmark = pytest.mark.drill

PROMPTS = number("PROMPTS", 20_000)
RATE = number("RATE", 200)
"""Four times what an operator may set, and so is everything else: the lease is a quarter."""

LEASE = 15.0
DISPATCHERS = 4


async def kill_in_turn(dispatchers: Sequence[Dispatcher], deaths: list[float]) -> None:
    """One a second, whatever the machine is busy with."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    for second, victim in enumerate(itertools.cycle(dispatchers), start=1):
        await asyncio.sleep(started + second - loop.time())
        await victim.kill()
        await victim.start()
        deaths.append(loop.time())


async def test_fault_22_four_dispatchers_of_which_one_dies_every_second_share_20000_prompts(
    server_place: Place, discord: FakeDiscord, tmp_path: Path
) -> None:
    discord.nonce_window = 0
    asked = await fill(server_place, PROMPTS, channel=discord.open_dm)
    started, deaths = time.monotonic(), list[float]()
    arguments = ("--lease", str(LEASE), "--rate", str(RATE))
    async with AsyncExitStack() as stack, asyncio.timeout(1500):
        dispatchers = [
            await stack.enter_async_context(Dispatcher.on(server_place, discord, tmp_path / f"{each}.log", *arguments))
            for each in range(DISPATCHERS)
        ]
        for each in dispatchers:
            await each.start()
        killing = asyncio.create_task(kill_in_turn(dispatchers, deaths))
        await settle(server_place, 1400)
        killing.cancel()
        seconds = time.monotonic() - started
    found = await outcome(server_place, asked, discord.messages)
    calls = [request for request in discord.requests if request.matches("* /channels/**")]
    figures = {"busiest_second": most_within(1, calls), "busiest_ten_seconds": most_within(10, calls)}
    report(
        "scale",
        prompts=PROMPTS,
        kills=len(deaths),
        seconds=round(seconds),
        rate=RATE,
        retried=found.retried,
        lost=len(found.lost),
        doubled=len(found.doubled),
        **figures,
    )
    assert found.bad == []
    assert len(deaths) >= seconds * 0.8
    assert figures["busiest_ten_seconds"] <= RATE * 10 * 1.02
