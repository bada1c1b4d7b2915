"""Migrations: from empty, from an older and populated copy, refused, broken off."""

import asyncio
import shutil
import signal
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, inspect
from sqlalchemy.engine.interfaces import ReflectedIndex
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.members import Preferences
from bot.domain.plans import CheckIn, Plan, Timetable
from bot.domain.schedules import Schedule, Weekdays
from bot.errors import ExitCode, StartupError
from bot.storage import SchemaStatus, Storage, status, upgrade
from bot.storage.migrate import SCRIPTS
from bot.storage.tables import metadata
from tests.storage.conftest import NewPlace
from tests.storage.curation_examples import curate
from tests.storage.examples import DAY, HOUR, NINE, claim_one, entry, sent_prompt
from tests.storage.places import Place

NEWEST = str(ScriptDirectory(str(SCRIPTS)).get_current_head())
ROOT = Path(__file__).parents[2]
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MICROSECOND = timedelta(microseconds=1)
LATE = Schedule.daily(time(21, 30), Weekdays(frozenset({0, 4})))


def with_next(folder: Path, upgrade: str) -> Path:
    """The project's migrations and one more, with that body."""
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    (folder / "versions" / "9000_next.py").write_text(
        "import os, signal\n"
        "import sqlalchemy as sa\n"
        "from alembic import op\n"
        f"revision = '9000'\ndown_revision = '{NEWEST}'\n\n\n"
        f"def upgrade() -> None:\n    {upgrade}\n"
    )
    return folder


REBUILD = (
    "copying = 'always' if op.get_bind().dialect.name == 'sqlite' else 'never'\n"
    "    with op.batch_alter_table('member', recreate=copying) as batch:\n"
    "        batch.add_column(sa.Column('nickname', sa.Text()))"
)


async def fill(place: Place) -> None:
    storage = await place.open()
    for member_id in range(5):
        await storage.entries.record(entry(await sent_prompt(storage, member_id), note="marker"))
    await storage.close()


def up_to(last: str, folder: Path) -> Path:
    """The project's migrations as they were when that one was the newest."""
    shutil.copytree(SCRIPTS, folder, ignore=shutil.ignore_patterns("__pycache__"))
    for script in (folder / "versions").iterdir():
        if script.name.partition("_")[0] > last:
            script.unlink()
    return folder


FIRST_RELEASE = (
    "INSERT INTO bot_state (name, value) VALUES ('tree', 'hash')",
    "INSERT INTO member (id, zone, consent_version, consented_at, dm_channel_id) VALUES (1, 'UTC', 1, 0, 2)",
    (
        "INSERT INTO plan (id, member_id, at, days, created_at, stopped_at)"
        " VALUES ('p', 1, 540, 127, 1, NULL), ('o', 1, 1290, 17, 0, 1)"
    ),
    (
        "INSERT INTO prompt (id, plan_id, member_id, local_date, due_at, status, scheduled, paused, attempts)"
        " VALUES ('q', 'p', 1, '2026-06-01', 0, 'answered', true, false, 1),"
        " ('r', 'p', 1, '2026-06-02', 86400000000, 'due', true, false, 0),"
        " ('s', 'o', 1, '2026-05-31', 0, 'sent', true, false, 1),"
        " ('t', 'p', 1, '2026-06-01', 1, 'sent', false, true, 0)"
    ),
    (
        "INSERT INTO entry (id, member_id, prompt_id, local_date, recorded_at, kind, sealed)"
        " VALUES ('e', 1, 'q', '2026-06-01', 0, 'same', '')"
    ),
)


async def counts(place: Place) -> dict[str, int]:
    return {name: (await place.sql(f"SELECT count(*) FROM {name}"))[0][0] for name in metadata.tables}  # noqa: S608


async def test_an_empty_database_gets_the_newest_schema(place: Place) -> None:
    assert await upgrade(place.location) == SchemaStatus(None, NEWEST)
    assert await status(place.location) == SchemaStatus(NEWEST, NEWEST)
    assert await upgrade(place.location) == SchemaStatus(NEWEST, NEWEST)


async def test_looking_at_nothing_makes_nothing(sqlite_place: Place) -> None:
    assert await status(sqlite_place.location) == SchemaStatus(None, NEWEST)
    assert not sqlite_place.data_dir.exists()


async def inspected(place: Place, look: Any) -> Any:
    db = place.database()

    async def work(connection: AsyncConnection) -> Any:
        return await connection.run_sync(look)

    try:
        return await db.write(work)
    finally:
        await db.close()


def differences(connection: Connection) -> list[Any]:
    context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
    return list(compare_metadata(context, metadata))


def _index(index: ReflectedIndex) -> tuple[str, ...]:
    conditions = [f"{name}: {value}" for name, value in index.get("dialect_options", {}).items()]
    return (str(index["name"]), str(index["unique"]), *map(str, index["column_names"]), *conditions)


def details(connection: Connection) -> dict[str, Any]:
    """What Alembic does not compare: checks, conditions of indexes, and what happens on delete."""
    found = inspect(connection)
    return {
        name: (
            sorted(found.get_check_constraints(name), key=lambda check: str(check["name"])),
            sorted(_index(index) for index in found.get_indexes(name)),
            sorted(found.get_foreign_keys(name), key=lambda key: str(key["name"])),
            found.get_pk_constraint(name),
        )
        for name in metadata.tables
    }


async def test_the_migrated_schema_is_the_declared_one(new_place: NewPlace) -> None:
    migrated, declared = new_place(), new_place()
    await upgrade(migrated.location)
    await inspected(declared, metadata.create_all)
    assert await inspected(migrated, differences) == []
    assert await inspected(migrated, details) == await inspected(declared, details)


async def test_everything_is_named(place: Place) -> None:
    """A constraint without a name cannot be changed by a later migration."""
    await upgrade(place.location)
    found = await inspected(place, details)
    for checks, _, keys, primary in found.values():
        assert all(each["name"] for each in (*checks, *keys, primary))


async def test_fault_42_a_populated_database_keeps_every_row_and_leaves_a_copy(place: Place, tmp_path: Path) -> None:
    await fill(place)
    before = await counts(place)
    assert await upgrade(place.location, with_next(tmp_path / "scripts", REBUILD)) == SchemaStatus(NEWEST, "9000")
    assert await counts(place) == before
    assert await place.sql("SELECT nickname FROM member") == [(None,)] * 5
    if place.url is None:
        await the_copy_is_the_old_database(place, before)


async def the_copy_is_the_old_database(place: Place, before: dict[str, int]) -> None:
    copy = place.file.with_name("spoonful.db.before-9000")
    assert copy.stat().st_mode & 0o777 == 0o600
    copy.replace(place.file)
    assert await counts(place) == before
    assert await status(place.location) == SchemaStatus(NEWEST, NEWEST)
    storage = await place.open()
    assert await storage.entries.latest(3, "pain")
    await storage.close()


async def test_fault_42_a_database_of_the_first_release_keeps_every_row(place: Place, tmp_path: Path) -> None:
    await upgrade(place.location, up_to("0001", tmp_path / "scripts"))
    for statement in FIRST_RELEASE:
        await place.sql(statement)
    assert await upgrade(place.location) == SchemaStatus("0001", NEWEST)
    assert {name: count for name, count in (await counts(place)).items() if count} == {
        "bot_state": 1,
        "member": 1,
        "plan": 2,
        "prompt": 4,
        "entry": 1,
    }
    assert await inspected(place, differences) == []
    storage = await place.open()
    await the_first_release_goes_on(storage)
    await storage.close()


async def the_first_release_goes_on(storage: Storage) -> None:
    stopped, running = await storage.plans.of_member(1)
    assert stopped == Plan("o", 1, CheckIn(), Timetable(LATE), EPOCH, EPOCH + MICROSECOND)
    assert running == Plan("p", 1, CheckIn(), Timetable(NINE), EPOCH + MICROSECOND)
    kept = [await storage.prompts.get(name) for name in "qrst"]
    found = [(each.status, each.kind, each.slot, each.expires_at) for each in kept if each]
    assert found == [
        ("answered", "scheduled", 0, EPOCH + 12 * HOUR),
        ("due", "scheduled", 0, EPOCH + DAY + 12 * HOUR),
        ("sent", "scheduled", 0, EPOCH + 12 * HOUR),
        ("sent", "own", 0, None),
    ]
    assert await storage.entries.days(1, 2) == [date(2026, 6, 1)]
    assert await storage.members.preferences(1) == Preferences()
    assert (await claim_one(storage, EPOCH + DAY)).id == "r"
    assert await storage.prompts.expire(EPOCH + DAY) == 1


async def test_what_was_counted_before_communities_goes_on_and_what_was_asked_for_is_gone(
    place: Place, tmp_path: Path
) -> None:
    """A database from before curation: every other row stays, and the members in it can curate."""
    await upgrade(place.location, up_to("0001", tmp_path / "first"))
    for statement in FIRST_RELEASE:
        await place.sql(statement)
    await upgrade(place.location, up_to("0005", tmp_path / "before"))
    await place.sql("INSERT INTO tally VALUES ('looked up', 'yoga', 3), ('looked up', 'tea', 1)")
    await place.sql("INSERT INTO tally VALUES ('requested', 'yoga', 5), ('requested', 'moon dust', 2)")
    assert await upgrade(place.location) == SchemaStatus("0005", NEWEST)
    assert await place.sql("SELECT card_id, count FROM lookup ORDER BY 1") == [("tea", 1), ("yoga", 3)]
    assert await inspected(place, differences) == []
    storage = await place.open()
    await storage.tallies.looked_up({"yoga": 1})
    assert await storage.tallies.lookups() == {"yoga": 4, "tea": 1}
    await curate(storage, 1)
    await the_first_release_goes_on(storage)
    assert await storage.members.erase(1)
    await storage.close()
    assert (await counts(place))["revision"] == 2


@pytest.mark.parametrize(
    "harm",
    [
        "op.execute('DELETE FROM entry WHERE member_id = 3')",
        "op.execute('CREATE TABLE half (x INTEGER)'); op.execute('CREATE TABLE half (x INTEGER)')",
    ],
    ids=["loses rows", "fails half-way"],
)
async def test_fault_42_a_migration_that_does_harm_changes_nothing(place: Place, tmp_path: Path, harm: str) -> None:
    await fill(place)
    before = await counts(place)
    with pytest.raises(Exception, match=r"lost rows|already exists"):
        await upgrade(place.location, with_next(tmp_path / "scripts", harm))
    assert await counts(place) == before
    assert await status(place.location) == SchemaStatus(NEWEST, NEWEST)
    await (await place.open()).close()


async def test_fault_42_a_migration_that_breaks_references_is_taken_back(sqlite_place: Place, tmp_path: Path) -> None:
    await fill(sqlite_place)
    harm = "op.execute('UPDATE entry SET member_id = 99 WHERE member_id = 3')"
    with pytest.raises(StartupError, match="broken references"):
        await upgrade(sqlite_place.location, with_next(tmp_path / "scripts", harm))
    assert await status(sqlite_place.location) == SchemaStatus(NEWEST, NEWEST)


async def test_fault_42_after_a_kill_in_the_middle_the_old_version_still_starts(place: Place, tmp_path: Path) -> None:
    await fill(place)
    before = await counts(place)
    scripts = with_next(tmp_path / "scripts", f"{REBUILD}\n    os.kill(os.getpid(), signal.SIGKILL)")
    program = (
        "import asyncio, pathlib, sys\n"
        "from bot.storage import locate, upgrade\n"
        "asyncio.run(upgrade(locate(sys.argv[1], pathlib.Path()), pathlib.Path(sys.argv[2])))"
    )
    url = place.url or f"sqlite:///{place.file}"
    process = await asyncio.create_subprocess_exec(sys.executable, "-c", program, url, str(scripts), cwd=ROOT)
    assert await process.wait() == -signal.SIGKILL
    storage = await place.open()
    assert await storage.entries.latest(3, "pain")
    await storage.close()
    assert await counts(place) == before


async def test_fault_43_a_newer_database_is_refused_without_a_write(place: Place) -> None:
    await fill(place)
    await place.sql("UPDATE alembic_version SET version_num = '9999'")
    before = (place.url is None) and place.file.read_bytes()
    for attempt in (place.open(), upgrade(place.location), status(place.location)):
        with pytest.raises(StartupError, match=r"newer Spoonful \(revision 9999\)") as caught:
            await attempt
        assert caught.value.code is ExitCode.DATABASE
    assert (place.url is None and place.file.read_bytes()) == before
    assert await place.sql("SELECT version_num FROM alembic_version") == [("9999",)]


async def test_fault_43_the_log_of_a_newer_bot_that_was_killed_is_left_to_it(sqlite_place: Place) -> None:
    await fill(sqlite_place)
    files = [sqlite_place.file.with_name(f"spoonful.db{suffix}") for suffix in ("", "-wal")]
    with closing(sqlite3.connect(sqlite_place.file, isolation_level=None)) as newer:
        newer.execute("UPDATE alembic_version SET version_num = '9999'")
        left = [path.read_bytes() for path in files]
    for path, content in zip(files, left, strict=True):
        path.write_bytes(content)
    with pytest.raises(StartupError, match="newer Spoonful"):
        await upgrade(sqlite_place.location)
    assert [path.read_bytes() for path in files] == left


@pytest.mark.parametrize("damage", [b"This is a text file.\n" * 500, None], ids=["not a database", "a damaged page"])
async def test_fault_39_a_damaged_file_is_refused_and_points_at_the_backup(
    sqlite_place: Place, damage: bytes | None
) -> None:
    await fill(sqlite_place)
    content = sqlite_place.file.read_bytes()
    page = 4096
    sqlite_place.file.write_bytes(damage or content[: 2 * page] + b"\xff" * page * 4 + content[6 * page :])
    with pytest.raises(StartupError, match="spoonful backup restore") as caught:
        await sqlite_place.open()
    assert caught.value.code is ExitCode.DATABASE


async def test_who_only_looks_at_a_first_start_cut_short_hears_of_the_next_start_and_not_of_damage(
    sqlite_place: Place,
) -> None:
    cut_short_at_first(sqlite_place.file)
    with pytest.raises(StartupError, match="nothing is lost"):
        await status(sqlite_place.location)
    await (await sqlite_place.open()).close()
    assert (await status(sqlite_place.location)).current == NEWEST


def cut_short_at_first(file: Path) -> None:
    """What stays of a first transaction of which more was written than fits into memory."""
    file.parent.mkdir(parents=True)
    begun = file.with_name("begun.db")
    with closing(sqlite3.connect(begun, isolation_level=None)) as connection:
        for statement in ("PRAGMA cache_size=1", "BEGIN", "CREATE TABLE filler (text)"):
            connection.execute(statement)
        connection.executemany("INSERT INTO filler VALUES (?)", [("x" * 2000,)] * 200)
        shutil.copy(begun, file)
        shutil.copy(f"{begun}-journal", f"{file}-journal")


async def test_processes_that_start_on_one_server_at_once_migrate_once(server_place: Place) -> None:
    found = await asyncio.gather(*(upgrade(server_place.location) for _ in range(4)))
    assert sorted(each.current or "" for each in found) == ["", NEWEST, NEWEST, NEWEST]


def test_each_script_is_named_for_its_revision_and_follows_the_one_before() -> None:
    scripts = list(ScriptDirectory(str(SCRIPTS)).walk_revisions("base", "heads"))[::-1]
    assert [Path(script.path).name.partition("_")[0] for script in scripts] == [script.revision for script in scripts]
    assert [script.revision for script in scripts] == sorted(script.revision for script in scripts)
