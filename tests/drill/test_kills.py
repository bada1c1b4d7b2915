"""Death at any moment, again and again, over queues that stay full: nothing is lost and nothing comes twice."""

import asyncio
import random
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Self

import pytest

from tests.drill.crowd import Asked, fill, outcome, unsettled
from tests.drill.fleet import Dispatcher, number, report, settle
from tests.loopback.server import FakeDiscord
from tests.storage.places import Place

pytestmark = pytest.mark.drill

KILLS = number("KILLS", 1000)
QUEUES = 4
LEASE, RATE = 9.0, 50
"""What one dispatcher has claimed must fit into the part of the lease that is for waiting, as it does in real life."""

LONGEST_LIFE = 1.6
"""Seconds. A dispatcher sends its first prompt about half a second after its fork."""

PROMPTS_A_KILL = 20


async def lives(dispatcher: Dispatcher, count: int, chance: random.Random) -> None:
    for _ in range(count):
        await dispatcher.start()
        await asyncio.sleep(chance.uniform(0, LONGEST_LIFE))
        await dispatcher.kill()


@dataclass
class Queue:
    """A queue of its own, with its dispatcher."""

    place: Place
    asked: list[Asked]
    log: Path
    left: int = 0

    @classmethod
    async def filled(cls, number: int, folder: Path, discord: FakeDiscord) -> Self:
        place, count = Place(folder / str(number), None), KILLS // QUEUES * PROMPTS_A_KILL
        asked = await fill(place, count, channel=discord.open_dm, first=1_000_000 * (number + 1))
        return cls(place, asked, folder / f"{number}.log")

    async def suffer(self, discord: FakeDiscord) -> None:
        """So many short lives, and then a long one. `left` is how much there was to do after the last kill."""
        chance = random.Random(self.log.name)  # noqa: S311 - the same every time
        arguments = ("--lease", str(LEASE), "--rate", str(RATE))
        async with Dispatcher.on(self.place, discord, self.log, *arguments) as dispatcher:
            await lives(dispatcher, KILLS // QUEUES, chance)
            self.left = await unsettled(self.place)
            await dispatcher.start()
            await settle(self.place, 900)
            assert await dispatcher.stop() == 0


async def test_fault_04_a_thousand_random_kills_lose_nothing_and_double_nothing(
    tmp_path: Path, discord: FakeDiscord
) -> None:
    discord.nonce_window = 0  # it is the search in the channel that must hold
    queues = [await Queue.filled(each, tmp_path, discord) for each in range(QUEUES)]
    started = time.monotonic()
    await asyncio.gather(*(each.suffer(discord) for each in queues))
    found = [await outcome(each.place, each.asked, discord.messages) for each in queues]
    report(
        "kills",
        kills=KILLS // QUEUES * QUEUES,
        prompts=sum(len(each.asked) for each in queues),
        seconds=round(time.monotonic() - started),
        left_after_the_last=[each.left for each in queues],
        retried=sum(each.retried for each in found),
        missed=sum(each.missed for each in found),
        lost=sum(len(each.lost) for each in found),
        doubled=sum(len(each.doubled) for each in found),
    )
    assert [each.bad for each in found] == [[]] * QUEUES
    assert all(each.left for each in queues)
