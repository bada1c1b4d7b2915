"""The longest time that nothing else is let through while 10,000 prompts fall due at once.

Ours is the whole bot, connected to a server, with one thing taken away: messages count as sent at once, and at no pace,
so that claims and marks come as thick as they can. The peer is a scheduler of its own loop that has nothing else to do.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bench.bots import PROBED, run, stage
from bench.fill import Crowd, count_sent, fill
from bench.peers.jobs import Peer
from bench.probed import longest, probe
from bench.table import Row, ms

DUE = 10_000
LEAD = timedelta(seconds=15)
"""Long enough to start in, so that starting is not part of what is measured."""

MOST_SECONDS = 60.0
QUIET = 4.0


@dataclass(frozen=True)
class Rush:
    """The longest stall, and how long it took until so many were through; times in seconds.

    `noise` is the longest stall in the seconds before, when there was nothing to do but keep the connection.
    """

    stall: float
    took: float
    through: int = DUE
    noise: float = 0.0

    @property
    def rate(self) -> float:
        return self.through / self.took


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        due_at = datetime.now(UTC) + LEAD
        file = fill(Path(folder) / "data", Crowd(DUE, due_at, DUE))
        ours = run(_ours(Path(folder), file, due_at))
    with tempfile.TemporaryDirectory() as folder:
        peer = asyncio.run(_peer(Path(folder)))
    beside = ms(ours.stall), ms(peer.stall), f"{peer.stall / ours.stall:.3g}"
    yield Row(f"longest stall, {DUE:,} due at once, sent to nobody", *beside, "≤ 20 ms", ours.stall <= 0.020)
    yield Row("... while nothing is due: the machine's own noise, and ours", ms(ours.noise))
    figures = f"{ours.rate:,.0f}/s", f"{peer.rate:,.0f}/s", f"{ours.rate / peer.rate:.3g}"
    yield Row(f"... claimed, marked as sent, planned anew ({ours.through:,} of them)", *figures)


async def _ours(folder: Path, file: Path, due_at: datetime) -> Rush:
    gaps_file = folder / "gaps.json"
    async with stage(folder) as place:
        bot = await place.start((*PROBED, str(gaps_file), "--to-nobody"))
        wait = (due_at - datetime.now(UTC)).total_seconds()
        if wait < 1:
            raise RuntimeError("starting took too long")
        begin = time.monotonic() + wait
        await asyncio.sleep(wait)
        while (through := count_sent(file)) < DUE and time.monotonic() - begin < MOST_SECONDS:  # noqa: ASYNC110
            await asyncio.sleep(0.1)  # another process counts there
        end = time.monotonic()
        await bot.stop()
    gaps = [(at, gap) for at, gap in json.loads(gaps_file.read_text("utf-8"))]
    return Rush(longest(gaps, begin, end), end - begin, through, longest(gaps, begin - QUIET, begin))


async def _peer(folder: Path) -> Rush:
    peer = Peer(folder / "jobs.db", DUE, DUE)
    peer.make_due()
    async with probe() as gaps:
        await asyncio.sleep(0.1)
        begin = time.monotonic()
        peer.scheduler.resume()  # calls its own tick
        await asyncio.sleep(0.5)
        took = time.monotonic() - begin - 0.5
    await peer.close()
    return Rush(longest(gaps), took)
