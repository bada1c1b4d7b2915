"""The master key is exchanged: whenever that is killed nothing is lost, and at the end the old key opens nothing."""

import asyncio
import errno
import io
import multiprocessing
import os
import random
import signal
import stat
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select, update

from bot import cli
from bot.errors import ExitCode, StartupError
from bot.storage import SealBroken, Storage, key_status
from bot.storage.backups.folder import backups_in, path_of
from bot.storage.backups.sealed import About, Kind, content_of, header_of, write
from bot.storage.rotation import KeyFiles
from bot.storage.sealing import new_key, opens, seal
from bot.storage.vault import PROBE, TRACES, key_context, member_key, vault_state
from tests.storage.curation_examples import ask, wish
from tests.storage.examples import NOW, enroll, entry, sent_prompt
from tests.storage.places import Place
from tests.storage.rotating import rotate_and_die, rotated

MEMBERS = range(1, 6)
NOTE = "a private note"
PROCESSES = multiprocessing.get_context("forkserver")
PROCESSES.set_forkserver_preload(["tests.storage.rotating"])


@dataclass(frozen=True)
class Wrapped:
    """Everything that a vault holds under its master key, with the place it is sealed for."""

    sealed: list[tuple[str, bytes]]

    @classmethod
    async def of(cls, place: Place) -> "Wrapped":
        db = place.vault()
        keys = [(key_context(row.member_id), row.wrapped) for row in await db.rows(select(member_key))]
        [state] = await db.rows(select(vault_state))
        await db.close()
        return cls([*keys, (PROBE, state.probe), (TRACES, state.trace_key)])

    def opened_by(self, key: bytes) -> int:
        return sum(opens(key, place, sealed) for place, sealed in self.sealed)

    def left_in(self, content: bytes) -> int:
        return sum(sealed in content for _, sealed in self.sealed)


@pytest.fixture
def backups(tmp_path: Path) -> Path:
    folder = tmp_path / "backups"
    folder.mkdir()
    return folder


def back_up(place: Place, folder: Path) -> None:
    """One file of each kind, as small as can be."""
    for kind in Kind:
        about = About(kind=kind, engine="sqlite", revision="1", created=NOW)
        with path_of(folder, kind, NOW).open("wb") as file:
            write(file, about, place.key_file.read_bytes(), io.BytesIO(kind.encode()), lambda: False)


async def fill(place: Place) -> None:
    storage = await place.open()
    for member_id in MEMBERS:
        await storage.entries.record(entry(await sent_prompt(storage, member_id), note=NOTE))
    await ask(storage, 1)
    await storage.asked.wish(wish(storage, 1))
    await storage.close()


@pytest.fixture
async def filled(place: Place) -> Place:
    await fill(place)
    return place


async def all_is_there(place: Place) -> None:
    storage = await place.open()
    for member_id in MEMBERS:
        [told] = await storage.entries.of_member(member_id)
        assert told.answers.note == NOTE
    assert await storage.asked.wishes() == [wish(storage, 1)]  # the traces are the same
    await storage.close()


async def starts_or_says_what_to_do(place: Place) -> bool:
    said = None
    try:
        await all_is_there(place)
    except StartupError as refusal:
        said = refusal
    assert said is None or ("spoonful keys rotate" in str(said) and said.code is ExitCode.CONFIG)
    return said is None


async def the_old_key_opens_nothing(place: Place, old: bytes, before: Wrapped, backups: Path) -> None:
    now, new = await Wrapped.of(place), place.key_file.read_bytes()
    assert (now.opened_by(old), now.opened_by(new)) == (0, len(now.sealed))
    assert before.left_in(place.raw_bytes()) == 0
    assert old not in b"".join(path.read_bytes() for path in place.folder.rglob("*") if path.is_file())
    for each in backups_in(backups):
        with pytest.raises(SealBroken):
            header_of(each.path).key_of_content(old)
        assert b"".join(content_of(each.path, new)) == each.kind.encode()
    assert [path.name for path in place.key_file.parent.iterdir()] == ["master.key"]
    assert stat.S_IMODE(place.key_file.stat().st_mode) == 0o600


async def test_everything_is_under_the_new_key_and_nothing_under_the_old(filled: Place, backups: Path) -> None:
    back_up(filled, backups)
    old, before = filled.key_file.read_bytes(), await Wrapped.of(filled)
    assert before.opened_by(old) == len(before.sealed)
    done = await rotated(filled, backups)
    assert (done.keys, done.broken, done.foreign, done.resumed) == (len(MEMBERS), 0, (), False)
    assert filled.key_file.read_bytes() != old
    await the_old_key_opens_nothing(filled, old, before, backups)
    await all_is_there(filled)


async def test_a_backup_of_the_vault_takes_the_former_key_along_sealed(filled: Place, backups: Path) -> None:
    back_up(filled, backups)
    old = filled.key_file.read_bytes()
    await rotated(filled, backups)
    await rotated(filled, backups)
    [vault] = [each for each in backups_in(backups) if each.kind is Kind.VAULT]
    assert header_of(vault.path).former_master(filled.key_file.read_bytes()) == old


async def test_on_the_server_what_was_written_over_is_gone_from_its_files(server_place: Place) -> None:
    await fill(server_place)
    [[folder]] = await server_place.sql("SHOW data_directory")
    [[database]] = await server_place.sql("SELECT oid FROM pg_database WHERE datname = current_database()")
    before = await Wrapped.of(server_place)

    async def files() -> bytes:
        await server_place.sql("CHECKPOINT")
        return b"".join(path.read_bytes() for path in (Path(folder) / "base" / str(database)).iterdir())

    assert before.left_in(await files()) == len(before.sealed)
    await rotated(server_place)
    assert before.left_in(await files()) == 0


class TestKilled:
    """Real processes, ended by SIGKILL."""

    def attempt(self, place: Place, backups: Path, fatal: int) -> int:
        """The exit code."""
        process = PROCESSES.Process(target=rotate_and_die, args=(place.folder, place.url, backups, fatal))
        process.start()
        process.join(60)
        assert process.exitcode is not None
        return process.exitcode

    async def test_fault_51_at_each_step_the_next_run_ends_it(self, filled: Place, backups: Path) -> None:
        started, steps = list[bool](), 0
        while True:
            back_up(filled, backups)
            old, before = filled.key_file.read_bytes(), await Wrapped.of(filled)
            code = await asyncio.to_thread(self.attempt, filled, backups, steps)
            if code == 0:
                break
            assert code == -signal.SIGKILL
            started.append(await starts_or_says_what_to_do(filled))
            done = await rotated(filled, backups)
            assert done.broken == 0
            # Where nothing had happened yet, or all of it had, this was an exchange of its own.
            await the_old_key_opens_nothing(filled, old, before, backups)
            await all_is_there(filled)
            steps += 3 if filled.url else 1  # what is done to files is the same
        await the_old_key_opens_nothing(filled, old, before, backups)
        assert steps > 20
        assert started[0]
        assert started.count(False) > len(started) / 3

    async def test_fault_51_killed_again_and_again_it_comes_to_its_end(self, filled: Place, backups: Path) -> None:
        chance = random.Random(51)  # noqa: S311 - the same every time
        for _ in range(3):
            back_up(filled, backups)
            old, before = filled.key_file.read_bytes(), await Wrapped.of(filled)
            codes = [-signal.SIGKILL]
            while codes[-1] != 0:
                codes.append(await asyncio.to_thread(self.attempt, filled, backups, chance.randrange(30)))
            assert set(codes) == {0, -signal.SIGKILL}
            await the_old_key_opens_nothing(filled, old, before, backups)
            await all_is_there(filled)


class TestRefused:
    async def refusal(self, place: Place) -> StartupError:
        before = place.key_file.read_bytes() if place.key_file.exists() else None
        with pytest.raises(StartupError) as caught:
            await rotated(place)
        assert (place.key_file.read_bytes() if place.key_file.exists() else None) == before
        return caught.value

    async def test_while_a_bot_runs(self, filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("bot.storage.presence.WAIT", "10ms")
        storage = await filled.open()
        assert (await self.refusal(filled)).code is ExitCode.BUSY
        await storage.close()
        await rotated(filled)

    async def test_no_bot_starts_while_it_goes_on(self, server_place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        await fill(server_place)
        monkeypatch.setattr("bot.storage.presence.WAIT", "10ms")
        refused: list[StartupError] = []
        exchange = KeyFiles.exchange

        def meanwhile(files: KeyFiles, new: bytes) -> None:
            refused.append(_open_in_another_thread(server_place))
            exchange(files, new)

        monkeypatch.setattr(KeyFiles, "exchange", meanwhile)
        await rotated(server_place)
        assert [each.code for each in refused] == [ExitCode.BUSY]

    async def test_with_the_key_of_another_vault(self, filled: Place) -> None:
        right = filled.key_file.read_bytes()
        filled.key_file.write_bytes(new_key())
        said = await self.refusal(filled)
        assert (said.code, "not the master key" in str(said)) == (ExitCode.CONFIG, True)
        filled.key_file.write_bytes(right)
        await all_is_there(filled)

    async def test_without_a_key_or_with_one_that_others_can_read(self, filled: Place) -> None:
        filled.key_file.chmod(0o640)
        assert "chmod 600" in str(await self.refusal(filled))
        filled.key_file.unlink()
        assert (await self.refusal(filled)).code is ExitCode.CONFIG

    async def test_where_there_is_no_vault(self, place: Place) -> None:
        assert "no keys" in str(await self.refusal(place))
        assert not (place.data_dir / "vault.db").exists()

    async def test_when_one_of_two_keys_was_lost_in_the_middle(self, filled: Place) -> None:
        await half_exchanged(filled)
        new = KeyFiles(filled.key_file).new
        kept = new.read_bytes()
        new.unlink()
        assert f"{new}" in str(await self.refusal(filled))
        new.write_bytes(kept)
        new.chmod(0o600)
        assert (await rotated(filled)).resumed
        await all_is_there(filled)

    async def test_half_exchanged_no_bot_starts_and_nothing_moves(self, filled: Place) -> None:
        await half_exchanged(filled)
        with pytest.raises(StartupError, match="spoonful keys rotate") as caught:
            await filled.open()
        assert caught.value.code is ExitCode.CONFIG

    async def test_into_a_folder_that_takes_no_files(self, filled: Place, monkeypatch: pytest.MonkeyPatch) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(os, "link", _refuse)
            said = await self.refusal(filled)
        assert (said.code, "nothing was changed" in str(said)) == (ExitCode.CONFIG, True)
        assert [path.name for path in filled.key_file.parent.iterdir()] == ["master.key"]
        await all_is_there(filled)


def _refuse(_old: Path, _new: Path) -> None:
    raise OSError(errno.EROFS, "Read-only file system")


async def test_a_running_bot_wraps_nothing_with_a_key_that_was_exchanged_behind_its_back(filled: Place) -> None:
    """Its presence on the server can end without its knowledge, when a connection breaks."""
    storage = await filled.open()
    await filled.sql(f"UPDATE {filled.vault_schema}vault_state SET probe = probe || probe", vault=True)  # noqa: S608
    with pytest.raises(SealBroken, match="exchanged"):
        await enroll(storage, 77)
    assert await storage.members.get(77) is None
    await storage.close()


async def test_fault_51_a_key_that_opens_with_neither_stays_as_it_is_and_stops_nobody_else(filled: Place) -> None:
    table = f"{filled.vault_schema}member_key"
    await filled.sql(f"UPDATE {table} SET wrapped = substr(wrapped, 1, 20) WHERE member_id = 2", vault=True)  # noqa: S608
    done = await rotated(filled)
    assert (done.keys, done.broken) == (len(MEMBERS) - 1, 1)
    storage = await filled.open()
    with pytest.raises(SealBroken):
        await storage.entries.of_member(2)
    for member_id in set(MEMBERS) - {2}:
        [told] = await storage.entries.of_member(member_id)
        assert told.answers.note == NOTE
    await storage.close()


async def test_a_vault_of_an_older_version_is_rotated_too(filled: Place) -> None:
    await filled.make_vault_older()
    old = filled.key_file.read_bytes()
    await rotated(filled)
    storage = await filled.open()
    assert len(await storage.entries.of_member(1)) == 1
    await storage.close()
    assert (await Wrapped.of(filled)).opened_by(old) == 0


async def test_of_a_link_the_file_behind_it_is_exchanged(sqlite_place: Place, tmp_path: Path) -> None:
    await fill(sqlite_place)
    behind = tmp_path / "behind" / "master.key"
    behind.parent.mkdir()
    sqlite_place.key_file.rename(behind)
    sqlite_place.key_file.symlink_to(behind)
    old = behind.read_bytes()
    await rotated(sqlite_place)
    assert sqlite_place.key_file.is_symlink()
    assert behind.read_bytes() != old
    await all_is_there(sqlite_place)


async def test_the_old_key_is_written_over_before_its_file_goes(
    sqlite_place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    await fill(sqlite_place)
    seen: list[bytes] = []
    unlink = os.unlink

    def look(path: Any, **more: Any) -> None:
        if str(path).endswith(".retired"):
            seen.append(Path(path).read_bytes())
        unlink(path, **more)

    monkeypatch.setattr(os, "unlink", look)
    await rotated(sqlite_place)
    assert seen == [bytes(32)]


async def test_ten_thousand_members_take_seconds(storage: Storage, place: Place) -> None:
    key = place.key_file.read_bytes()
    await storage.close()
    db = place.vault()
    rows = [{"member_id": each, "wrapped": seal(key, key_context(each), new_key())} for each in range(10_000)]
    await db.write(lambda connection: connection.execute(member_key.insert(), rows))
    await db.close()
    begun = time.monotonic()
    done = await rotated(place)
    assert done.keys == 10_000
    assert time.monotonic() - begun < 30  # about two on an idle machine


class TestStatus:
    async def test_it_tells_what_is_so_also_while_the_bot_runs(self, filled: Place) -> None:
        storage = await filled.open()
        found = await key_status(filled.url, filled.data_dir, filled.key_file)
        assert (found.fits, found.half_exchanged, found.keys) == (True, False, len(MEMBERS))
        await storage.close()
        filled.key_file.write_bytes(new_key())
        assert not (await key_status(filled.url, filled.data_dir, filled.key_file)).fits

    async def test_it_knows_older_vaults_and_changes_nothing(self, filled: Place) -> None:
        await filled.make_vault_older()
        assert (await key_status(filled.url, filled.data_dir, filled.key_file)).fits
        assert await filled.sql(f"SELECT version FROM {filled.vault_schema}vault_state", vault=True) == [(1,)]  # noqa: S608

    async def test_where_there_is_no_vault(self, place: Place) -> None:
        with pytest.raises(StartupError, match="no keys"):
            await key_status(place.url, place.data_dir, place.key_file)
        assert not place.data_dir.exists()


class TestCommands:
    @pytest.fixture
    async def place(self, place: Place, monkeypatch: pytest.MonkeyPatch) -> Place:
        await fill(place)
        monkeypatch.chdir(place.folder)
        settings = {"DATA_DIR": place.data_dir, "MASTER_KEY_FILE": place.key_file, "DATABASE_URL": place.url or ""}
        for name, value in settings.items():
            monkeypatch.setenv(f"SPOONFUL_{name}", str(value))
        return place

    def say(self, *arguments: str) -> int:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(sys, "argv", ["spoonful", "keys", *arguments])
            with pytest.raises(SystemExit) as ended:
                cli.main()
        return int(ended.value.code or 0)

    async def test_rotate_says_what_it_did_and_what_is_left_to_do(
        self, place: Place, capfd: pytest.CaptureFixture[str]
    ) -> None:
        old = place.key_file.read_bytes()
        assert await asyncio.to_thread(self.say, "rotate") == ExitCode.OK
        said = capfd.readouterr()
        assert said.out.startswith("The master key is exchanged: 5 members' keys")
        assert f"The new key is in {place.key_file}." in said.out
        assert said.err == ""
        assert place.key_file.read_bytes() != old

    async def test_status_has_an_exit_code_for_what_is_to_be_done(
        self, place: Place, capfd: pytest.CaptureFixture[str]
    ) -> None:
        assert await asyncio.to_thread(self.say, "status") == ExitCode.OK
        assert "The key fits." in capfd.readouterr().out
        await half_exchanged(place)
        assert await asyncio.to_thread(self.say, "status") == ExitCode.PROBLEMS_FOUND
        assert "spoonful keys rotate" in capfd.readouterr().out
        assert await asyncio.to_thread(self.say, "rotate") == ExitCode.OK
        assert capfd.readouterr().out.startswith("The exchange that was cut short is at its end: 5")
        place.key_file.write_bytes(new_key())
        assert await asyncio.to_thread(self.say, "status") == ExitCode.PROBLEMS_FOUND
        assert "not the master key" in capfd.readouterr().out

    async def test_rotate_ends_with_a_code_that_no_supervisor_restarts_on(
        self, place: Place, capfd: pytest.CaptureFixture[str]
    ) -> None:
        place.key_file.unlink()
        assert await asyncio.to_thread(self.say, "rotate") == ExitCode.CONFIG
        [sentence] = capfd.readouterr().err.splitlines()
        assert "put it back" in sentence


async def half_exchanged(place: Place) -> None:
    """Killed before the first key was wrapped anew."""
    db, key = place.vault(), KeyFiles(place.key_file).next()
    await db.run(update(vault_state).values(next_probe=seal(key, PROBE, b"")))
    await db.close()


def _open_in_another_thread(place: Place) -> StartupError:
    """This thread's loop is busy with the exchange."""
    found: list[StartupError] = []

    def run() -> None:
        try:
            asyncio.run(place.open())
        except StartupError as refusal:
            found.append(refusal)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    return found[0]
