"""Back after three days, with 10,000 overdue, against the server."""

import time
from datetime import timedelta
from pathlib import Path

import pytest

from bot.services.delivery import WORKERS
from bot.services.pace import SLACK
from tests.drill.crowd import fill
from tests.drill.fleet import Dispatcher, number, report, settle
from tests.loopback.calls import most_within
from tests.loopback.server import FakeDiscord
from tests.storage.places import Place

pytestmark = pytest.mark.drill

OVERDUE = number("OVERDUE", 10_000)
CATCHABLE = OVERDUE // 10
RATE = 25
AWAY = timedelta(days=3)


async def test_fault_47_ten_thousand_overdue_are_caught_up_with_once_and_at_the_usual_pace(
    sqlite_place: Place, discord: FakeDiscord, tmp_path: Path
) -> None:
    def overdue(n: int) -> timedelta:
        return AWAY + timedelta(hours=1 if n % 10 == 0 else 3)

    asked = await fill(sqlite_place, OVERDUE, overdue=overdue, channel=discord.open_dm)
    started = time.monotonic()
    async with Dispatcher.on(sqlite_place, discord, tmp_path / "log") as dispatcher:
        await dispatcher.start()
        await settle(sqlite_place, 600)
        assert await dispatcher.stop() == 0
    seconds = time.monotonic() - started
    got = [len(discord.messages(each.channel)) for each in asked]
    missed = (await sqlite_place.sql("SELECT count(*) FROM prompt WHERE status = 'missed'"))[0][0]
    calls = discord.calls("POST /channels/*/messages")
    busiest = most_within(1, calls)
    report("overdue", plans=OVERDUE, sent=sum(got), missed=missed, seconds=round(seconds), busiest_second=busiest)
    assert max(got) == 1
    assert sum(got) == CATCHABLE
    assert missed == 3 * CATCHABLE + 4 * (OVERDUE - CATCHABLE)
    # Turns are given at 25 a second, a few later ones made up for, and each worker may hold one for a moment.
    assert busiest <= RATE + SLACK + WORKERS
    assert most_within(10, calls) <= 10 * RATE + SLACK + WORKERS
