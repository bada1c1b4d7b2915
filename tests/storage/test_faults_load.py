"""A slow database, a slow Discord, and long work: bounded while it lasts, and over when it is over."""

import asyncio
import gc
import os
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncEngine

from bot.domain.checkins import Delivery, Prompt
from bot.domain.plans import Plan
from bot.services.delivery import BATCH, LEASE, WORKERS, DeliveryService
from bot.services.pace import Pace
from bot.services.ports import Delivered, Outcome
from bot.storage import Storage
from bot.storage.engine import Database
from tests.chat.world import FixedClock
from tests.drill.crowd import fill
from tests.storage.examples import DAY, NOW
from tests.storage.places import Place

MOST_CLAIMED = BATCH + 2 * WORKERS
"""What the workers have, what waits for them, and the batch that is being handed on."""


@dataclass
class SlowMessenger:
    """Delivers when its gate is open. It finds what it delivered before, as Discord does."""

    gate: asyncio.Event = field(default_factory=asyncio.Event)
    in_flight: int = 0
    most: int = 0
    sent: list[str] = field(default_factory=list[str])

    async def look_for(self, delivery: Delivery) -> Outcome | None:
        return Delivered(1) if delivery.prompt.id in self.sent else None

    async def send_prompt(self, delivery: Delivery, plan: Plan) -> Outcome:
        del plan
        self.in_flight += 1
        self.most = max(self.most, self.in_flight)
        await self.gate.wait()
        self.in_flight -= 1
        self.sent.append(delivery.prompt.id)
        return Delivered(len(self.sent))


def dispatcher(storage: Storage, clock: FixedClock, messenger: SlowMessenger) -> DeliveryService:
    return DeliveryService(clock, messenger, Pace(100_000), storage.members, storage.plans, storage.prompts)


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(15):
        while not condition():  # noqa: ASYNC110 - nothing sets an Event here
            await asyncio.sleep(0.01)


async def count(place: Place, status: str) -> int:
    return (await place.sql(f"SELECT count(*) FROM prompt WHERE status = '{status}'"))[0][0]  # noqa: S608 - our own


async def test_fault_62_while_discord_does_not_answer_little_is_claimed_and_afterwards_all_is_sent_once(
    sqlite_place: Place,
) -> None:
    await fill(sqlite_place, 120, now=NOW)
    storage = await sqlite_place.open()
    clock, messenger = FixedClock(NOW), SlowMessenger()
    service, tasks = dispatcher(storage, clock, messenger), len(asyncio.all_tasks())
    running = asyncio.create_task(service.deliver_due())
    await until(lambda: messenger.in_flight == WORKERS)
    for _ in range(50):
        await asyncio.sleep(0)
    assert await count(sqlite_place, "sending") <= MOST_CLAIMED
    assert len(asyncio.all_tasks()) - tasks <= WORKERS + 2
    clock.moment += LEASE + timedelta(seconds=5)
    messenger.gate.set()
    await running
    clock.moment += LEASE + timedelta(seconds=5)
    await service.deliver_due()
    await storage.close()
    assert messenger.most == WORKERS
    assert len(messenger.sent) == len(set(messenger.sent)) == await count(sqlite_place, "sent") == 120


async def test_fault_62_a_slow_database_has_few_transactions_waiting_and_all_is_sent_once(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A fiftieth of a second for two."""
    await fill(sqlite_place, 60, now=NOW)
    transaction = Database._transaction  # pyright: ignore[reportPrivateUsage] - the one place where all go by
    most = running = 0

    async def slowly(engine: AsyncEngine, work: Callable[..., Awaitable[Any]]) -> Any:
        nonlocal most, running
        running += 1
        most = max(most, running)
        await asyncio.sleep(0.02)
        running -= 1
        return await transaction(engine, work)

    storage = await sqlite_place.open()
    monkeypatch.setattr(Database, "_transaction", staticmethod(slowly))
    clock, messenger = FixedClock(NOW), SlowMessenger()
    messenger.gate.set()
    assert await dispatcher(storage, clock, messenger).deliver_due() == 60
    await storage.close()
    assert len(messenger.sent) == len(set(messenger.sent)) == await count(sqlite_place, "sent") == 60
    assert most <= WORKERS + 1


OURS = {asyncio.Task, asyncio.Future, Delivery, Prompt, Plan}


@dataclass(frozen=True)
class Used:
    """What there is of everything; `ours` are the objects that each delivery makes."""

    objects: int
    ours: int
    files: int
    tasks: int

    @classmethod
    def now(cls) -> "Used":
        gc.collect()
        there = gc.get_objects()
        ours = sum(type(each) in OURS for each in there)
        return cls(len(there), ours, len(os.listdir("/proc/self/fd")), len(asyncio.all_tasks()))  # noqa: PTH208


@pytest.mark.skipif(not Path("/proc/self/fd").exists(), reason="the system does not list open files")
async def test_fault_63_after_hundreds_of_deliveries_there_is_no_more_of_anything(sqlite_place: Place) -> None:
    await fill(sqlite_place, 50, now=NOW)
    storage = await sqlite_place.open()
    clock, messenger = FixedClock(NOW), SlowMessenger()
    messenger.gate.set()
    service, figures = dispatcher(storage, clock, messenger), list[Used]()
    for day in range(8):
        clock.moment = NOW + day * DAY
        assert await service.deliver_due() == 50
        messenger.sent.clear()
        figures.append(Used.now())
    await storage.close()
    earlier, later = figures[1:4], figures[-3:]
    # Caches come and go; what leaks is more at its lowest than it was at its highest: of one object for each delivery
    # there would be 100 more. Whatever else this process does can make some objects, but none of ours.
    for name, slack in {"objects": 50, "ours": 10, "files": 10, "tasks": 10}.items():
        assert min(getattr(each, name) for each in later) <= max(getattr(each, name) for each in earlier) + slack, name
