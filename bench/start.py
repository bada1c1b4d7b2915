"""From the command to being ready with a million plans and with none; and how much memory the bot takes."""

import asyncio
import sqlite3
import tempfile
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from statistics import median

from bench.bots import BARE_DISCORD_PY, SPOONFUL, run, stage
from bench.fill import Crowd, fill
from bench.table import Row, ms
from bot.storage.state import ZONES

PLANS = 1_000_000
REMEMBERED = 100_000
ROUNDS = 3
SETTLE = 3.0
"""Seconds after which memory is looked at."""


def rows() -> Iterator[Row]:
    soon = datetime.now(UTC) + timedelta(hours=1)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for place, members in (("full", PLANS), ("empty", 0), ("some", REMEMBERED)):
            _as_after_a_first_start(fill(folder / place / "data", Crowd(members, soon)))
        full: list[float] = []
        empty: list[float] = []
        for _ in range(ROUNDS):
            full.append(run(_seconds_to_ready(folder / "full")))
            empty.append(run(_seconds_to_ready(folder / "empty")))
        more = median(full) - median(empty)
        ratio = f"{median(full) / median(empty):.3g}"
        told = ms(median(full)), f"empty: {ms(median(empty))}", ratio
        yield Row(f"start to ready, {PLANS:,} plans", *told, "≤ 2 s more", more <= 2)
        ours, peer = run(_resident(folder / "some", SPOONFUL)), run(_resident(folder / "bare", (*BARE_DISCORD_PY, "9")))
        figures = f"{ours:.0f} MB", f"{peer:.0f} MB", f"{ours / peer:.3g}"
        what = f"memory (RSS), {REMEMBERED:,} members, beside bare discord.py"
        yield Row(what, *figures, "≤ 60 MB more", ours - peer <= 60)


def _as_after_a_first_start(file: Path) -> None:
    """The zones are those of the last start, as they are on nearly every start."""
    with closing(sqlite3.connect(file)) as connection, connection:
        connection.execute("INSERT INTO bot_state (name, value) VALUES (?, ?)", (ZONES, version("tzdata")))


async def _seconds_to_ready(folder: Path) -> float:
    async with stage(folder) as place:
        begin = time.perf_counter()
        bot = await place.start()
        took = time.perf_counter() - begin
        await bot.stop()
    return took


async def _resident(folder: Path, command: tuple[str, ...]) -> float:
    async with stage(folder) as place:
        bot = await place.start(command)
        await asyncio.sleep(SETTLE)
        return bot.resident_mb
