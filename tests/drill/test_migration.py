"""100,000 rows of the first release, each with a child: killed half-way, and then migrated to today's schema."""

import asyncio
import signal
import sys
import time
from pathlib import Path

import pytest

from bot.config import ROOT
from bot.storage import SchemaStatus, upgrade
from tests.drill.fleet import number, report
from tests.storage.places import Place
from tests.storage.test_migrations import NEWEST, REBUILD, counts, up_to, with_next

pytestmark = pytest.mark.drill

ROWS = number("ROWS", 100_000)
PLANS = 1000
UPGRADE = (
    "import asyncio, pathlib, sys\n"
    "from bot.storage import locate, upgrade\n"
    "asyncio.run(upgrade(locate(sys.argv[1], pathlib.Path()), pathlib.Path(sys.argv[2])))"
)


def numbers(count: int) -> str:
    return f"WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < {count - 1})"  # noqa: S608 - our own


def filling() -> list[str]:
    """Our own numbers, and nobody's words."""
    members = (
        f"INSERT INTO member (id, zone, consent_version, consented_at, dm_channel_id) {numbers(PLANS)}"  # noqa: S608
        " SELECT i, 'UTC', 1, 0, i + 1 FROM n"
    )
    plans = (
        f"INSERT INTO plan (id, member_id, at, days, created_at, stopped_at) {numbers(PLANS)}"  # noqa: S608
        " SELECT 'plan-' || i, i, 540, 127, 1, NULL FROM n"
    )
    prompts = (
        "INSERT INTO prompt (id, plan_id, member_id, local_date, due_at, status, scheduled, paused, attempts)"  # noqa: S608
        f" {numbers(ROWS)} SELECT 'prompt-' || i, 'plan-' || (i % {PLANS}), i % {PLANS}, 'day-' || i, i, 'answered',"
        " true, false, 1 FROM n"
    )
    entries = (
        f"INSERT INTO entry (id, member_id, prompt_id, local_date, recorded_at, kind, sealed) {numbers(ROWS)}"  # noqa: S608
        f" SELECT 'entry-' || i, i % {PLANS}, 'prompt-' || i, '2026-01-01', i, 'same', '' FROM n"
    )
    return [members, plans, prompts, entries]


async def killed_half_way(place: Place, folder: Path) -> None:
    """All migrations of this release have run, in a transaction that is still open."""
    scripts = with_next(folder, f"{REBUILD}\n    os.kill(os.getpid(), signal.SIGKILL)")
    url = place.url or f"sqlite:///{place.file}"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", UPGRADE, url, str(scripts), cwd=ROOT)
    assert await asyncio.wait_for(process.wait(), 300) == -signal.SIGKILL


async def test_fault_42_a_migration_of_100000_rows_killed_half_way_and_repeated_keeps_every_child(
    place: Place, tmp_path: Path
) -> None:
    await upgrade(place.location, up_to("0001", tmp_path / "first"))
    for statement in filling():
        await place.sql(statement)
    started = time.monotonic()
    await killed_half_way(place, tmp_path / "next")
    killed_after = time.monotonic() - started
    assert await place.sql("SELECT version_num FROM alembic_version") == [("0001",)]
    started = time.monotonic()
    assert await upgrade(place.location) == SchemaStatus("0001", NEWEST)
    report(
        "migration",
        engine="postgresql" if place.url else "sqlite",
        rows=2 * ROWS,
        killed_after=f"{killed_after:.1f} s",
        seconds=f"{time.monotonic() - started:.1f}",
    )
    kept = await counts(place)
    assert (kept["member"], kept["plan"], kept["prompt"], kept["entry"]) == (PLANS, PLANS, ROWS, ROWS)
    orphans = "SELECT count(*) FROM entry LEFT JOIN prompt ON prompt.id = prompt_id WHERE prompt.id IS NULL"
    assert await place.sql(orphans) == [(0,)]
    if place.url is None:
        assert await place.sql("PRAGMA foreign_key_check") == []
        assert await place.sql("PRAGMA integrity_check") == [("ok",)]
    await (await place.open()).close()
