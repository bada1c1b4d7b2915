"""Moving from SQLite to PostgreSQL: everything arrives once and opens, whatever happens on the way."""

import asyncio
import shutil
import signal
import sys
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Column, Table, insert, select

from bot import cli
from bot.domain.journal import TreatmentMark
from bot.domain.members import Preferences, SafetyPlan
from bot.domain.trends import Mark
from bot.errors import ExitCode, StartupError
from bot.storage import Moved, Storage, locate, move_to_postgresql, shown, upgrade, vault
from bot.storage.move import MARKS, MOVED_IN, MOVED_OUT, MOVING_IN
from bot.storage.tables import metadata
from tests.storage.conftest import Databases
from tests.storage.curation_examples import GUILD, curate, revision, wish
from tests.storage.examples import DAY, DUE, NOW, TUESDAY, claim, enroll, entry, member, plan, sent_prompt
from tests.storage.places import Place

ROOT = Path(__file__).parents[2]
TABLES = [*metadata.sorted_tables, *vault.metadata.sorted_tables]
MEMBERS = range(1, 6)
GONE = 9
NOTE = "a private note"


async def fill(place: Place) -> None:
    """Members in every state that a table has a column for."""
    storage = await place.open()
    for member_id in MEMBERS:
        answer = entry(await sent_prompt(storage, member_id), note=NOTE)
        await storage.entries.record(answer)
        await storage.members.set_preferences(member_id, Preferences(safety=SafetyPlan(text=NOTE)))
        await storage.marks.add([TreatmentMark(f"mark-{member_id}", member_id, Mark("yoga", TUESDAY))])
    await storage.plans.save(member(2), [plan(2, plan_id="other")], NOW)
    await storage.members.set_unreachable(3, NOW)
    await storage.tallies.looked_up({"yoga": 1})
    await curate(storage, 7)
    await storage.state.put("tree", "hash")
    await storage.members.erase(GONE)
    await storage.close()
    await fill_the_rest(place)


async def fill_the_rest(place: Place) -> None:
    """A row, whatever it says, into the tables that no member of the example has filled."""
    db = place.database()
    for table in metadata.sorted_tables:
        if await db.row(select(table)) is None:
            await db.run(insert(table).values({column.name: anything(column) for column in table.columns}))
    await db.close()


def anything(column: Column[Any]) -> object:
    values = {int: 1, float: 0.1, str: "x", bytes: b"x", bool: True, datetime: NOW, date: TUESDAY}
    return values[column.type.python_type]


@pytest.fixture(scope="module")
def community(tmp_path_factory: pytest.TempPathFactory) -> Place:
    """Made once, to be copied."""
    place = Place(tmp_path_factory.mktemp("community"), None)
    asyncio.run(fill(place))
    return place


@pytest.fixture
def old(community: Place, tmp_path: Path) -> Place:
    shutil.copytree(community.folder, tmp_path / "old")
    return Place(tmp_path / "old", None)


@pytest.fixture
def new(old: Place, databases: Databases) -> Iterator[Place]:
    """The same community's place on the server; its database may have tables, but has no rows."""
    name = databases.take(tables=True)
    yield replace(old, url=databases.url(name))
    databases.give_back(name, tables=True)


def quiet(_table: str, _done: int, _total: int) -> None:
    """Nobody is watching."""


async def move(old: Place, new: Place, progress: Any = quiet) -> Moved:
    return await move_to_postgresql(old.url, str(new.url), old.data_dir, old.key_file, NOW, progress)


async def refusal(old: Place, new: Place, progress: Any = quiet) -> StartupError:
    with pytest.raises(StartupError) as caught:
        await move(old, new, progress)
    return caught.value


async def all_rows(place: Place) -> dict[str, list[tuple[Any, ...]]]:
    """Every table as it is stored, but for the marks of the move."""
    return {table.name: sorted(await rows(place, table), key=repr) for table in TABLES}


async def rows(place: Place, table: Table) -> list[tuple[Any, ...]]:
    columns = ", ".join(column.name for column in table.columns)
    name = f"{place.vault_schema if table.schema else ''}{table.name}"
    found = await place.sql(f"SELECT {columns} FROM {name}", vault=bool(table.schema))  # noqa: S608
    return [tuple(map(plain, row)) for row in found if row[0] not in MARKS]


def plain(value: object) -> object:
    return int(value) if isinstance(value, bool) else value


async def marks(place: Place) -> set[str]:
    return {name for (name,) in await place.sql("SELECT name FROM bot_state") if name in MARKS}


class TestMoving:
    @pytest.fixture(autouse=True)
    def small_batches(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bot.storage.move.BATCH", 2)

    async def test_every_row_of_every_table_arrives(self, old: Place, new: Place) -> None:
        before = await all_rows(old)
        assert all(before.values()), "a table of the example is empty"
        told: dict[str, list[tuple[int, int]]] = {}

        def progress(table: str, done: int, total: int) -> None:
            told.setdefault(table, []).append((done, total))

        moved = await move(old, new, progress)
        assert await all_rows(new) == before
        assert await all_rows(old) == before
        assert moved.rows == {table: len(rows) for table, rows in before.items()}
        assert {table: steps[-1] for table, steps in told.items()} == {
            table: (len(rows), len(rows)) for table, rows in before.items()
        }
        assert told["member"] == [(0, 5), (2, 5), (4, 5), (5, 5)]

    async def test_the_bot_goes_on_with_the_new_one_alone_and_a_repeat_says_so(self, old: Place, new: Place) -> None:
        assert not (await move(old, new)).already
        with pytest.raises(StartupError, match="Set SPOONFUL_DATABASE_URL") as caught:
            await old.open()
        assert caught.value.code is ExitCode.DATABASE
        storage = await new.open()
        await the_community_goes_on(storage)
        await storage.members.erase(1)
        await storage.close()
        moved = await move(old, new)
        assert moved.already
        assert moved.rows["member"] == len(MEMBERS) - 1

    async def test_killed_in_the_middle_it_goes_on(self, old: Place, new: Place) -> None:
        before = await all_rows(old)
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", KILLED, str(old.data_dir), str(old.key_file), str(new.url), cwd=ROOT
        )
        assert await process.wait() == -signal.SIGKILL
        arrived = await all_rows(new)
        assert [len(arrived[name]) for name in ("plan", "prompt", "entry")] == [6, 2, 0]
        with pytest.raises(StartupError, match="not finished"):
            await new.open()
        await old.sql(f"INSERT INTO bot_state VALUES ('{MOVED_OUT}', 'now')")  # noqa: S608 - as if between the two marks
        assert not (await move(old, new)).already
        assert await all_rows(new) == before
        assert (await marks(old), await marks(new)) == ({MOVED_OUT}, {MOVED_IN})

    async def test_what_changed_between_two_attempts_is_as_in_the_old_one(self, old: Place, new: Place) -> None:
        with pytest.raises(BrokenOff):
            await move(old, new, break_off_at("mark"))
        storage = await old.open()
        await storage.members.erase(1)
        assert await claim(storage, DUE + DAY)
        await enroll(storage, 9)
        await storage.close()
        now = await all_rows(old)
        await move(old, new)
        assert await all_rows(new) == now
        assert 1 not in {key for key, _ in now["member_key"]}

    async def test_a_move_that_an_older_version_began_goes_on(self, old: Place, new: Place) -> None:
        with pytest.raises(BrokenOff):
            await move(old, new, break_off_at("mark"))
        for place in (old, new):
            await place.make_vault_older()
        await move(old, new)
        assert await all_rows(new) == await all_rows(old)


KILLED = """
import asyncio, os, pathlib, signal, sys
from bot.storage import move
from bot.storage.move import move_to_postgresql
from tests.storage.examples import NOW
move.BATCH = 2

def kill(table, done, total):
    if (table, done) == ("prompt", 2):
        os.kill(os.getpid(), signal.SIGKILL)

data, key, url = sys.argv[1:]
asyncio.run(move_to_postgresql(None, url, pathlib.Path(data), pathlib.Path(key), NOW, kill))
"""


class BrokenOff(Exception):  # noqa: N818 - it says what happened
    pass


def break_off_at(name: str) -> Any:
    def progress(table: str, done: int, _total: int) -> None:
        if table == name and done:
            raise BrokenOff

    return progress


async def the_community_goes_on(storage: Storage) -> None:
    assert await storage.asked.wishes() == [wish(storage, 7)]  # the key of the traces has come along
    withdrawn, _ = await storage.revisions.of_card(GUILD, "tea")
    assert withdrawn.card == revision(2).card
    for member_id in MEMBERS:
        [told] = await storage.entries.of_member(member_id)
        assert (told.answers.values, told.answers.note) == ({"pain": 4}, NOTE)
        assert (await storage.members.preferences(member_id)).safety == SafetyPlan(text=NOTE)
        assert [each.mark.name for each in await storage.marks.treatments(member_id)] == ["yoga"]
    claimed = await claim(storage, DUE + DAY)
    assert {each.prompt.member_id for each in claimed} == set(MEMBERS) - {3}


HARM = """
CREATE FUNCTION harm() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF {when} THEN {harm}; END IF;
    RETURN NEW;
END $$
"""


@pytest.mark.parametrize(
    ("table", "when", "harm"),
    [
        ("plan", "NEW.member_id = 2", "NEW.answer_minutes := 1"),
        ("lookup", "true", "RETURN NULL"),
        ("entry", "NEW.member_id = 5", "NEW.sealed := overlay(NEW.sealed placing 'x' from 20)"),
    ],
)
async def test_a_copy_that_differs_is_noticed(old: Place, new: Place, table: str, when: str, harm: str) -> None:
    await upgrade(new.location)
    await new.sql(HARM.format(when=when, harm=harm))
    await new.sql(f"CREATE TRIGGER harm BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION harm()")
    said = await refusal(old, new)
    await new.sql("DROP FUNCTION harm CASCADE")
    assert said.code is ExitCode.DATABASE
    assert "not the same" in str(said)
    assert (await marks(old), await marks(new)) == (set(), {MOVING_IN})


class TestRefusals:
    async def test_while_a_bot_uses_the_file(self, old: Place, new: Place) -> None:
        storage = await old.open()
        said = await refusal(old, new)
        await storage.close()
        assert said.code is ExitCode.BUSY

    async def test_into_the_database_of_another_community(self, old: Place, new: Place, tmp_path: Path) -> None:
        other = Place(tmp_path / "other", new.url)
        storage = await other.open()
        await enroll(storage, 1)
        await storage.close()
        before = await all_rows(new)
        assert "not from this file" in str(await refusal(old, new))
        assert await all_rows(new) == before
        assert (await marks(old), await marks(new)) == (set(), set())

    async def test_into_a_database_with_rows_and_no_vault(self, old: Place, new: Place) -> None:
        await upgrade(new.location)
        await new.sql("INSERT INTO bot_state VALUES ('tree', 'theirs')")
        assert "not from this file" in str(await refusal(old, new))
        assert await new.sql("SELECT name, value FROM bot_state") == [("tree", "theirs")]

    async def test_a_second_time_after_the_file_was_put_back_into_use(self, old: Place, new: Place) -> None:
        await move(old, new)
        await old.sql(f"DELETE FROM bot_state WHERE name = '{MOVED_OUT}'")  # noqa: S608
        assert "name an empty database" in str(await refusal(old, new))
        await (await old.open()).close()

    async def test_to_a_second_server(self, old: Place, new: Place) -> None:
        await old.sql(f"INSERT INTO bot_state VALUES ('{MOVED_OUT}', 'now')")  # noqa: S608
        assert "in another PostgreSQL database" in str(await refusal(old, new))
        assert await marks(new) == set()

    async def test_with_another_master_key(self, old: Place, new: Place) -> None:
        old.key_file.write_bytes(b"x" * 32)
        assert (await refusal(old, new)).code is ExitCode.CONFIG
        assert await marks(old) == set()

    @pytest.mark.parametrize("missing", ["spoonful.db", "vault.db"])
    async def test_without_one_of_the_files(self, old: Place, missing: str) -> None:
        (old.data_dir / missing).unlink()
        files = sorted(old.data_dir.iterdir())
        assert missing in str(await refusal(old, replace(old, url="postgresql://nowhere/x")))
        assert sorted(old.data_dir.iterdir()) == files

    async def test_to_another_file(self, old: Place) -> None:
        assert (await refusal(old, replace(old, url="sqlite:////tmp/other.db"))).code is ExitCode.CONFIG

    async def test_a_server_that_refuses_a_row_is_not_quoted(self, old: Place, new: Place) -> None:
        await upgrade(new.location)
        await new.sql("ALTER TABLE mark ADD CONSTRAINT harm CHECK (member_id < 2)")
        said = await refusal(old, new)
        await new.sql("ALTER TABLE mark DROP CONSTRAINT harm")
        assert said.code is ExitCode.UNAVAILABLE
        assert "broke off (CheckViolationError)" in str(said)
        assert "mark-" not in str(said)


def test_the_command_says_what_it_does_and_what_is_left_to_do(
    old: Place, new: Place, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(old.folder)
    settings = {"DATA_DIR": str(old.data_dir), "MASTER_KEY_FILE": str(old.key_file), "DATABASE_URL": str(new.url)}
    for name, value in settings.items():
        monkeypatch.setenv(f"SPOONFUL_{name}", value)
    monkeypatch.setattr(sys, "argv", ["spoonful", "db", "move"])
    for first_line in ("member_key: 5 of 5 rows", "The move to postgresql"):
        with pytest.raises(SystemExit) as ended:
            cli.main()
        assert ended.value.code == 0
        said = capfd.readouterr()
        assert said.out.startswith(first_line)
        assert "Now set SPOONFUL_DATABASE_URL" in said.out
        assert str(old.file) in said.out
        assert (said.err, NOTE in said.out) == ("", False)


@pytest.mark.parametrize(
    "url", ["postgresql://me:secret@host/name", "postgresql://me@host/name?password=secret&ssl=require"]
)
def test_addresses_are_shown_without_passwords(url: str) -> None:
    assert "me" in (seen := shown(locate(url, Path())))
    assert "secret" not in seen


@pytest.mark.parametrize(
    "address", ["postgresql://me:secret@127.0.0.1:1/x", "postgresql://127.0.0.1:1/x?password=secret"]
)
async def test_a_server_out_of_reach_is_named_without_its_password(address: str) -> None:
    with pytest.raises(StartupError) as refused:
        await upgrade(locate(address, Path()))
    assert "127.0.0.1" in str(refused.value)
    assert "secret" not in str(refused.value)
