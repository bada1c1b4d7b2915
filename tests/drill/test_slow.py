"""Ten minutes of a database that takes two seconds for everything and a Discord that takes five; then a good day."""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.drill.crowd import fill, outcome, unsettled
from tests.drill.fleet import Dispatcher, number, report, settle
from tests.loopback.faults import Slow, every_time, good_day
from tests.loopback.server import FakeDiscord
from tests.storage.places import Place

pytestmark = pytest.mark.drill

SECONDS = number("SLOW_SECONDS", 600)
PROMPTS = 2000


def memory(process: int) -> int:
    """Resident, in MB."""
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) // 256


async def watched(process: int, seconds: float) -> Sequence[int]:
    """Its memory, ten times in so many seconds."""
    found: list[int] = []
    for _ in range(10):
        await asyncio.sleep(seconds / 10)
        found.append(memory(process))
    return found


async def test_fault_62_slow_database_and_slow_discord_cost_time_and_nothing_else(
    sqlite_place: Place, discord: FakeDiscord, tmp_path: Path
) -> None:
    slow = tmp_path / "slow"
    asked = await fill(sqlite_place, PROMPTS, channel=discord.open_dm)
    arguments = ("--rate", "50", "--slow-database", str(slow))
    async with Dispatcher.on(sqlite_place, discord, tmp_path / "log", *arguments) as dispatcher:
        process = await dispatcher.start()
        async with asyncio.timeout(20):
            while discord.statuses[200] < 20:  # noqa: ASYNC110 - another process does it
                await asyncio.sleep(0.05)
        slow.write_text("2")
        discord.script = every_time("* /channels/**", Slow(5))
        used = await watched(process, SECONDS)
        sending = (await sqlite_place.sql("SELECT count(*) FROM prompt WHERE status = 'sending'"))[0][0]
        left, started = await unsettled(sqlite_place), time.monotonic()
        slow.unlink()
        discord.script = good_day
        await settle(sqlite_place, 600)
        recovered = time.monotonic() - started
        assert await dispatcher.stop() == 0
    found = await outcome(sqlite_place, asked, discord.messages)
    report("slow", seconds=SECONDS, MB=(used[0], max(used)), left=left, sending=sending, settled_in=round(recovered))
    assert found.bad == []
    assert left
    assert max(used) - used[0] < 20
