"""Backups made, verified and put back, on both engines; as files and processes where that is what matters."""

import asyncio
import itertools
import multiprocessing
import signal
import sqlite3
import time as clock
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from bot.domain.checkins import PromptStatus
from bot.errors import ExitCode, StartupError
from bot.storage import Storage, rotate, upgrade
from bot.storage.backups import making, server
from bot.storage.backups.drill import drill
from bot.storage.backups.folder import Kept, backups_in
from bot.storage.backups.making import clear, create, create_if_due, verify
from bot.storage.backups.restoring import RESTORING, Restored, restore
from bot.storage.backups.sealed import About, BadBackup, Halted, Kind
from tests.storage.backing import MEMBERS, backed_up, fill, home_of, process, restore_and_die, server_programs
from tests.storage.conftest import NewPlace
from tests.storage.examples import DAY, DUE, HOUR, MINUTE, NOW, NUDGED, enroll, sent_prompt, snooze
from tests.storage.places import Place
from tests.storage.test_faults_clock import bot_on
from tests.storage.test_migrations import up_to

KEPT = Kept(timedelta(days=30), timedelta(days=7))
LATER = DUE + HOUR


@pytest.fixture(autouse=True)
def programs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(server_programs()), prepend=":")


async def put_back(place: Place, *files: Path, now: datetime = LATER, without_keys: bool = False) -> Restored:
    return await restore(home_of(place), files, now, without_keys=without_keys)


async def entries_in(place: Place) -> dict[int, str | None]:
    """The note of each member's entry, as a bot opens it."""
    storage = await place.open()
    try:
        rows = await place.sql("SELECT prompt_id FROM entry")
        opened = [await storage.entries.of_prompt(row[0]) for row in rows]
        return {each.member_id: each.answers.note for each in opened if each}
    finally:
        await storage.close()


ALL = dict.fromkeys(range(1, MEMBERS + 1), "marker")


async def elsewhere(place: Place, new_place: NewPlace) -> Place:
    """Another machine: only the backups and the master key came along."""
    other = new_place()
    home_of(other).backups.parent.mkdir(parents=True)
    home_of(place).backups.rename(home_of(other).backups)
    other.key_file.parent.mkdir(parents=True)
    place.key_file.rename(other.key_file)
    return other


class TestCreate:
    async def test_both_kinds_are_made_sealed_and_private(self, place: Place) -> None:
        await fill(place)
        made = await backed_up(place)
        folder = home_of(place).backups
        assert {path.name for path in folder.iterdir()} == {
            "spoonful-20260601T120000Z.backup",
            "vault-20260601T120000Z.backup",
            "backups.lock",
        }
        assert folder.stat().st_mode & 0o777 == 0o700
        for path in folder.iterdir():
            assert path.stat().st_mode & 0o777 == 0o600
            assert b"Europe/Berlin" not in path.read_bytes()
            assert b"SQLite" not in path.read_bytes()
        rows = made[Kind.DATABASE].contents.rows
        assert (rows["member"], rows["entry"], rows["prompt"]) == (MEMBERS, MEMBERS, 2 * MEMBERS)
        assert made[Kind.VAULT].contents.rows["member_key"] == MEMBERS
        assert not (place.data_dir / "backup-scratch").exists()

    async def test_what_verify_finds_is_what_was_made(self, place: Place) -> None:
        await fill(place)
        for each in (await backed_up(place)).values():
            assert await asyncio.to_thread(verify, home_of(place), each.path) == each

    async def test_without_a_database_there_is_nothing_to_back_up(self, place: Place) -> None:
        with pytest.raises(StartupError, match="nothing to back up") as caught:
            await backed_up(place)
        assert caught.value.code is ExitCode.DATABASE

    async def test_a_damaged_database_is_said_and_not_backed_up(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        content = bytearray(sqlite_place.file.read_bytes())
        content[4096 * 3 : 4096 * 30] = b"\xa5" * 4096 * 27
        sqlite_place.file.write_bytes(content)
        with pytest.raises(StartupError, match="could not be made"):
            await backed_up(sqlite_place)
        assert backups_in(home_of(sqlite_place).backups) == []

    async def test_with_another_master_key_or_in_the_middle_of_an_exchange_none_is_made(self, place: Place) -> None:
        await fill(place)
        table = f"{place.vault_schema}vault_state"
        await place.sql(f"UPDATE {table} SET next_probe = probe", vault=True)  # noqa: S608 - our own names
        with pytest.raises(StartupError, match="spoonful keys rotate"):
            await backed_up(place)
        await place.sql(f"UPDATE {table} SET next_probe = NULL", vault=True)  # noqa: S608
        place.key_file.write_bytes(b"k" * 32)
        with pytest.raises(StartupError, match="is not the master key of this vault"):
            await backed_up(place)
        assert backups_in(home_of(place).backups) == []

    async def test_two_at_once_are_refused(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        both = await asyncio.gather(backed_up(sqlite_place), backed_up(sqlite_place), return_exceptions=True)
        [refused] = [each for each in both if isinstance(each, StartupError)]
        assert refused.code is ExitCode.BUSY


class TestWhileABotIsAtWork:
    async def test_a_backup_from_beside_a_writer_is_one_consistent_state(self, sqlite_place: Place) -> None:
        """Each member is written with their plan and its prompt in one transaction, after their key."""
        seen: list[int] = []
        with process("write", sqlite_place) as writer:
            assert writer.stdout is not None
            for _ in range(4):
                told = [int(writer.stdout.readline()) for _ in range(20)][-1]
                made = await backed_up(sqlite_place, NOW + len(seen) * HOUR)
                rows = made[Kind.DATABASE].contents.rows
                assert rows["member"] == rows["plan"] == rows["prompt"] >= told
                assert made[Kind.VAULT].contents.rows["member_key"] >= rows["member"]
                seen.append(rows["member"])
            assert writer.poll() is None
        assert seen == sorted(set(seen))  # it went on writing in between

    async def test_the_writer_is_not_kept_waiting(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        storage = await sqlite_place.open()
        await swell(storage)
        making_one = asyncio.create_task(backed_up(sqlite_place))
        written = 0
        while not making_one.done():
            await asyncio.wait_for(storage.state.put("written", str(written)), 1)
            written += 1
        await making_one
        await storage.close()
        assert written > 5

    async def test_what_stands_in_the_log_of_a_bot_that_died_is_in_the_backup(self, sqlite_place: Place) -> None:
        with process("write", sqlite_place) as writer:
            assert writer.stdout is not None
            told = [int(writer.stdout.readline()) for _ in range(5)][-1]
        assert (sqlite_place.data_dir / "spoonful.db-wal").stat().st_size
        (sqlite_place.data_dir / "spoonful.db-shm").unlink()
        assert (await backed_up(sqlite_place))[Kind.DATABASE].contents.rows["member"] >= told

    async def test_giving_up_stops_the_copying_and_leaves_nothing(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        storage = await sqlite_place.open()
        await swell(storage)
        await storage.close()
        for patience in (0, 1, 4, 12):
            asked = iter(range(1000))
            with pytest.raises(Halted):
                await create(home_of(sqlite_place), NOW, lambda asked=asked, most=patience: next(asked) >= most)
        assert [path.name for path in home_of(sqlite_place).backups.iterdir()] == ["backups.lock"]
        assert not (sqlite_place.data_dir / "backup-scratch").exists()


async def swell(storage: Storage) -> None:
    """Some megabytes."""
    for n in range(20):
        await storage.state.put(f"ballast {n}", "x" * 1_000_000)


class TestKilledAndFull:
    async def test_killed_anywhere_no_half_backup_is_left_that_verifies(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        storage = await sqlite_place.open()
        await swell(storage)
        await storage.close()
        home, left = home_of(sqlite_place), 0
        for n in range(5):
            with process("create", sqlite_place) as victim:
                assert victim.stdout is not None
                victim.stdout.readline()
                await asyncio.to_thread(until_something_is_unfinished, home.backups, n * 0.025)
                victim.kill()
            left += len(list(home.backups.glob("*.unfinished")))
            for each in backups_in(home.backups):
                assert verify(home, each.path)
        assert left  # so it was met in the middle
        await create(home, NOW)
        assert not list(home.backups.glob("*.unfinished"))
        assert not (sqlite_place.data_dir / "backup-scratch").exists()

    @pytest.mark.parametrize("missing", [200_000, 100])
    async def test_fault_38_a_full_disk_is_one_sentence_and_leaves_nothing(
        self, sqlite_place: Place, missing: int
    ) -> None:
        """With the first there is no room for the copy, with the second none for the sealed file."""
        await fill(sqlite_place)
        size = (await backed_up(sqlite_place))[Kind.DATABASE].size
        before = sorted(sqlite_place.folder.rglob("*"))
        with process("limited", sqlite_place, str(size - missing)) as limited:
            assert limited.stdout is not None
            said = limited.stdout.read().splitlines()
            assert limited.wait() == 0
        assert len(said) == 1
        assert "The backup could not be made in" in said[0]
        assert sorted(sqlite_place.folder.rglob("*")) == before

    async def test_killed_at_any_step_of_a_restore_there_is_always_a_database(self, sqlite_place: Place) -> None:
        """The old one or the new one, whole; never none, for a bot would start with an empty one."""
        await fill(sqlite_place)
        made = await backed_up(sqlite_place)
        files = [each.path for each in made.values()]
        seen: list[int] = []
        for fatal in itertools.count():
            storage = await sqlite_place.open()
            await enroll(storage, 100)
            await storage.close()
            arguments = (sqlite_place.folder, files, LATER + fatal * MINUTE, fatal)
            dying = PROCESSES.Process(target=restore_and_die, args=arguments)
            dying.start()
            await asyncio.to_thread(dying.join)
            assert await entries_in(sqlite_place) == ALL
            [(found,)] = await sqlite_place.sql("SELECT count(*) FROM member")
            seen.append(found)
            if dying.exitcode == 0:
                break
            assert dying.exitcode == -signal.SIGKILL
        assert seen[0] == MEMBERS + 1
        assert seen[-1] == MEMBERS
        assert len(seen) > 8


PROCESSES = multiprocessing.get_context("forkserver")


def until_something_is_unfinished(folder: Path, more: float) -> None:
    end = clock.monotonic() + 20
    while not list(folder.glob("*.unfinished")) and clock.monotonic() < end:
        clock.sleep(0.001)
    clock.sleep(more)


def other_revision(**said: Any) -> About:
    return About.model_validate(said | {"revision": "0001"})


class TestVerify:
    @pytest.mark.parametrize("kind", Kind)
    async def test_damaged_and_cut_off_ones_are_refused(self, place: Place, kind: Kind) -> None:
        await fill(place)
        path = (await backed_up(place))[kind].path
        good = path.read_bytes()
        for bad in (good[:-1], good[: len(good) // 2], good[:-20] + bytes(20), b"", good + b"x"):
            path.write_bytes(bad)
            with pytest.raises(BadBackup):
                await asyncio.to_thread(verify, home_of(place), path)
            with pytest.raises(StartupError):
                await put_back(place, path)
        assert await entries_in(place) == ALL

    async def test_one_that_holds_another_revision_than_it_says_is_refused(
        self, sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(sqlite_place)
        monkeypatch.setattr(making, "About", other_revision)
        with pytest.raises(StartupError, match="not what its beginning says"):
            await backed_up(sqlite_place)
        assert backups_in(home_of(sqlite_place).backups) == []

    async def test_a_database_with_broken_references_is_refused(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        with closing(sqlite3.connect(sqlite_place.file)) as file, file:
            file.execute("PRAGMA foreign_keys=OFF")
            file.execute("DELETE FROM member WHERE id = 1")
        with pytest.raises(StartupError, match="point to others that are not there"):
            await backed_up(sqlite_place)

    async def test_one_of_another_master_key_is_refused(self, new_place: NewPlace) -> None:
        one, other = new_place(), new_place()
        await fill(one)
        await fill(other)
        path = (await backed_up(one))[Kind.DATABASE].path
        with pytest.raises(BadBackup, match="master key"):
            await asyncio.to_thread(verify, home_of(other), path)


class TestRestore:
    async def test_on_a_new_machine_everything_comes_back(self, place: Place, new_place: NewPlace) -> None:
        await fill(place)
        await backed_up(place, LATER)
        other = await elsewhere(place, new_place)
        restored = await put_back(other)
        assert restored.database is not None
        assert restored.vault is not None
        assert (restored.erased, restored.keyless, restored.aside) == (0, 0, [])
        assert await entries_in(other) == ALL
        assert restored.account[0] == "The database is that of 2026-06-02 08:00 UTC: 5 members, 5 entries."
        assert restored.account[-1] == "The bot can be started."

    async def test_what_it_replaces_stays_aside_with_its_log(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await backed_up(sqlite_place)
        storage = await sqlite_place.open()
        await enroll(storage, 9)
        await storage.close()
        restored = await put_back(sqlite_place)
        [aside] = restored.aside
        assert aside.name == "spoonful.db.before-restore-20260602T080000Z"
        with closing(sqlite3.connect(aside)) as old:
            assert old.execute("SELECT count(*) FROM member").fetchone() == (MEMBERS + 1,)
        assert await entries_in(sqlite_place) == ALL
        assert restored.vault is None
        assert sqlite_place.file.stat().st_mode & 0o777 == 0o600

    async def test_fault_41_a_stale_log_is_not_played_into_the_restored_file(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await backed_up(sqlite_place)
        with process("write", sqlite_place) as writer:
            assert writer.stdout is not None
            writer.stdout.readline()
        assert (sqlite_place.data_dir / "spoonful.db-wal").stat().st_size
        sqlite_place.file.write_bytes(b"\xa5" * 50_000)  # and the file itself is no database any more
        restored = await put_back(sqlite_place)
        assert [path.name[-4:] for path in restored.aside] == ["000Z", "-wal"]
        assert not (sqlite_place.data_dir / "spoonful.db-wal").exists()
        assert not (sqlite_place.data_dir / "spoonful.db-shm").exists()
        assert await sqlite_place.sql("PRAGMA integrity_check") == [("ok",)]
        assert await entries_in(sqlite_place) == ALL

    async def test_it_is_refused_while_a_bot_is_running(self, place: Place) -> None:
        await fill(place)
        await backed_up(place)
        storage = await place.open()
        with pytest.raises(StartupError) as caught:
            await put_back(place)
        await storage.close()
        assert caught.value.code is ExitCode.BUSY
        assert await entries_in(place) == ALL

    async def test_a_newer_revision_is_refused_and_nothing_changes(self, place: Place, new_place: NewPlace) -> None:
        await fill(place)
        await place.sql("UPDATE alembic_version SET version_num = '9999'")
        made = await backed_up(place)
        assert made[Kind.DATABASE].about.revision == "9999"
        other = await elsewhere(place, new_place)
        with pytest.raises(StartupError, match="newer Spoonful"):
            await put_back(other)
        assert not place.url or await other.sql("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'") == [(0,)]
        assert place.url or not other.file.exists()

    async def test_an_older_revision_is_brought_up_to_date(
        self, place: Place, new_place: NewPlace, tmp_path: Path
    ) -> None:
        await fill(place)
        old = new_place()
        await upgrade(old.location, up_to("0006", tmp_path / "old"))
        await old.sql("INSERT INTO bot_state (name, value) VALUES ('old', 'kept')")
        await make_vault(old, place)
        await backed_up(old)
        other = await elsewhere(old, new_place)
        restored = await put_back(other)
        assert restored.upgraded_from == "0006"
        storage = await other.open()
        assert await storage.state.get("old") == "kept"
        await storage.close()

    async def test_a_damaged_newest_one_is_passed_over_and_said(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await backed_up(sqlite_place, NOW)
        newest = (await backed_up(sqlite_place, NOW + DAY))[Kind.DATABASE].path
        newest.write_bytes(newest.read_bytes()[:-1])
        restored = await put_back(sqlite_place, now=NOW + 2 * DAY)
        assert restored.database is not None
        assert restored.database.about.created == NOW
        assert restored.account[0].startswith(f"Passed over: {newest} is damaged")

    async def test_only_the_keys(self, sqlite_place: Place) -> None:
        """The vault is damaged and the database is not: entries since the backup stay."""
        await fill(sqlite_place)
        path = (await backed_up(sqlite_place))[Kind.VAULT].path
        storage = await sqlite_place.open()
        await storage.state.put("since", "then")
        await storage.close()
        (sqlite_place.data_dir / "vault.db").write_bytes(b"\xa5" * 9000)
        restored = await put_back(sqlite_place, path)
        assert (restored.database, restored.missed) == (None, 0)
        assert [each.name.partition(".before")[0] for each in restored.aside] == ["vault.db"]
        assert await sqlite_place.sql("SELECT value FROM bot_state WHERE name = 'since'") == [("then",)]
        assert await entries_in(sqlite_place) == ALL

    async def test_a_damaged_vault_is_replaced_without_asking(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await backed_up(sqlite_place)
        (sqlite_place.data_dir / "vault.db").write_bytes(b"\xa5" * 9000)
        restored = await put_back(sqlite_place)
        assert restored.vault is not None
        assert await entries_in(sqlite_place) == ALL

    async def test_without_a_backup_it_says_so(self, place: Place) -> None:
        place.key_file.parent.mkdir(parents=True)
        place.key_file.write_bytes(b"k" * 32)
        place.key_file.chmod(0o600)
        with pytest.raises(StartupError, match="no backup of the database"):
            await put_back(place)

    async def test_after_an_exchange_of_the_master_key_earlier_backups_still_serve(
        self, place: Place, new_place: NewPlace
    ) -> None:
        await fill(place)
        await backed_up(place)
        for _ in range(2):
            await rotate(place.url, place.data_dir, place.key_file, home_of(place).backups, lambda _done, _all: None)
        other = await elsewhere(place, new_place)
        assert (await put_back(other)).keyless == 0
        assert await entries_in(other) == ALL


async def make_vault(place: Place, like: Place) -> None:
    """A vault for a database that only has tables, under the other's master key."""
    from bot.storage.vault import Vault

    place.key_file.parent.mkdir(parents=True, exist_ok=True)
    like.key_file.rename(place.key_file)
    db = place.vault()
    await Vault.unlock(db, place.key_file)
    await db.close()


class TestWhoWasErased:
    @staticmethod
    async def erase(place: Place, member_id: int, at: datetime) -> None:
        home = home_of(place)
        storage = await Storage.open(place.url, place.data_dir, place.key_file, home.backups)
        await storage.members.erase(member_id, at)
        await storage.close()

    async def test_fault_41_stays_erased_where_the_vault_is_still_there(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await backed_up(sqlite_place)
        await self.erase(sqlite_place, 2, NOW + MINUTE)
        restored = await put_back(sqlite_place)
        assert (restored.erased, restored.keyless) == (1, 0)
        assert await entries_in(sqlite_place) == {each: "marker" for each in ALL if each != 2}
        assert "Erased again: 1 people who had been erased since." in restored.account

    async def test_fault_41_stays_erased_on_a_new_machine_before_anything_connects(
        self, place: Place, new_place: NewPlace
    ) -> None:
        """The vault's backup holds the key of the erased: the file beside the backups is what knows."""
        await fill(place)
        await backed_up(place)
        await self.erase(place, 2, NOW + MINUTE)
        other = await elsewhere(place, new_place)
        assert (await put_back(other)).erased == 1
        assert await other.sql("SELECT id FROM member ORDER BY id") == [(1,), (3,), (4,), (5,)]
        keys = f"SELECT member_id FROM {other.vault_schema}member_key ORDER BY member_id"  # noqa: S608 - our own names
        assert await other.sql(keys, vault=True) == [(1,), (3,), (4,), (5,)]
        assert await entries_in(other) == {each: "marker" for each in ALL if each != 2}

    async def test_who_came_back_after_that_stays(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await self.erase(sqlite_place, 2, NOW - HOUR)  # before the rows that are there: an earlier membership
        storage = await sqlite_place.open()
        await enroll(storage, 2)
        await storage.close()
        await backed_up(sqlite_place, NOW + HOUR)
        assert (await put_back(sqlite_place)).erased == 0
        assert (2,) in await sqlite_place.sql("SELECT id FROM member")

    async def test_members_without_a_key_are_removed_and_counted(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await backed_up(sqlite_place)
        await sqlite_place.sql("DELETE FROM member_key WHERE member_id > 3", vault=True)
        restored = await put_back(sqlite_place)
        assert (restored.erased, restored.keyless) == (0, 2)
        assert await entries_in(sqlite_place) == {1: "marker", 2: "marker", 3: "marker"}
        assert any(line.startswith("Removed: 2 members whose keys are gone") for line in restored.account)

    async def test_where_most_keys_are_missing_it_asks_first(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await backed_up(sqlite_place)
        await sqlite_place.sql("DELETE FROM member_key WHERE member_id > 2", vault=True)
        before = sqlite_place.file.read_bytes()
        with pytest.raises(StartupError, match="no keys for 3 of the 5 members"):
            await put_back(sqlite_place)
        assert sqlite_place.file.read_bytes() == before
        assert (await put_back(sqlite_place, without_keys=True)).keyless == 3
        assert (await entries_in(sqlite_place)).keys() == {1, 2}


class TestThePast:
    """What went out after the backup was made does not go out again, and what comes next is in the future."""

    @staticmethod
    async def restored(place: Place, new_place: NewPlace, now: datetime) -> tuple[Place, Restored]:
        if not place.url:
            return place, await put_back(place, now=now)
        other = await elsewhere(place, new_place)
        return other, await put_back(other, now=now)

    @pytest.mark.parametrize("after", [MINUTE, HOUR, HOUR + 59 * MINUTE, 3 * HOUR, 3 * DAY])
    async def test_fault_41_what_was_sent_since_is_not_sent_again(
        self, place: Place, new_place: NewPlace, after: timedelta
    ) -> None:
        storage = await place.open()
        for member_id in (1, 2, 3):
            await enroll(storage, member_id)
        await backed_up(place, DUE - MINUTE)
        assert len(await bot_on(storage).at(DUE)) == 3
        await storage.close()
        now = DUE + after
        place, found = await self.restored(place, new_place, now)
        assert found.missed == 3 * (after.days + 1)
        storage = await place.open()
        bot = bot_on(storage)
        for minutes in range(0, 130, 10):
            assert await bot.at(now + minutes * MINUTE) == []
        due = await place.sql("SELECT plan_id, due_at FROM prompt WHERE status = 'due'")
        assert sorted(row[0] for row in due) == ["plan-1", "plan-2", "plan-3"]
        tomorrow = DUE + (after.days + 1) * DAY
        assert await storage.prompts.next_due() == tomorrow
        assert len(await bot.at(tomorrow)) == 3
        assert await bot.at(tomorrow + HOUR) == []
        await storage.close()

    async def test_what_was_under_way_at_the_moment_of_the_backup(self, place: Place, new_place: NewPlace) -> None:
        storage = await place.open()
        await enroll(storage, 1)
        [claimed] = await storage.prompts.claim_due(DUE, DUE + MINUTE, DUE - HOUR, 10)
        await backed_up(place, DUE)
        await storage.prompts.mark_sent(claimed.prompt.id, 77)
        await storage.close()
        place, found = await self.restored(place, new_place, DUE + 2 * MINUTE)
        assert found.missed == 1
        storage = await place.open()
        assert await bot_on(storage).at(DUE + 10 * MINUTE) == []
        await storage.close()

    async def test_snoozes_and_nudges(self, place: Place, new_place: NewPlace) -> None:
        """Both were still to come when the backup was made, and went out before it was put back."""
        storage = await place.open()
        prompt = await sent_prompt(storage, 1, schedule=NUDGED)
        put_off = await sent_prompt(storage, 2)
        await storage.prompts.put_off(put_off.id, snooze(put_off, DUE + HOUR))
        await backed_up(place, DUE + MINUTE)
        before = bot_on(storage)
        assert [member for member, _ in await before.at(DUE + HOUR)] == [2]
        assert [member for member, _ in await before.at(DUE + 2 * HOUR)] == [1]
        await storage.close()
        place, found = await self.restored(place, new_place, DUE + 2 * HOUR + MINUTE)
        assert found.missed == 2
        storage = await place.open()
        after = bot_on(storage)
        for minutes in range(0, 600, 20):
            assert await after.at(DUE + 2 * HOUR + minutes * MINUTE) == []
        assert len(await after.at(DUE + DAY)) == 2
        standing = await storage.prompts.get(prompt.id)
        assert standing is not None
        assert standing.status is PromptStatus.SENT  # it can still be answered
        await storage.close()

    async def test_those_still_to_come_do_come(self, place: Place, new_place: NewPlace) -> None:
        storage = await place.open()
        await sent_prompt(storage, 1, schedule=NUDGED)
        put_off = await sent_prompt(storage, 2)
        await storage.prompts.put_off(put_off.id, snooze(put_off, DUE + HOUR))
        await backed_up(place, DUE + MINUTE)
        await storage.close()
        place, found = await self.restored(place, new_place, DUE + 2 * MINUTE)
        assert found.missed == 0
        storage = await place.open()
        bot = bot_on(storage)
        assert [member for member, _ in await bot.at(DUE + HOUR)] == [2]
        assert [member for member, _ in await bot.at(DUE + 2 * HOUR)] == [1]
        await storage.close()

    async def test_a_member_who_was_out_of_reach_stays_so_and_gets_nothing_old(
        self, place: Place, new_place: NewPlace
    ) -> None:
        """They came back after the backup and got the prompt then; the restored database does not know."""
        storage = await place.open()
        await enroll(storage, 1)
        await storage.members.set_unreachable(1, NOW)
        await backed_up(place, DUE - MINUTE)
        await storage.members.set_unreachable(1, None)
        assert len(await bot_on(storage).at(DUE)) == 1
        await storage.close()
        place, _ = await self.restored(place, new_place, DUE + HOUR)
        storage = await place.open()
        bot = bot_on(storage)
        assert await bot.at(DUE + DAY) == []
        await storage.members.set_unreachable(1, None)
        assert await bot.at(DUE + HOUR) == []
        assert [day for _, day in await bot.at(DUE + DAY)] == ["2026-06-03"]
        await storage.close()

    async def test_the_weekly_digest_of_this_week_is_not_due_again(self, place: Place, new_place: NewPlace) -> None:
        storage = await place.open()
        await enroll(storage, 1)
        await place.sql("INSERT INTO community (guild_id, settings) VALUES (7, '{}')")
        await backed_up(place)
        await storage.close()
        place, _ = await self.restored(place, new_place, LATER)
        storage = await place.open()
        assert await storage.communities.digested_at(7) == LATER
        await storage.close()


class TestDaily:
    async def test_once_a_day_and_old_ones_go(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        home = home_of(sqlite_place)
        assert len(await create_if_due(home, KEPT, NOW)) == 2
        assert await create_if_due(home, KEPT, NOW + 23 * HOUR) == []
        for day in range(1, 32):
            await create_if_due(home, KEPT, NOW + day * DAY)
        kinds = [each.kind for each in backups_in(home.backups)]
        assert (kinds.count(Kind.DATABASE), kinds.count(Kind.VAULT)) == (31, 8)

    async def test_a_clock_that_was_wrong_does_not_keep_it_from_the_next(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await create_if_due(home_of(sqlite_place), KEPT, NOW + 400 * DAY)
        assert len(await create_if_due(home_of(sqlite_place), KEPT, NOW)) == 2

    async def test_who_stops_waiting_stops_the_work(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        storage = await sqlite_place.open()
        await swell(storage)
        await storage.close()
        daily = asyncio.create_task(create_if_due(home_of(sqlite_place), KEPT, NOW))
        await asyncio.sleep(0.05)
        daily.cancel()
        with pytest.raises(asyncio.CancelledError):
            await daily
        await asyncio.get_running_loop().shutdown_default_executor()
        assert backups_in(home_of(sqlite_place).backups) == []

    async def test_old_ones_go_also_when_there_can_be_no_new_one(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        for days in (40, 9, 8):
            await backed_up(sqlite_place, NOW - days * DAY)
        sqlite_place.file.write_bytes(b"\xa5" * 9000)
        with pytest.raises(StartupError, match="could not be made"):
            await create_if_due(home_of(sqlite_place), KEPT, NOW)
        kept = [(NOW - each.created).days for each in backups_in(home_of(sqlite_place).backups)]
        assert kept == [8, 8, 9]  # both kinds, and the database of the day before

    async def test_pruning_opens_what_it_relies_on(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        home = home_of(sqlite_place)
        await backed_up(sqlite_place, NOW - 60 * DAY)
        await backed_up(sqlite_place, NOW - 50 * DAY)
        newest = (await backed_up(sqlite_place, NOW - 40 * DAY))[Kind.DATABASE].path
        newest.write_bytes(newest.read_bytes()[:-1])
        clear(home, KEPT, NOW)
        kept = [each.created for each in backups_in(home.backups) if each.kind is Kind.DATABASE]
        assert kept == [NOW - 40 * DAY, NOW - 50 * DAY]


class TestDrill:
    async def test_it_does_the_whole_cycle_beside_a_running_bot_and_leaves_nothing(self, place: Place) -> None:
        await fill(place)
        storage = await place.open()
        databases = "SELECT count(*) FROM pg_database"
        before = await place.sql(databases) if place.url else []
        said: list[str] = []
        await drill(home_of(place), LATER, lambda what, _seconds: said.append(what))
        await storage.close()
        assert [each.split()[0] for each in said] == ["made", "verified", "restored", "compared:", "opened", "removed"]
        assert "opened 5 entries with their keys" in said
        assert not home_of(place).backups.exists()
        assert not (place.data_dir / "backup-drill").exists()
        if place.url:
            assert await place.sql(databases) == before
        assert await entries_in(place) == ALL

    async def test_an_entry_that_does_not_open_fails_it(self, sqlite_place: Place) -> None:
        await fill(sqlite_place)
        await sqlite_place.sql("UPDATE entry SET sealed = zeroblob(40)")
        with pytest.raises(StartupError, match="does not open"):
            await drill(home_of(sqlite_place), LATER, lambda _what, _seconds: None)
        assert not (sqlite_place.data_dir / "backup-drill").exists()


class TestOnAServer:
    async def test_a_database_that_is_not_empty_is_left_alone(self, server_place: Place) -> None:
        await fill(server_place)
        await backed_up(server_place)
        with pytest.raises(StartupError, match="is not empty"):
            await put_back(server_place)
        assert await entries_in(server_place) == ALL

    async def test_without_the_programs_it_says_what_to_install(
        self, server_place: Place, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        await fill(server_place)
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(StartupError, match="pg_dump, which is not here") as caught:
            await backed_up(server_place)
        assert caught.value.code is ExitCode.CONFIG

    def test_an_older_program_is_refused(self, tmp_path: Path) -> None:
        old = tmp_path / "pg_dump"
        old.write_text("#!/bin/sh\necho 'pg_dump (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)'\n")
        old.chmod(0o700)
        with pytest.raises(StartupError, match="is of PostgreSQL 15 and the server of 18"):
            server.refuse_older(str(old), 18)
        server.refuse_older(str(old), 15)

    async def test_a_dump_that_breaks_off_is_no_backup(
        self, server_place: Place, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
    ) -> None:
        await fill(server_place)
        half = tmp_path / "pg_dump"
        half.write_text(
            "#!/bin/sh\n"
            "[ \"$1\" = --version ] && echo 'pg_dump (PostgreSQL) 99.0' && exit\n"
            "echo half; echo 'pg_dump: error: connection lost' >&2; echo 'DETAIL: a row' >&2; exit 1\n"
        )
        half.chmod(0o700)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        with pytest.raises(StartupError) as caught:
            await backed_up(server_place)
        assert "a row" not in str(caught.value)
        assert backups_in(home_of(server_place).backups) == []

    async def test_a_restore_that_broke_off_lets_no_bot_in(self, server_place: Place) -> None:
        await fill(server_place)
        await server_place.sql(f"INSERT INTO bot_state (name, value) VALUES ('{RESTORING}', '')")  # noqa: S608
        with pytest.raises(StartupError, match="broke off"):
            await server_place.open()

    async def test_backups_of_the_other_engine_say_what_to_do(self, server_place: Place, tmp_path: Path) -> None:
        files = Place(tmp_path / "files", None)
        await fill(files)
        await backed_up(files)
        files.key_file.rename(server_place.key_file) if server_place.key_file.parent.mkdir(
            parents=True
        ) is None else None
        home = replace(home_of(server_place), backups=home_of(files).backups)
        with pytest.raises(StartupError, match="without SPOONFUL_DATABASE_URL"):
            await restore(home, (), LATER)

    async def test_the_password_is_in_no_list_of_processes(self, server_place: Place) -> None:
        location = server_place.location.set(username="me", password="secret", port=1)
        variables = server.environment(location)
        assert (variables["PGUSER"], variables["PGPASSWORD"], variables["PGPORT"]) == ("me", "secret", "1")
        assert variables["PGHOST"] == server_place.location.query["host"]
