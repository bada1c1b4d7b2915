"""Encryption: nothing readable at rest, and everything that does not fit fails closed."""

import asyncio
import os
import re
import stat
from pathlib import Path

import pytest

from bot.domain.journal import TreatmentMark
from bot.domain.members import Preferences, SafetyPlan
from bot.domain.plans import CheckIn, Reminder
from bot.domain.trends import Mark
from bot.errors import ExitCode, StartupError
from bot.storage import SealBroken, Storage
from bot.storage.sealing import KEY_BYTES, load_master_key, new_key, seal, unseal
from bot.storage.tables import metadata
from bot.storage.vault import SCHEMA_VERSION
from tests.storage.examples import NOW, TUESDAY, enroll, entry, member, plan, sent_prompt
from tests.storage.places import Place

MARKER = "a private marker text"
HEX = re.compile(r"x((?:[0-9a-f]{2})+)")
"""Bytes, as PostgreSQL writes them."""


def test_what_is_sealed_opens_only_with_its_key_and_at_its_place() -> None:
    key = new_key()
    sealed = seal(key, "here", b"text")
    assert unseal(key, "here", sealed) == b"text"
    assert seal(key, "here", b"text") != sealed
    for wrong_key, place in ((new_key(), "here"), (key, "there")):
        with pytest.raises(SealBroken):
            unseal(wrong_key, place, sealed)


def test_fault_51_every_cut_and_every_changed_bit_fails_closed() -> None:
    key = new_key()
    sealed = seal(key, "here", b"text")
    changed = [sealed[:at] + bytes([sealed[at] ^ 1]) + sealed[at + 1 :] for at in range(len(sealed))]
    cut = [sealed[:length] for length in range(len(sealed))]
    for broken in (*changed, *cut, sealed + b"x"):
        with pytest.raises(SealBroken) as caught:
            unseal(key, "here", broken)
        assert "text" not in str(caught.value)


class TestMasterKeyFile:
    def test_it_is_made_once_for_its_owner_alone(self, tmp_path: Path) -> None:
        path = tmp_path / "keys" / "master.key"
        key = load_master_key(path, create=True)
        assert len(key) == KEY_BYTES
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
        assert load_master_key(path, create=True) == key

    @pytest.mark.parametrize(("size", "mode"), [(0, 0o600), (31, 0o600), (33, 0o600), (32, 0o640), (32, 0o604)])
    def test_fault_51_a_wrong_size_or_other_readers_are_refused(self, tmp_path: Path, size: int, mode: int) -> None:
        path = tmp_path / "master.key"
        path.write_bytes(os.urandom(size))
        path.chmod(mode)
        with pytest.raises(StartupError, match=r"chmod 600|bytes, not 32") as caught:
            load_master_key(path, create=True)
        assert caught.value.code is ExitCode.CONFIG

    def test_fault_51_a_missing_one_is_not_made_up(self, tmp_path: Path) -> None:
        with pytest.raises(StartupError, match="No such file"):
            load_master_key(tmp_path / "master.key", create=False)


class TestOpening:
    """What happens at start when vault and master key do not belong together."""

    @pytest.fixture
    async def closed(self, place: Place) -> Place:
        """A place with a member and an entry, not open."""
        storage = await place.open()
        await storage.entries.record(entry(await sent_prompt(storage)))
        await storage.close()
        return place

    async def refused(self, place: Place) -> StartupError:
        with pytest.raises(StartupError) as caught:
            await place.open()
        return caught.value

    async def test_fault_51_another_master_key_is_refused(self, closed: Place) -> None:
        right = closed.key_file.read_bytes()
        closed.key_file.write_bytes(new_key())
        assert (await self.refused(closed)).code is ExitCode.CONFIG
        closed.key_file.write_bytes(right)
        storage = await closed.open()
        assert await storage.entries.latest(1, "pain")
        await storage.close()

    async def test_fault_51_a_missing_master_key_is_refused_and_not_replaced(self, closed: Place) -> None:
        closed.key_file.unlink()
        assert (await self.refused(closed)).code is ExitCode.CONFIG
        assert not closed.key_file.exists()

    async def test_fault_43_a_newer_vault_is_refused(self, closed: Place) -> None:
        await closed.sql(f"UPDATE {closed.vault_schema}vault_state SET version = {SCHEMA_VERSION + 1}", vault=True)  # noqa: S608
        assert (await self.refused(closed)).code is ExitCode.DATABASE


class TestOlderVault:
    """The first version of the vault had no key for traces."""

    @pytest.fixture
    async def older(self, place: Place) -> Place:
        storage = await place.open()
        await storage.entries.record(entry(await sent_prompt(storage)))
        await storage.close()
        await place.make_vault_older()
        return place

    async def test_it_is_brought_up_to_date_once_and_opens(self, older: Place) -> None:
        seen: set[str] = set()
        for _ in range(2):
            storage = await older.open()
            assert await storage.entries.latest(1, "pain")
            seen.add(storage.traces.of(1))
            await storage.close()
        assert len(seen) == 1
        table = f"{older.vault_schema}vault_state"
        assert await older.sql(f"SELECT version FROM {table}", vault=True) == [(SCHEMA_VERSION,)]  # noqa: S608 - our own names

    async def test_another_master_key_gives_it_no_key(self, older: Place) -> None:
        right = older.key_file.read_bytes()
        older.key_file.write_bytes(new_key())
        with pytest.raises(StartupError):
            await older.open()
        older.key_file.write_bytes(right)
        await (await older.open()).close()

    async def test_processes_that_start_at_once_agree_on_one_key(self, server_place: Place) -> None:
        await (await server_place.open()).close()
        await server_place.make_vault_older()
        opened = await asyncio.gather(*(server_place.open() for _ in range(4)))
        assert len({storage.traces.of(1) for storage in opened}) == 1
        for storage in opened:
            await storage.close()


class TestTampering:
    async def test_fault_51_swapped_and_cut_answers_fail_closed_and_alone(self, storage: Storage, place: Place) -> None:
        answers = [entry(await sent_prompt(storage, member_id), note=MARKER) for member_id in range(4)]
        for answer in answers:
            await storage.entries.record(answer)
        first, second, third, untouched = answers
        await self.swap(place, first.id, second.id)
        await place.sql(f"UPDATE entry SET sealed = substr(sealed, 1, 20) WHERE id = '{third.id}'")  # noqa: S608
        for broken in (first, second, third):
            with pytest.raises(SealBroken) as caught:
                await storage.entries.of_prompt(broken.prompt_id)
            assert MARKER not in str(caught.value)
        assert await storage.entries.of_prompt(untouched.prompt_id) == untouched

    async def swap(self, place: Place, one: str, other: str) -> None:
        await place.sql("CREATE TABLE copy AS SELECT id, sealed FROM entry")
        for mine, its in ((one, other), (other, one)):
            taken = f"SELECT sealed FROM copy WHERE id = '{its}'"  # noqa: S608
            await place.sql(f"UPDATE entry SET sealed = ({taken}) WHERE id = '{mine}'")  # noqa: S608
        await place.sql("DROP TABLE copy")

    async def test_fault_51_swapped_keys_fail_closed(self, storage: Storage, place: Place) -> None:
        answer = entry(await sent_prompt(storage, 1))
        await storage.entries.record(answer)
        await enroll(storage, 2)
        table = f"{place.vault_schema}member_key"
        await place.sql(
            f"UPDATE {table} SET wrapped = (SELECT wrapped FROM {table} WHERE member_id = 2) WHERE member_id = 1",  # noqa: S608
            vault=True,
        )
        with pytest.raises(SealBroken):
            await storage.entries.of_prompt(answer.prompt_id)


PURPOSES = (Reminder(text=MARKER), CheckIn(questionnaire="marked-questions"))


async def tell_everything(storage: Storage) -> None:
    """A member with the marker in each thing that they can say."""
    await storage.entries.record(entry(await sent_prompt(storage), note=MARKER))
    plans = [plan(1, purpose=purpose, plan_id=purpose.kind) for purpose in PURPOSES]
    await storage.plans.save(member(), plans, NOW)
    await storage.members.set_preferences(1, Preferences(safety=SafetyPlan(text=MARKER)))
    await storage.marks.add([TreatmentMark("mark", 1, Mark(MARKER, TUESDAY))])


async def test_fault_52_nothing_they_said_is_readable_in_any_file(sqlite_place: Place) -> None:
    storage = await sqlite_place.open()
    await tell_everything(storage)
    assert (sqlite_place.data_dir / "spoonful.db-wal").stat().st_size > 0  # the log counts too
    assert MARKER.encode() not in sqlite_place.raw_bytes()
    await storage.close()
    left = sqlite_place.raw_bytes()
    for said in (MARKER, '"pain"', "marked-questions", 'reminder"'):
        assert said.encode() not in left


async def test_fault_52_nothing_they_said_is_readable_on_the_server(server_place: Place) -> None:
    storage = await server_place.open()
    await tell_everything(storage)
    assert [each.purpose for each in await storage.plans.of_member(1)] == [PURPOSES[1], CheckIn(), PURPOSES[0]]
    await storage.close()
    for table in metadata.tables:
        [[rows]] = await server_place.sql(f"SELECT string_agg({table}::text, '') FROM {table}")  # noqa: S608
        readable = rows and rows + "".join(bytes.fromhex(each).decode("latin-1") for each in HEX.findall(rows))
        for said in (MARKER, '"pain"', "marked-questions"):
            assert said not in (readable or "")


async def test_fault_52_after_erasure_the_key_is_in_no_file(sqlite_place: Place) -> None:
    storage = await sqlite_place.open()
    answer = entry(await sent_prompt(storage))
    await storage.entries.record(answer)
    [[wrapped]] = await sqlite_place.sql("SELECT wrapped FROM member_key", vault=True)
    [[sealed]] = await sqlite_place.sql("SELECT sealed FROM entry")
    assert wrapped in sqlite_place.raw_bytes()
    assert sealed in sqlite_place.raw_bytes()
    await storage.members.erase(1)
    left = sqlite_place.raw_bytes()
    await storage.close()
    for gone in (wrapped, sealed, answer.id.encode()):
        assert gone not in left


async def test_fault_41_an_old_backup_of_an_erased_member_stays_unreadable(sqlite_place: Place) -> None:
    storage = await sqlite_place.open()
    answer = entry(await sent_prompt(storage))
    await storage.entries.record(answer)
    backup = sqlite_place.folder / "backup.db"
    await sqlite_place.sql(f"VACUUM INTO '{backup}'")
    await storage.members.erase(1)
    await sqlite_place.sql("DELETE FROM tombstone", vault=True)
    await storage.close()
    backup.replace(sqlite_place.file)
    storage = await sqlite_place.open()
    with pytest.raises(SealBroken):
        await storage.entries.of_prompt(answer.prompt_id)
    assert await storage.members.erase(1)
    await storage.close()


async def test_only_the_owner_can_read_the_data(sqlite_place: Place) -> None:
    storage = await sqlite_place.open()
    await enroll(storage)
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in sqlite_place.data_dir.iterdir()}
    await storage.close()
    assert modes.keys() >= {"spoonful.db", "spoonful.db-wal", "spoonful.db-shm", "vault.db", "vault.db-wal"}
    assert set(modes.values()) == {0o600}
    assert stat.S_IMODE(sqlite_place.data_dir.stat().st_mode) == 0o700


async def test_a_file_that_others_could_read_is_closed_to_them(sqlite_place: Place) -> None:
    await (await sqlite_place.open()).close()
    sqlite_place.file.chmod(0o644)
    await (await sqlite_place.open()).close()
    assert stat.S_IMODE(sqlite_place.file.stat().st_mode) == 0o600
