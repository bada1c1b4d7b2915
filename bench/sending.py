"""10,000 prompts fall due at once and go out at 45 a second, beside a limit of 50, while people ask for cards.

They would take four minutes; we look at the first half minute. What people wait for then is held against what they
waited for just before, with the same questions at the same pace.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median

from bench.answers import treatments
from bench.bots import PROBED, run, stage
from bench.fill import Crowd, fill
from bench.probed import longest
from bench.table import Row, at_most, ms, p99
from tests.loopback.limits import Limits

DUE = 10_000
CHANNELS = 2_000
RATE, LIMIT = 45, 50
ASKED_A_SECOND = 20.0
SECONDS = 30.0
LEAD = timedelta(seconds=45)
"""For starting, and for the quiet half minute."""


@dataclass(frozen=True)
class Busy:
    """Seconds each command took, before and while prompts went out; the sends a second; and the longest stalls."""

    quiet: list[float]
    busy: list[float]
    sent: float
    refused: int
    quiet_stall: float
    stall: float


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        found = run(_measure(Path(folder)))
    share = found.sent / RATE
    told = f"{found.sent:.2f}/s", f"set: {RATE}/s", f"{share:.3f}", "≥ 0.98"
    yield Row(f"prompts sent a second beside a limit of {LIMIT}/s", *told, share >= 0.98)
    yield Row("... refused by the limit (429)", str(found.refused), "", "", "0", found.refused == 0)
    late = p99(found.busy), p99(found.quiet)
    what = f"/treatment p99 while {DUE:,} prompts go out"
    yield Row(what, ms(late[0]), f"idle: {ms(late[1])}", *at_most(late[0] / late[1], 3))
    middle = median(found.busy), median(found.quiet)
    yield Row("... median", ms(middle[0]), f"idle: {ms(middle[1])}", f"{middle[0] / middle[1]:.3g}")
    stalls = ms(found.stall), f"idle: {ms(found.quiet_stall)}", f"{found.stall / found.quiet_stall:.3g}"
    yield Row("... longest stall of the event loop", *stalls, "≤ 20 ms", found.stall <= 0.020)


async def _measure(folder: Path) -> Busy:
    gaps_file, names = folder / "gaps.json", treatments()
    async with stage(folder) as place:
        channels = [place.discord.open_dm(number) for number in range(1, CHANNELS + 1)]
        due_at = datetime.now(UTC) + LEAD
        await asyncio.to_thread(fill, place.data_dir, Crowd(DUE, due_at, DUE, channels))
        bot = await place.start((*PROBED, str(gaps_file)), send_rate=str(RATE))
        place.discord.limits = Limits(LIMIT)
        await place.ask_for(1, names, 4)
        spare = (due_at - datetime.now(UTC)).total_seconds() - SECONDS
        if spare < 1:
            raise RuntimeError("starting took too long")
        await asyncio.sleep(1)
        begin = time.monotonic()
        quiet = await place.ask_steadily(SECONDS - 2, names, ASKED_A_SECOND)
        due = time.monotonic() + (due_at - datetime.now(UTC)).total_seconds()
        await asyncio.sleep(due - time.monotonic() + 1.5)
        busy = await place.ask_steadily(SECONDS, names, ASKED_A_SECOND)
        end = time.monotonic()
        await bot.stop()
        sends = [call.at for call in place.discord.calls("POST /channels/*/messages") if due + 1.5 <= call.at <= end]
        refused = place.discord.limits.refused
    gaps = [(at, gap) for at, gap in json.loads(gaps_file.read_text("utf-8"))]
    stalls = longest(gaps, begin, due - 0.5), longest(gaps, due, end)
    sent = (len(sends) - 1) / (sends[-1] - sends[0])
    return Busy(quiet, busy, sent, refused, *stalls)
