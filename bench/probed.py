"""The real bot with a probe on its event loop: how long was nothing else let through? Run as a script."""

import argparse
import asyncio
import contextlib
import itertools
import json
import time
from collections.abc import AsyncGenerator
from pathlib import Path
from unittest.mock import patch

import uvloop

from bot import app
from bot.chat.messenger import DiscordMessenger
from bot.config import load_settings
from bot.logs import configure
from bot.services.pace import Pace
from bot.services.ports import Delivered

TICK = 0.001
NOISE = 0.002
"""Seconds. Shorter gaps are the timers' own coarseness."""

Gaps = list[tuple[float, float]]


@contextlib.asynccontextmanager
async def probe() -> AsyncGenerator[Gaps]:
    """Notes when (on the machine's monotonic clock) the loop was late for a tick of a millisecond, and how late."""
    gaps: Gaps = []

    async def tick() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(TICK)
            now = time.monotonic()
            if now - last - TICK > NOISE:
                gaps.append((now, now - last - TICK))
            last = now

    ticking = asyncio.create_task(tick())
    try:
        yield gaps
    finally:
        ticking.cancel()


def longest(gaps: Gaps, begin: float = 0, end: float = float("inf")) -> float:
    """Seconds: the longest gap that ended between two moments."""
    return max((gap for at, gap in gaps if begin <= at <= end), default=0.0)


async def run(gaps: Gaps) -> None:
    async with probe() as noted:
        try:
            await app.run(load_settings())
        finally:
            gaps += noted


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("gaps", type=Path, help="file for what the probe noted, written at the end")
    parser.add_argument("--to-nobody", action="store_true", help="take every message for sent at once")
    chosen = parser.parse_args()
    settings = load_settings()
    configure(settings.log_level, settings.log_format)
    if chosen.to_nobody:
        numbers = itertools.count(1)

        async def deliver_at_once(*_args: object, **_kwargs: object) -> Delivered:
            return Delivered(next(numbers))

        async def at_once(_pace: Pace) -> None:
            pass

        patch.object(DiscordMessenger, "send_prompt", new=deliver_at_once).start()
        patch.object(Pace, "wait", new=at_once).start()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        gaps: Gaps = []
        try:
            runner.run(run(gaps))
        finally:
            chosen.gaps.write_text(json.dumps(gaps), "utf-8")


if __name__ == "__main__":
    main()
