"""The file of a backup and the folder it is in, without a database."""

import io
import tracemalloc
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.errors import ExitCode, StartupError
from bot.storage.backups.folder import (
    Home,
    Kept,
    alone,
    backups_in,
    destroy,
    new_file,
    path_of,
    prune,
    scratch,
    stamp,
)
from bot.storage.backups.keys import rewrap
from bot.storage.backups.sealed import CHUNK, About, BadBackup, Halted, Kind, content_of, header_of, write
from bot.storage.sealing import new_key

NOW = datetime(2026, 11, 23, 3, 15, 20, 5, UTC)
MASTER = b"m" * 32
SEALED = CHUNK + 16
CONTENT = bytes(range(256)) * 4096 * 3 + b"the end"


def about(kind: Kind = Kind.DATABASE) -> About:
    return About(kind=kind, engine="sqlite", revision="0007", created=NOW)


def sealed(content: bytes = CONTENT, kind: Kind = Kind.DATABASE, master: bytes = MASTER) -> bytes:
    file = io.BytesIO()
    write(file, about(kind), master, io.BytesIO(content), lambda: False)
    return file.getvalue()


@pytest.fixture(scope="module")
def good() -> bytes:
    """A header, three whole chunks and a short one."""
    return sealed()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "it.backup"


def refusal(path: Path, content: bytes, master: bytes = MASTER) -> str:
    path.write_bytes(content)
    with pytest.raises(BadBackup) as caught:
        list(content_of(path, master))
    assert str(path) in str(caught.value)
    return str(caught.value)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_what_was_sealed_comes_out(path: Path, size: int) -> None:
    path.write_bytes(sealed(CONTENT[:size]))
    assert b"".join(content_of(path, MASTER)) == CONTENT[:size]
    assert header_of(path).about == about()


def test_no_two_files_are_alike_and_none_shows_its_content(good: bytes) -> None:
    assert sealed() != good
    assert b"the end" not in good
    assert CONTENT[:64] not in good


def head(good: bytes) -> int:
    return len(good) - len(CONTENT) - 4 * 16


@pytest.mark.parametrize("chunks", [0, 1, 2, 3])
def test_a_file_that_ends_between_two_chunks_is_refused(good: bytes, path: Path, chunks: int) -> None:
    assert "cut off" in refusal(path, good[: head(good) + chunks * SEALED])


@pytest.mark.parametrize("cut", [1, 8, 17, 18, 20, 60, 300, 400, CHUNK, 2 * CHUNK + 77])
def test_a_file_that_ends_anywhere_else_is_refused(good: bytes, path: Path, cut: int) -> None:
    refusal(path, good[:cut])


@given(data=st.data())
def test_a_file_with_one_bit_changed_is_refused(
    good: bytes, tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    place = data.draw(st.integers(0, head(good) + 40) | st.integers(0, len(good) - 1))
    changed = bytearray(good)
    changed[place] ^= 1 << data.draw(st.integers(0, 7))
    refusal(tmp_path_factory.getbasetemp() / "flipped.backup", bytes(changed))


def chunk(file: bytes, number: int) -> slice:
    start = head(file) + number * SEALED
    return slice(start, start + SEALED)


def swapped(good: bytes) -> bytes:
    start = head(good)
    return good[:start] + good[chunk(good, 1)] + good[chunk(good, 0)] + good[start + 2 * SEALED :]


def repeated(good: bytes) -> bytes:
    start = head(good)
    return good[: start + SEALED] + good[chunk(good, 0)] + good[start + 2 * SEALED :]


def from_another(good: bytes) -> bytes:
    start = head(good)
    return good[:start] + sealed()[chunk(good, 0)] + good[start + SEALED :]


def headed_by_another(good: bytes) -> bytes:
    return sealed()[: head(good)] + good[head(good) :]


def renamed(good: bytes) -> bytes:
    return good.replace(b'"kind":"database"', b'"kind":"vault"   ')


def redated(good: bytes) -> bytes:
    return good.replace(b"2026-11-23", b"2026-11-24")


def longer(good: bytes) -> bytes:
    return good + good[chunk(good, 0)]


@pytest.mark.parametrize("change", [swapped, repeated, from_another, headed_by_another, renamed, redated, longer])
def test_a_file_put_together_otherwise_is_refused(good: bytes, path: Path, change: Callable[[bytes], bytes]) -> None:
    assert change(good) != good
    assert "changed" in refusal(path, change(good))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not a backup of Spoonful"),
        (b"SQLite format 3\0" + bytes(5000), "not a backup of Spoonful"),
        (b"spoonful backup 2\nand so on", "made by a newer Spoonful"),
        (b"spoonful backup 1\n" + b"\xff" * 100, "beginning cannot be read"),
        (b"spoonful backup 1\n\0\0\0\x02{}", "beginning cannot be read"),
    ],
)
def test_something_else_is_refused(path: Path, content: bytes, said: str) -> None:
    assert said in refusal(path, content)


def test_a_missing_file_is_refused(path: Path) -> None:
    with pytest.raises(BadBackup, match="No such file"):
        header_of(path)


def test_another_master_key_opens_nothing(good: bytes, path: Path) -> None:
    assert "does not open with this master key" in refusal(path, good, new_key())


def test_neither_way_takes_more_memory_than_a_few_chunks(path: Path, tmp_path: Path) -> None:
    content = tmp_path / "content"
    with content.open("wb") as file:
        file.truncate(64 * CHUNK)
    tracemalloc.start()
    with content.open("rb") as source, new_file(path) as file:
        write(file, about(), MASTER, source, lambda: False)
    assert sum(len(each) for each in content_of(path, MASTER)) == 64 * CHUNK
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 8 * CHUNK


def test_told_to_give_up_it_leaves_no_file(path: Path) -> None:
    asked = iter([False, True])
    with pytest.raises(Halted), new_file(path) as file:
        write(file, about(), MASTER, io.BytesIO(CONTENT), lambda: next(asked))
    assert list(path.parent.iterdir()) == []


class TestAfterAnExchangeOfTheMasterKey:
    NEW = b"n" * 32

    @pytest.fixture
    def folder(self, tmp_path: Path, good: bytes) -> Path:
        path_of(tmp_path, Kind.DATABASE, NOW).write_bytes(good)
        path_of(tmp_path, Kind.VAULT, NOW).write_bytes(sealed(kind=Kind.VAULT))
        return tmp_path

    def test_every_backup_opens_with_the_new_key_alone(self, folder: Path) -> None:
        assert rewrap(folder, MASTER, self.NEW).done == 2
        for each in backups_in(folder):
            assert b"".join(content_of(each.path, self.NEW)) == CONTENT
            assert "does not open" in refusal(each.path, each.path.read_bytes())
            assert each.path.stat().st_mode & 0o777 == 0o600

    def test_only_the_vault_remembers_which_key_its_content_is_under(self, folder: Path) -> None:
        rewrap(folder, MASTER, self.NEW)
        rewrap(folder, self.NEW, b"3" * 32)
        former = {each.kind: header_of(each.path).former_master(b"3" * 32) for each in backups_in(folder)}
        assert former == {Kind.DATABASE: None, Kind.VAULT: MASTER}

    def test_a_repeat_goes_on_and_leaves_what_is_done(self, folder: Path) -> None:
        first, second = (each.path for each in backups_in(folder))
        second.rename(folder / "away")
        rewrap(folder, MASTER, self.NEW)
        (folder / "away").rename(second)
        done = first.stat().st_ino
        assert rewrap(folder, MASTER, self.NEW).done == 2
        assert first.stat().st_ino == done
        assert b"".join(content_of(second, self.NEW)) == CONTENT

    def test_files_of_other_keys_and_no_files_at_all_stay_as_they_are(self, folder: Path) -> None:
        foreign = path_of(folder, Kind.DATABASE, NOW + timedelta(days=1))
        foreign.write_bytes(sealed(master=new_key()))
        damaged = path_of(folder, Kind.DATABASE, NOW + timedelta(days=2))
        damaged.write_bytes(b"damaged")
        before = foreign.read_bytes()
        found = rewrap(folder, MASTER, self.NEW)
        assert (found.done, found.foreign) == (2, (foreign,))
        assert (foreign.read_bytes(), damaged.read_bytes()) == (before, b"damaged")


def test_names_tell_kind_and_time(tmp_path: Path) -> None:
    names = ["spoonful-20261123T031520Z.backup", "vault-20261122T031520Z.backup"]
    others = ["spoonful-yesterday.backup", "vault-20261122T031520Z.backup.unfinished", "tombstones", "x.backup"]
    for name in (*names, *others):
        (tmp_path / name).touch()
    found = backups_in(tmp_path)
    assert [each.path.name for each in found] == names
    assert [each.kind for each in found] == [Kind.DATABASE, Kind.VAULT]
    assert stamp(found[0].created) == "20261123T031520Z"
    assert backups_in(tmp_path / "nowhere") == []


def half_of_it() -> Iterator[bytes]:
    yield b"half"
    raise OSError(28, "full")


def test_a_new_file_is_private_and_whole_or_not_there(path: Path) -> None:
    with pytest.raises(OSError, match="full"), new_file(path) as file:
        file.writelines(half_of_it())
    assert list(path.parent.iterdir()) == []
    with new_file(path) as file:
        file.write(b"whole")
        assert not path.exists()
    assert path.read_bytes() == b"whole"
    assert path.stat().st_mode & 0o777 == 0o600


def test_only_one_works_on_a_folder_and_clears_up_after_one_that_died(tmp_path: Path) -> None:
    folder = tmp_path / "backups"
    with alone(folder):
        assert folder.stat().st_mode & 0o777 == 0o700
        (folder / "spoonful-20261123T031520Z.backup.unfinished").touch()
        with pytest.raises(StartupError, match="Another process is at work") as caught, alone(folder):
            pass
        assert caught.value.code is ExitCode.BUSY
    with alone(folder):
        assert [each.name for each in folder.iterdir()] == ["backups.lock"]


def test_scratch_is_private_and_empty_also_after_one_that_died(tmp_path: Path) -> None:
    left = tmp_path / "backup-scratch" / "data" / "copy.db"
    left.parent.mkdir(parents=True)
    left.write_bytes(b"secret" * 1000)
    second_name = tmp_path / "second name"
    second_name.hardlink_to(left)
    with scratch(tmp_path) as folder:
        assert list(folder.iterdir()) == []
        assert folder.stat().st_mode & 0o777 == 0o700
        assert second_name.read_bytes() == bytes(6000)  # it was written over before it went
        (folder / "open.db").write_bytes(b"secret")
        with pytest.raises(StartupError, match="Another process"), scratch(tmp_path):
            pass
    assert not folder.exists()


def test_destroying_writes_over_all_of_a_long_file(path: Path) -> None:
    path.write_bytes(b"x" * (CHUNK + 1))
    second_name = path.with_name("second name")
    second_name.hardlink_to(path)
    destroy(path)
    assert not path.exists()
    assert second_name.read_bytes() == bytes(CHUNK + 1)


class TestPruning:
    KEPT = Kept(timedelta(days=30), timedelta(days=7))

    @pytest.fixture
    def home(self, tmp_path: Path) -> Home:
        data = tmp_path / "data"
        (data / "backups").mkdir(parents=True)
        for name in ("spoonful.db", "vault.db"):
            (data / name).touch()
        return Home(None, data, data / "master.key", data / "backups")

    @staticmethod
    def put(home: Home, kind: Kind, *days_ago: float) -> list[Path]:
        paths = [path_of(home.backups, kind, NOW - timedelta(days=each)) for each in days_ago]
        for path in paths:
            path.touch()
        return paths

    def test_each_kind_goes_when_its_time_is_over(self, home: Home) -> None:
        old = self.put(home, Kind.DATABASE, 30.1, 45) + self.put(home, Kind.VAULT, 7.1, 30)
        self.put(home, Kind.DATABASE, 0, 29.9)
        self.put(home, Kind.VAULT, 0, 6.9)
        assert set(prune(home, self.KEPT, NOW, lambda _path: True)) == set(old)
        assert len(backups_in(home.backups)) == 4

    def test_the_newest_good_one_stays_however_old_it_is(self, home: Home) -> None:
        good, older = self.put(home, Kind.DATABASE, 50, 51)
        damaged = self.put(home, Kind.DATABASE, 0, 40)
        vaults = self.put(home, Kind.VAULT, 100, 101)
        gone = prune(home, self.KEPT, NOW, lambda path: path not in damaged)
        assert set(gone) == {older, vaults[1]}
        assert {each.path for each in backups_in(home.backups)} == {*damaged, good, vaults[0]}

    def test_nothing_goes_while_none_is_good(self, home: Home) -> None:
        self.put(home, Kind.DATABASE, 40, 50)
        assert prune(home, self.KEPT, NOW, lambda _path: False) == []

    def test_none_is_opened_while_none_is_old(self, home: Home) -> None:
        self.put(home, Kind.DATABASE, 0, 1, 2)
        assert prune(home, self.KEPT, NOW, lambda _path: pytest.fail("opened")) == []

    def test_copies_that_upgrades_and_restores_put_aside_go_too(self, home: Home) -> None:
        now = datetime.now(UTC)
        snapshot = home.data_dir / "spoonful.db.before-0006"
        snapshot.touch()
        aside = {
            name: [
                home.data_dir / f"{name}.before-restore-{stamp(now - timedelta(days=days))}{suffix}"
                for days in (1, 8, 31)
                for suffix in ("", "-wal")
            ]
            for name in ("spoonful.db", "vault.db")
        }
        for each in (*aside["spoonful.db"], *aside["vault.db"]):
            each.touch()
        gone = prune(home, self.KEPT, now, lambda _path: True)
        assert set(gone) == {*aside["spoonful.db"][4:], *aside["vault.db"][2:]}
        gone = prune(home, self.KEPT, now + timedelta(days=31), lambda _path: True)
        assert snapshot in gone
        assert {each.name for each in home.data_dir.iterdir()} == {"backups", "spoonful.db", "vault.db"}
