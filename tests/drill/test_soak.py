"""An hour of hard work: what the bot uses stays what it was."""

from pathlib import Path

import pytest

from bot.storage.engine import READERS
from tests.drill.fleet import number, report
from tests.drill.soaking import Figures, soak
from tests.loopback.server import FakeDiscord

pytestmark = pytest.mark.drill

SECONDS = number("SOAK_SECONDS", 3600)
RATE = 50
A_DAYS_PROMPTS = 20_000
MOST_A_DAY = 1024
"""kB that memory may grow by in a day's work. An hour tells; minutes cannot tell a slope from the warming-up."""

MOST_IN_MINUTES = 4096

POOLED = 2 * READERS
"""Connections of both databases that are opened when they are first needed together, which may be late."""

FILES_EACH = 3
"""The database, its log and its shared memory."""


async def test_fault_63_long_hard_work_takes_no_more_memory_files_or_tasks(
    discord: FakeDiscord, tmp_path: Path
) -> None:
    figures = Figures.read(await soak(discord, tmp_path, members=1000, rate=RATE, seconds=SECONDS), warm=0.3)
    slope = figures.slope("kB") * A_DAYS_PROMPTS
    report(
        "soak",
        seconds=SECONDS,
        sent=figures.lines[-1]["sent"],
        most_kB=figures.highest("kB"),
        kB_a_day=round(slope),
        objects_a_day=round(figures.slope("objects") * A_DAYS_PROMPTS),
        files=(figures.lines[0]["files"], figures.highest("files")),
        tasks=(figures.lines[0]["tasks"], figures.highest("tasks")),
        threads=(figures.lines[0]["threads"], figures.highest("threads")),
    )
    if SECONDS >= 3600:
        assert slope < MOST_A_DAY
    assert figures.grown("kB") < MOST_IN_MINUTES
    assert figures.highest("kB") < 150 * 1024
    for name, spare in (("files", POOLED * FILES_EACH), ("threads", POOLED), ("tasks", 60)):
        assert figures.grown(name) <= spare, name
