"""Making backups, and checking them: a backup has its name only after it was opened and counted."""

import asyncio
import sqlite3
import threading
from collections.abc import Generator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from sqlalchemy import URL

from bot.errors import ExitCode, StartupError
from bot.storage.backups import server
from bot.storage.backups.folder import Home, Kept, alone, backups_in, destroy, new_file, path_of, prune, scratch
from bot.storage.backups.sealed import About, BadBackup, Halt, Halted, Kind, content_of, header_of, write
from bot.storage.copies import Contents, copy_database, look_into, state_of
from bot.storage.files import make_private
from bot.storage.sealing import load_master_key, opens
from bot.storage.vault import PROBE, not_its_key

DAY = timedelta(days=1)


@dataclass(frozen=True)
class Checked:
    """A backup that was opened, and what is in it."""

    path: Path
    about: About
    contents: Contents
    size: int


@dataclass(frozen=True)
class Source:
    """What a backup is made of: a file, or a schema of a server. `revision` is known beforehand of the latter."""

    kind: Kind
    place: Path | URL
    revision: str


async def create(home: Home, now: datetime, halt: Halt = lambda: False) -> list[Checked]:
    """Back up the database and then the vault, also while a bot works on them: no answer without its key.

    Raises:
        StartupError: there is no database, the master key is missing or not that of the vault, the disk is full,
            another process is making one, or `pg_dump` is missing or too old. Nothing half is left behind.
        Halted: told to give up.
    """
    with _one_sentence(home.backups, halt):
        sources, vault_state = await _sources(home)
        master = load_master_key(home.key_file, create=False)
        _refuse_other_key(vault_state, master, home.key_file)
        return await asyncio.to_thread(_create, home, sources, master, now, halt)


async def _sources(home: Home) -> tuple[list[Source], Mapping[str, Any]]:
    """Database and vault, in the order in which they are to be copied, and the vault's one row.

    Raises:
        StartupError: there are none, or the server is out of reach.
    """
    if not home.on_sqlite:
        revision, state = await server.look_at(home.location)
        return [
            Source(Kind.DATABASE, home.location, revision),
            Source(Kind.VAULT, home.location, str(state["version"])),
        ], state
    for path in (home.database, home.vault):
        if not path.exists():
            raise StartupError(f"There is no {path}, so there is nothing to back up.", ExitCode.DATABASE)
    return [Source(Kind.DATABASE, home.database, ""), Source(Kind.VAULT, home.vault, "")], state_of(home.vault)


def _refuse_other_key(vault_state: Mapping[str, Any], master: bytes, key_file: Path) -> None:
    """A backup that is sealed with another key than its content would help nobody."""
    if vault_state.get("next_probe") is not None:
        raise StartupError(
            "The exchange of the master key was cut short. End it before making backups: spoonful keys rotate",
            ExitCode.CONFIG,
        )
    if not opens(master, PROBE, vault_state["probe"]):
        raise not_its_key(key_file)


async def create_if_due(home: Home, kept: Kept, now: datetime) -> list[Checked]:
    """Once a day: make backups and remove those that were kept for long enough. Empty if it is not time.

    Whoever stops waiting for this stops the work too.

    Raises:
        StartupError: as `create` does.
    """
    newest = [each.created for each in backups_in(home.backups)]
    if newest and now - DAY < max(newest) <= now:
        return []
    gave_up = threading.Event()
    try:
        made = await create(home, now, gave_up.is_set)
    except StartupError:
        # All the same: old ones must not outlive what members were promised.
        await asyncio.to_thread(clear, home, kept, now)
        raise
    finally:
        gave_up.set()
    await asyncio.to_thread(clear, home, kept, now)
    return made


def verify(home: Home, path: Path) -> Checked:
    """Open a backup in a scratch folder and look at all of it.

    Raises:
        BadBackup: it cannot be restored, and why.
        StartupError: there is no master key, no room, or no `pg_restore`.
    """
    master = load_master_key(home.key_file, create=False)
    with scratch(home.data_dir) as folder:
        return check(path, master, folder)


def clear(home: Home, kept: Kept, now: datetime) -> list[Path]:
    """Remove backups and other copies that were kept for long enough, and what crashes left; returns the files.

    Raises:
        StartupError: there is no master key, or another process is at work on the backups.
    """
    master = load_master_key(home.key_file, create=False)
    with alone(home.backups), scratch(home.data_dir) as folder:

        def is_good(path: Path) -> bool:
            with suppress(BadBackup):
                return bool(check(path, master, folder))
            return False

        return prune(home, kept, now, is_good)


def check(path: Path, master: bytes, folder: Path) -> Checked:
    """`verify` with the scratch folder at hand.

    Raises:
        BadBackup: it cannot be restored, and why.
    """
    about = header_of(path).about
    contents = _contents(path, about, master, folder)
    if contents.revision != about.revision:
        raise BadBackup(f"{path} is not what its beginning says: its tables are of revision {contents.revision}.")
    return Checked(path, about, contents, path.stat().st_size)


def unpack(path: Path, master: bytes, target: Path) -> None:
    """Write the content of an SQLite backup to a private file.

    Raises:
        BadBackup: it does not open, at the beginning or further on; what stands in `target` then is of no use.
        StartupError: the disk is full or fails.
    """
    target.unlink(missing_ok=True)
    make_private(target)
    try:
        with target.open("wb") as file:
            for chunk in content_of(path, master):
                file.write(chunk)
    except OSError as error:
        raise StartupError(
            f"{path} could not be opened in {target.parent}: {error.strerror}.", ExitCode.DATABASE
        ) from error


def _contents(path: Path, about: About, master: bytes, folder: Path) -> Contents:
    if about.engine == "postgresql":
        return server.contents_of(content_of(path, master), path)
    opened = folder / "opened.db"
    unpack(path, master, opened)
    try:
        return look_into(opened)
    except (sqlite3.Error, ValueError) as error:
        raise BadBackup(f"{path} holds a damaged database ({error}).") from error
    finally:
        destroy(opened)


def _create(home: Home, sources: list[Source], master: bytes, now: datetime, halt: Halt) -> list[Checked]:
    with alone(home.backups), scratch(home.data_dir) as folder:
        return [_make(source, path_of(home.backups, source.kind, now), now, master, folder, halt) for source in sources]


def _make(source: Source, path: Path, now: datetime, master: bytes, folder: Path, halt: Halt) -> Checked:
    with new_file(path) as file, _opened(source, folder, halt) as (revision, content, rows):
        about = About(
            kind=source.kind,
            engine="sqlite" if isinstance(source.place, Path) else "postgresql",
            revision=revision,
            created=now,
        )
        write(file, about, master, content, halt)
        file.flush()
        checked = check(Path(file.name), master, folder)
        if rows is not None and checked.contents != rows:
            raise BadBackup("What was written is not what was read.")
    return Checked(path, about, checked.contents, checked.size)


@contextmanager
def _opened(source: Source, folder: Path, halt: Halt) -> Generator[tuple[str, IO[bytes], Contents | None]]:
    """Revision, content, and what must be found in it where that is known."""
    if not isinstance(source.place, Path):
        with server.dumped(source.place, source.kind) as content:
            yield source.revision, content, None
        return
    copy = folder / "copy.db"
    copy_database(source.place, copy, halt)
    try:
        contents = look_into(copy)
        with copy.open("rb") as content:
            yield contents.revision or "", content, contents
    finally:
        destroy(copy)


@contextmanager
def _one_sentence(folder: Path, halt: Halt) -> Generator[None]:
    try:
        yield
    except (OSError, sqlite3.Error, ValueError) as error:
        if halt():
            raise Halted from None
        reason = (error.strerror if isinstance(error, OSError) else None) or error
        raise StartupError(
            f"The backup could not be made in {folder}: {reason}. Nothing half is left there.", ExitCode.DATABASE
        ) from error
