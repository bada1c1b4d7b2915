"""Tombstones: whoever was erased stays erased when older files are put back, and whoever came back stays too."""

import asyncio
import shutil
import signal
import stat
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from bot.domain.members import Preferences
from bot.storage import Storage
from bot.storage.curation_tables import NAMES_ACTOR, NAMES_APPROVER, TRACES, marked
from bot.storage.erasure import WRITTEN_AT
from bot.storage.tables import members
from bot.storage.tombstones import FILE, in_file
from tests.storage.curation_examples import FIRST, GUILD, ask, curate, wish
from tests.storage.examples import DAY, HOUR, MINUTE, NOW, enroll, entry, member, plan, sent_prompt
from tests.storage.places import Place

LATER = NOW + HOUR
PERSON, OTHER = 2**60 + 1, 2**60 + 2
ROOT = Path(__file__).parents[2]


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


async def opened(place: Place, backups: Path | None = None) -> Storage:
    return await Storage.open(place.url, place.data_dir, place.key_file, backups)


async def names_left(place: Place) -> set[object]:
    """Every person and trace in the tables of curation."""
    columns = marked(NAMES_ACTOR) + marked(NAMES_APPROVER) + marked(TRACES)
    found = [await place.sql(f"SELECT {each.name} FROM {each.table.name}") for each in columns]  # noqa: S608
    return {value for rows in found for (value,) in rows} - {None}


async def keys_left(place: Place) -> set[int]:
    return {row[0] for row in await place.sql(f"SELECT member_id FROM {place.vault_schema}member_key", vault=True)}  # noqa: S608


def test_every_column_that_can_hold_a_person_says_since_when() -> None:
    assert set(WRITTEN_AT) == {members.c.id, *marked(NAMES_ACTOR), *marked(NAMES_APPROVER), *marked(TRACES)}


class TestErasing:
    async def test_one_stays_in_the_vault_and_beside_the_backups(self, place: Place, backups: Path) -> None:
        storage = await opened(place, backups)
        await enroll(storage, PERSON)
        await storage.members.erase(PERSON, LATER)
        expected = {storage.tombstones.of(PERSON): LATER}
        assert await storage.tombstones.all() == expected
        assert await in_file(backups) == expected
        assert stat.S_IMODE((backups / FILE).stat().st_mode) == 0o600
        await storage.close()
        for file in (place.data_dir, backups):
            read = b"".join(path.read_bytes() for path in file.rglob("*") if path.is_file())
            assert str(PERSON).encode() not in read

    async def test_also_of_somebody_of_whom_there_is_only_a_trace_or_nothing(self, storage: Storage) -> None:
        await ask(storage, PERSON)
        assert await storage.members.erase(PERSON, LATER)
        assert not await storage.members.erase(OTHER, LATER)
        assert set(await storage.tombstones.all()) == {storage.tombstones.of(each) for each in (PERSON, OTHER)}

    async def test_it_fits_the_id_and_the_trace_and_tells_neither(self, storage: Storage) -> None:
        trace = storage.traces.of(PERSON)
        assert storage.tombstones.of(PERSON) == storage.tombstones.of(trace)
        assert len({storage.tombstones.of(PERSON), trace, storage.tombstones.of(OTHER)}) == 3

    async def test_the_last_erasure_counts(self, storage: Storage) -> None:
        for at in (LATER, NOW + DAY):
            await enroll(storage, PERSON)
            await storage.members.erase(PERSON, at)
        assert await storage.tombstones.all() == {storage.tombstones.of(PERSON): NOW + DAY}

    async def test_without_a_backup_folder_there_is_no_file(self, place: Place, tmp_path: Path) -> None:
        storage = await opened(place, tmp_path / "none")
        await storage.members.erase(PERSON, LATER)
        await storage.close()
        assert not (tmp_path / "none").exists()

    async def test_backups_out_of_reach_keep_nobody_from_being_erased(self, place: Place, backups: Path) -> None:
        (backups / FILE).mkdir()  # so that nothing can be read or written there
        storage = await opened(place, backups)
        await enroll(storage, PERSON)
        assert await storage.members.erase(PERSON, LATER)
        assert await storage.members.get(PERSON) is None
        with pytest.raises(OSError, match="directory"):
            await storage.tombstones.all()
        assert await storage.tombstones.purge(NOW) == 0
        (backups / FILE).rmdir()
        await storage.tombstones.settle()
        assert await in_file(backups) == {storage.tombstones.of(PERSON): LATER}
        await storage.close()


class TestTheFile:
    async def test_a_torn_line_counts_for_nothing_and_spoils_no_other(self, place: Place, backups: Path) -> None:
        storage = await opened(place, backups)
        await storage.members.erase(PERSON, LATER)
        whole = (backups / FILE).read_bytes()
        (backups / FILE).write_bytes(whole + whole[:40])
        await storage.members.erase(OTHER, LATER)
        assert set(await in_file(backups)) == {storage.tombstones.of(each) for each in (PERSON, OTHER)}
        for length in range(len(whole) - 1):
            (backups / FILE).write_bytes(b"\xff\x00 garbage\n" + whole[:length])
            assert await in_file(backups) == {}
        await storage.close()

    async def test_what_one_place_lacks_comes_from_the_other(self, place: Place, backups: Path) -> None:
        storage = await opened(place, backups)
        for person in (PERSON, OTHER):
            await storage.members.erase(person, LATER)
        await storage.close()
        first, _ = (backups / FILE).read_text().splitlines()
        (backups / FILE).write_text(f"{first}\n")
        await place.sql(f"DELETE FROM {place.vault_schema}tombstone WHERE trace = '{first[-24:]}'", vault=True)  # noqa: S608
        storage = await opened(place, backups)
        assert await in_file(backups) == await storage.tombstones.all()
        assert len(await storage.tombstones.all()) == 2
        await storage.close()
        assert await place.sql(f"SELECT count(*) FROM {place.vault_schema}tombstone", vault=True) == [(2,)]  # noqa: S608

    async def test_after_sixty_days_they_are_gone_from_both(self, place: Place, backups: Path) -> None:
        storage = await opened(place, backups)
        await storage.members.erase(PERSON, LATER)
        await storage.members.erase(OTHER, LATER + MINUTE)
        assert await storage.tombstones.purge(LATER + MINUTE) == 1
        left = {storage.tombstones.of(OTHER): LATER + MINUTE}
        assert await storage.tombstones.all() == left
        assert await in_file(backups) == left
        assert await storage.tombstones.purge(LATER + MINUTE) == 0
        assert stat.S_IMODE((backups / FILE).stat().st_mode) == 0o600
        assert await storage.tombstones.purge(LATER + 2 * MINUTE) == 1
        assert (backups / FILE).read_bytes() == b""
        await storage.close()


class TestReplay:
    async def restored(self, place: Place, *, vault: bool) -> None:
        """Put back what `copied` put aside, over what is there."""
        names = ["spoonful.db", *(["vault.db"] if vault else [])]
        for name in names:
            for leftover in place.data_dir.glob(f"{name}*"):
                leftover.unlink()
            shutil.copy(place.folder / "aside" / name, place.data_dir / name)

    async def copied(self, place: Place) -> None:
        (place.folder / "aside").mkdir()
        for name in ("spoonful.db", "vault.db"):
            await place.sql(f"VACUUM INTO '{place.folder / 'aside' / name}'", vault=name == "vault.db")

    async def test_fault_41_a_restored_database_and_vault_lose_the_erased_again(
        self, sqlite_place: Place, backups: Path
    ) -> None:
        storage = await opened(sqlite_place, backups)
        for person in (PERSON, OTHER):
            await storage.entries.record(entry(await sent_prompt(storage, person), note="private"))
        await curate(storage, PERSON)
        await self.copied(sqlite_place)
        await storage.members.erase(PERSON, LATER)
        await storage.close()
        await self.restored(sqlite_place, vault=True)
        storage = await opened(sqlite_place, backups)
        assert PERSON in await names_left(sqlite_place)
        assert PERSON in await keys_left(sqlite_place)
        assert await storage.members.replay(await storage.tombstones.all()) == 1
        assert not {PERSON, storage.traces.of(PERSON)} & await names_left(sqlite_place)
        assert await keys_left(sqlite_place) == {OTHER}
        assert await storage.members.get(PERSON) is None
        [kept] = await storage.entries.of_member(OTHER)
        assert kept.answers.note == "private"
        assert FIRST in await names_left(sqlite_place)
        assert await storage.members.replay(await storage.tombstones.all()) == 0
        await storage.close()

    async def test_fault_41_an_old_database_beside_the_present_vault_loses_them_at_the_next_start(
        self, sqlite_place: Place
    ) -> None:
        storage = await opened(sqlite_place)
        for person in (PERSON, OTHER):
            await enroll(storage, person)
        await self.copied(sqlite_place)
        await storage.members.erase(PERSON, LATER)
        await storage.close()
        await self.restored(sqlite_place, vault=False)
        storage = await opened(sqlite_place)
        assert await storage.members.get(PERSON) is None
        assert await storage.members.get(OTHER) is not None
        await storage.close()

    async def test_an_old_vault_beside_the_present_database_loses_the_key(
        self, sqlite_place: Place, backups: Path
    ) -> None:
        storage = await opened(sqlite_place, backups)
        for person in (PERSON, OTHER):
            await enroll(storage, person)
        await self.copied(sqlite_place)
        shutil.copy(sqlite_place.folder / "aside" / "vault.db", sqlite_place.folder / "vault.db")
        await storage.members.erase(PERSON, LATER)
        await storage.close()
        for leftover in sqlite_place.data_dir.glob("vault.db*"):
            leftover.unlink()
        shutil.copy(sqlite_place.folder / "vault.db", sqlite_place.data_dir / "vault.db")
        storage = await opened(sqlite_place, backups)
        assert await storage.members.replay(await storage.tombstones.all()) == 1
        assert await keys_left(sqlite_place) == {OTHER}
        await storage.close()

    async def test_somebody_who_came_back_before_the_backup_stays(self, storage: Storage, place: Place) -> None:
        await enroll(storage, PERSON)
        await curate(storage, PERSON)
        await storage.members.erase(PERSON, NOW + DAY)
        back = replace(member(PERSON), consented_at=NOW + 2 * DAY)
        await storage.plans.save(back, [plan(PERSON)], NOW + 2 * DAY)
        await storage.members.set_preferences(PERSON, Preferences(streaks=True))
        await storage.asked.wish(wish(storage, PERSON, at=NOW + 2 * DAY))
        assert await storage.members.replay(await storage.tombstones.all()) == 0
        assert (await storage.members.preferences(PERSON)).streaks
        assert storage.traces.of(PERSON) in await names_left(place)

    async def test_of_one_who_is_only_traced_the_traces_go(self, storage: Storage, place: Place) -> None:
        await ask(storage, PERSON)
        await storage.asked.wish(wish(storage, PERSON))
        erased = {storage.tombstones.of(PERSON): LATER, storage.tombstones.of(OTHER): LATER}
        assert await storage.members.replay(erased) == 1
        assert await names_left(place) == set()
        assert await storage.asked.revealed(GUILD) == []

    async def test_each_row_is_judged_by_when_it_was_written(self, storage: Storage) -> None:
        """In every column that can hold a person: one from before the erasure is found, one from after it is not."""
        await enroll(storage, PERSON)
        await curate(storage, PERSON)
        signs = storage.tombstones.of(PERSON)
        assert await storage.members.replay({signs: NOW - DAY}) == 0
        assert await storage.members.get(PERSON) is not None
        assert await storage.members.replay({signs: NOW + 30 * DAY}) == 1


KILLED = """
import asyncio, os, pathlib, signal, sys
from bot.storage.vault import Vault
from tests.storage.places import Place

async def main(folder, url):
    storage = await Place(pathlib.Path(folder), url or None).open()
    destroy = Vault.destroy
    async def destroy_and_die(*arguments):
        await destroy(*arguments)
        os.kill(os.getpid(), signal.SIGKILL)
    Vault.destroy = destroy_and_die
    await storage.members.erase(1)

asyncio.run(main(*sys.argv[1:]))
"""


async def test_fault_50_an_erasure_that_was_killed_in_the_middle_is_ended_by_the_next_start(place: Place) -> None:
    storage = await place.open()
    await storage.entries.record(entry(await sent_prompt(storage)))
    await enroll(storage, 2)
    await storage.close()
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", KILLED, str(place.folder), place.url or "", cwd=ROOT
    )
    assert await process.wait() == -signal.SIGKILL
    assert set(await place.sql("SELECT id FROM member")) == {(1,), (2,)}
    assert await keys_left(place) == {2}
    storage = await place.open()
    assert await place.sql("SELECT id FROM member") == [(2,)]
    assert await place.sql("SELECT count(*) FROM entry") == [(0,)]
    await storage.close()


async def test_a_member_without_key_and_tombstone_is_left_alone(place: Place) -> None:
    """A vault that was lost is no erasure: what remains may still be mended."""
    storage = await place.open()
    await enroll(storage, 1)
    await storage.close()
    await place.sql(f"DELETE FROM {place.vault_schema}member_key", vault=True)  # noqa: S608
    storage = await place.open()
    assert await storage.members.get(1) is not None
    await storage.close()
