"""What a tick costs: finding that nothing is due, and claiming a thousand prompts, among few plans and very many.

The peer keeps a job for each member in APScheduler's SQLAlchemy store; handing a job over and storing its next time is
what we call claiming.
"""

import asyncio
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

import uvloop

from bench.fill import Crowd, fill, mark_all_sent
from bench.peers.jobs import Peer
from bench.table import Row, at_least, at_most, ms
from bot.services.delivery import BATCH, LEASE, STALE_AFTER
from bot.storage import Storage

SIZES = (1_000, 100_000, 1_000_000)
DUE = 1_000
ROUNDS = 5
IDLE_ROUNDS = 100
DUE_AT = datetime(2026, 6, 2, 9, tzinfo=UTC)


@dataclass(frozen=True)
class Cost:
    """Seconds per tick: the median of several."""

    idle: float
    due: float


def rows() -> Iterator[Row]:
    ours: dict[int, Cost] = {}
    for size in SIZES:
        ours[size], peer = ours_among(size), peer_among(size)
        yield Row(f"tick, nothing due, {size:,} plans", ms(ours[size].idle), ms(peer.idle))
        ratio = at_least(peer.due / ours[size].due, 100)
        yield Row(f"tick, {DUE:,} due of {size:,}: claimed a second", _rate(ours[size]), _rate(peer), *ratio)
    few, many = ours[SIZES[0]], ours[SIZES[-1]]
    for what, cost, base in (("nothing due", many.idle, few.idle), (f"{DUE:,} due", many.due, few.due)):
        growth = at_most(cost / base, 1.5)
        yield Row(f"tick, {what}: {SIZES[-1]:,} plans beside {SIZES[0]:,}", ms(cost), f"ours: {ms(base)}", *growth)


def _rate(cost: Cost) -> str:
    return f"{DUE / cost.due:,.0f}/s"


def ours_among(size: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder, asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        file = fill(Path(folder), Crowd(size, DUE_AT, DUE))
        return runner.run(_ours(Path(folder), file))


async def _ours(folder: Path, file: Path) -> Cost:
    storage = await Storage.open(None, folder, folder / "master.key")
    try:
        idle: list[float] = []
        for _ in range(IDLE_ROUNDS):
            begin = time.perf_counter()
            await _claim_all(storage, DUE_AT - timedelta(minutes=1))
            idle.append(time.perf_counter() - begin)
        due: list[float] = []
        for day in range(ROUNDS):
            begin = time.perf_counter()
            claimed = await _claim_all(storage, DUE_AT + timedelta(days=day))
            due.append(time.perf_counter() - begin)
            if claimed != DUE:
                raise RuntimeError(f"{claimed} prompts were claimed, not {DUE}")
            mark_all_sent(file)
        return Cost(median(idle), median(due))
    finally:
        await storage.close()


async def _claim_all(storage: Storage, now: datetime) -> int:
    """The dispatcher's loop without the sending."""
    claimed = 0
    while batch := await storage.prompts.claim_due(now, now + LEASE, now - STALE_AFTER, BATCH):
        claimed += len(batch)
    return claimed


def peer_among(size: int) -> Cost:
    with tempfile.TemporaryDirectory() as folder:
        return asyncio.run(_peer(Path(folder), size))


async def _peer(folder: Path, size: int) -> Cost:
    peer = Peer(folder / "jobs.db", size, DUE)
    peer.scheduler.resume()
    try:
        idle = [_timed(peer.tick) for _ in range(IDLE_ROUNDS)]
        due: list[float] = []
        for _ in range(ROUNDS):
            peer.make_due()
            due.append(_timed(peer.tick))
            await asyncio.sleep(0.1)  # its jobs run here, and are no part of the tick
        return Cost(median(idle), median(due))
    finally:
        await peer.close()


def _timed(work: Callable[[], object]) -> float:
    begin = time.perf_counter()
    work()
    return time.perf_counter() - begin
