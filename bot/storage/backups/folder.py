"""The backup folder: names, what is in it, writing that is whole or nothing, and what goes when it is old."""

import os
import shutil
from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import IO

from sqlalchemy import URL

from bot.errors import ExitCode, StartupError
from bot.storage.backups.sealed import BadBackup, Header, Kind, header_of
from bot.storage.connect import file_of, is_sqlite, locate
from bot.storage.files import FileLock
from bot.storage.sealing import sync_folder

NAMES = {Kind.DATABASE: "spoonful", Kind.VAULT: "vault"}
SUFFIX = ".backup"
UNFINISHED = ".unfinished"
SCRATCH = "backup-scratch"
ASIDE = ".before-restore-"
"""Between the name of a file that a restore replaced and the moment it did."""

_STAMP = "%Y%m%dT%H%M%SZ"


@dataclass(frozen=True)
class Home:
    """Where a community's data is, and the folder of its backups. Without a URL it is the file in the data folder."""

    url: str | None
    data_dir: Path
    key_file: Path
    backups: Path

    @property
    def location(self) -> URL:
        return locate(self.url, self.data_dir)

    @property
    def on_sqlite(self) -> bool:
        return is_sqlite(self.location)

    @property
    def database(self) -> Path:
        """The database file; only where there is one."""
        return file_of(self.location)

    @property
    def vault(self) -> Path:
        return self.data_dir.absolute() / "vault.db"


@dataclass(frozen=True)
class Kept:
    """For how long backups are kept. None of either kind goes before there is a newer one that is good."""

    database: timedelta
    vault: timedelta

    def of(self, kind: Kind) -> timedelta:
        return self.database if kind is Kind.DATABASE else self.vault


@dataclass(frozen=True)
class BackupFile:
    """A file that by its name is a backup; whether it is a good one, only opening it tells."""

    path: Path
    kind: Kind
    created: datetime


def stamp(moment: datetime) -> str:
    """As in the names of files: 20261123T031500Z."""
    return moment.astimezone(UTC).strftime(_STAMP)


def _moment(text: str) -> datetime | None:
    try:
        return datetime.strptime(text, _STAMP).replace(tzinfo=UTC)
    except ValueError:
        return None


def path_of(folder: Path, kind: Kind, created: datetime) -> Path:
    return folder / f"{NAMES[kind]}-{stamp(created)}{SUFFIX}"


def backups_in(folder: Path) -> list[BackupFile]:
    """Newest first; what has another name is not ours."""
    found = [
        BackupFile(path, kind, created)
        for kind, name in NAMES.items()
        for path in folder.glob(f"{name}-*{SUFFIX}")
        if (created := _moment(path.name.removeprefix(f"{name}-").removesuffix(SUFFIX)))
    ]
    return sorted(found, key=lambda each: (each.created, each.path.name), reverse=True)


@contextmanager
def alone(folder: Path) -> Generator[None]:
    """The right to write backups into a folder and to remove some; what an earlier process left unfinished goes.

    Raises:
        StartupError: another process has it, or the folder cannot be made.
    """
    with _locked(folder / "backups"):
        for path in folder.glob(f"*{UNFINISHED}"):
            path.unlink()
        yield


@contextmanager
def scratch(parent: Path, name: str = SCRATCH) -> Generator[Path]:
    """An empty private folder for open copies, beside the data: those are as open as the database itself.

    Afterwards, or by the next one after a crash, the files are written over before they are removed, as far as the
    disk lets that mean something.

    Raises:
        StartupError: another process is at it, or the folder cannot be made.
    """
    with _locked(parent.absolute() / name):
        folder = parent.absolute() / name
        _destroy(folder)
        folder.mkdir(mode=0o700)
        try:
            yield folder
        finally:
            _destroy(folder)


@contextmanager
def new_file(path: Path) -> Generator[IO[bytes]]:
    """A private file that is there, whole and on disk, once this ends well; and otherwise not at all."""
    unfinished = path.with_name(path.name + UNFINISHED)
    try:
        os.close(os.open(unfinished, os.O_CREAT | os.O_EXCL, 0o600))
        with unfinished.open("r+b") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        unfinished.rename(path)
    except BaseException:
        unfinished.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def destroy(path: Path) -> None:
    """Write over a file, and remove it."""
    with path.open("r+b") as file:
        left = path.stat().st_size
        while left > 0:
            left -= file.write(bytes(min(left, 1024 * 1024)))
        file.flush()
        os.fsync(file.fileno())
    path.unlink()


def prune(home: Home, kept: Kept, now: datetime, is_good: Callable[[Path], bool]) -> list[Path]:
    """Remove what has been kept for long enough; returns the files.

    Besides backups these are the copies that migrations and restores put aside. A backup stays while there is no newer
    one of its kind that `is_good`.
    """
    gone = [*_old_backups(home.backups, kept, now, is_good)]
    if home.on_sqlite:
        gone += _old_copies(home.database, kept.database, now)
        gone += _old_copies(home.vault, kept.vault, now)
    for path in gone:
        path.unlink(missing_ok=True)
    return gone


def _old_backups(folder: Path, kept: Kept, now: datetime, is_good: Callable[[Path], bool]) -> Iterator[Path]:
    found = backups_in(folder)
    for kind in Kind:
        of_kind = [each for each in found if each.kind is kind]
        if of_kind and of_kind[-1].created < now - kept.of(kind):
            newest_good = next((each for each in of_kind if is_good(each.path)), None)
            for each in of_kind:
                if newest_good and each.created < min(newest_good.created, now - kept.of(kind)):
                    yield each.path


def _old_copies(database: Path, kept: timedelta, now: datetime) -> Iterator[Path]:
    for path in database.parent.glob(f"{database.name}.before-*"):
        _, aside, rest = path.name.partition(ASIDE)
        moment = _moment(rest.removesuffix("-wal")) if aside else datetime.fromtimestamp(path.stat().st_mtime, UTC)
        if moment and moment < now - kept:
            yield path


def headers_in(folder: Path) -> Iterator[tuple[Path, Header]]:
    """Every backup in a folder whose beginning can be read."""
    for each in backups_in(folder):
        with suppress(BadBackup):
            yield each.path, header_of(each.path)


def _destroy(folder: Path) -> None:
    if folder.exists():
        for path in folder.rglob("*"):
            if path.is_file() and not path.is_symlink():
                destroy(path)
        shutil.rmtree(folder)


@contextmanager
def _locked(name: Path) -> Generator[None]:
    try:
        lock = FileLock(name)
    except StartupError as error:
        if error.code is not ExitCode.BUSY:
            raise
        raise StartupError(
            f"Another process is at work on backups in {name.parent}. Try again when it is done.", ExitCode.BUSY
        ) from None
    with lock:
        yield
