"""Putting a backup back. Everything is done to a copy that no bot can see; only then does it take the place.

The order: open and check; bring it to this version's schema; erase again who was erased since; remove those whose key
is gone; leave the past behind; and only then exchange the files. What they replace stays aside for some days.
"""

import os
import shutil
import sqlite3
from collections.abc import Mapping, Sequence
from contextlib import AsyncExitStack, closing, suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import delete, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ExitCode, StartupError
from bot.storage.backups import server
from bot.storage.backups.folder import ASIDE, Home, backups_in, scratch, stamp
from bot.storage.backups.making import Checked, check, unpack
from bot.storage.backups.past import pass_over
from bot.storage.backups.sealed import BadBackup, Kind, content_of, header_of
from bot.storage.copies import copy_database, look_into
from bot.storage.engine import Database, put
from bot.storage.erasure import forget
from bot.storage.files import FileLock
from bot.storage.members import MemberStore
from bot.storage.migrate import refuse_newer, upgrade
from bot.storage.presence import ServerLock
from bot.storage.rotation import Exchange
from bot.storage.sealing import load_master_key, sync_folder
from bot.storage.tables import bot_state, members
from bot.storage.tombstones import Erased, TombstoneStore, in_file, in_table
from bot.storage.vault import Vault, prepare, refuse_newer_vault

RESTORING = "restoring"
"""On a server, in the database from its first row to the last step: until then no bot may use it."""

BATCH = 500


@dataclass(frozen=True)
class Restored:
    """What was put back, and what was done to it. Either backup is None if that part stayed as it was."""

    database: Checked | None
    vault: Checked | None
    passed_over: Sequence[str]
    upgraded_from: str | None
    erased: int
    keyless: int
    missed: int
    aside: Sequence[Path]
    rows: Mapping[str, int]

    @property
    def account(self) -> Sequence[str]:
        """What was done, in plain words, a line each."""
        said = [*(f"Passed over: {each}" for each in self.passed_over)]
        if self.database:
            members, entries = self.rows.get("member", 0), self.rows.get("entry", 0)
            said.append(f"The database is that of {_when(self.database)}: {members:,} members, {entries:,} entries.")
        said.append(f"The keys are those of {_when(self.vault)}." if self.vault else "The keys stayed as they were.")
        if self.upgraded_from:
            said.append(f"It was brought from revision {self.upgraded_from} to that of this version.")
        if self.erased:
            said.append(f"Erased again: {self.erased:,} people who had been erased since.")
        if self.keyless:
            said.append(f"Removed: {self.keyless:,} members whose keys are gone, so nobody could read what they wrote.")
        if self.missed:
            said.append(f"Marked as missed, and not sent: {self.missed:,} prompts that were due before now.")
        said += [f"What was there before is in {path} until it is pruned." for path in self.aside]
        return [*said, "The bot can be started."]


@dataclass(frozen=True)
class _Chosen:
    database: Checked | None
    vault: Checked | None
    passed_over: Sequence[str] = ()


@dataclass(frozen=True)
class _Settled:
    upgraded_from: str | None
    erased: int
    keyless: int
    missed: int


async def restore(home: Home, files: Sequence[Path], now: datetime, *, without_keys: bool = False) -> Restored:
    """Put backups in the place of the database, or of the vault, or of both.

    Without `files` it is the newest database that opens. Its keys are those of the vault that is there; where there is
    none, or a damaged one, of the newest backup of the vault. On a server it is always both, into an empty database.
    `without_keys` restores also when the keys of most members are gone, and what they wrote with them.

    Raises:
        BadBackup: a file cannot be restored, and why.
        StartupError: a bot is running; there is no backup or no master key; a newer version made it; the keys of most
            members are missing; or the disk fails. What was there is as it was.
    """
    restoring = _restore_files if home.on_sqlite else _restore_server
    try:
        return await restoring(home, files, now, without_keys=without_keys)
    except (OSError, sqlite3.Error, DBAPIError) as error:
        reason = type(error.orig).__name__ if isinstance(error, DBAPIError) else error
        raise StartupError(
            f"The restore broke off ({reason}). Nothing is lost: what was there is in its place or beside it.",
            ExitCode.DATABASE,
        ) from error


async def refuse_half_restored(db: Database) -> None:
    """To be asked before a bot works on a database.

    Raises:
        StartupError: a restore into it broke off.
    """
    if await db.row(select(bot_state.c.name).where(bot_state.c.name == RESTORING)):
        raise StartupError(
            "The restore into this database broke off. Restore once more, into an empty one.", ExitCode.DATABASE
        )


async def _restore_files(home: Home, files: Sequence[Path], now: datetime, *, without_keys: bool) -> Restored:
    master = load_master_key(home.key_file, create=False)
    with FileLock(home.database), FileLock(home.vault), scratch(home.database.parent) as folder:
        has_vault = _is_sound(home.vault)
        chosen = _choose(home, files, master, folder, has_vault=has_vault)
        staged = replace(home, url=None, data_dir=folder)
        before = await _tombstones(home.vault, folder)
        _stage(chosen.database, home.database, staged.database, master)
        _stage(chosen.vault, home.vault, staged.vault, master)
        settled = await _settle(staged, chosen, before, master, now, without_keys=without_keys)
        rows = look_into(staged.database).rows
        puts = [(staged.database, home.database)] if chosen.database or settled.erased or settled.keyless else []
        if chosen.vault:  # keys stay until the database is gone that needs them; where there are none, they come first
            puts.insert(len(puts) if has_vault else 0, (staged.vault, home.vault))
        aside = [path for new, target in puts for path in _put(new, target, now)]
    return _restored(chosen, settled, aside, rows)


async def _restore_server(home: Home, files: Sequence[Path], now: datetime, *, without_keys: bool) -> Restored:
    master = load_master_key(home.key_file, create=False)
    async with AsyncExitStack() as stack:
        lock = await ServerLock.take(home.location, alone=True)
        stack.push_async_callback(lock.release)
        await server.refuse_full(home.location)
        folder = stack.enter_context(scratch(home.data_dir))
        chosen = _choose(home, files, master, folder, has_vault=False)
        if chosen.database is None or chosen.vault is None:
            raise StartupError("On PostgreSQL database and vault are restored together: name both.", ExitCode.CONFIG)
        # The database first: killed in between, there are no keys, so nothing in it can be sent.
        server.restore(home.location, content_of(chosen.database.path, master))
        await _mark(home, now)
        server.restore(home.location, content_of(chosen.vault.path, master))
        settled = await _settle(home, chosen, {}, master, now, without_keys=without_keys)
        await _unmark(home)
        rows = await server.rows_in(home.location)
    return _restored(chosen, settled, [], rows)


def _restored(chosen: _Chosen, settled: _Settled, aside: Sequence[Path], rows: Mapping[str, int]) -> Restored:
    return Restored(
        chosen.database,
        chosen.vault,
        chosen.passed_over,
        settled.upgraded_from,
        settled.erased,
        settled.keyless,
        settled.missed,
        aside,
        rows,
    )


def _choose(home: Home, files: Sequence[Path], master: bytes, folder: Path, *, has_vault: bool) -> _Chosen:
    """Which files to restore, all of them checked.

    Raises:
        BadBackup: one that was named cannot be restored.
        StartupError: there is none, a newer version made it, or it is of the other engine.
    """
    named = [check(path, master, folder) for path in files]
    bad: list[str] = []
    database = _named(named, Kind.DATABASE) or (None if files else _newest(home, Kind.DATABASE, master, folder, bad))
    vault = _named(named, Kind.VAULT) or (None if has_vault else _newest(home, Kind.VAULT, master, folder, bad))
    engine = "sqlite" if home.on_sqlite else "postgresql"
    for each in (database, vault):
        if each is not None and each.about.engine != engine:
            raise StartupError(_other_engine(each), ExitCode.CONFIG)
    if database is not None:
        refuse_newer(database.about.revision)
    if vault is not None:
        refuse_newer_vault(int(vault.about.revision))
    return _Chosen(database, vault, bad)


def _when(backup: Checked) -> str:
    return f"{backup.about.created:%Y-%m-%d %H:%M} UTC"


def _named(named: Sequence[Checked], kind: Kind) -> Checked | None:
    found = [each for each in named if each.about.kind is kind]
    if len(found) > 1:
        raise StartupError(f"Name one backup of the {kind}, not {len(found)}.", ExitCode.CONFIG)
    return found[0] if found else None


def _newest(home: Home, kind: Kind, master: bytes, folder: Path, bad: list[str]) -> Checked:
    """The newest that can be restored; what is wrong with newer ones goes to `bad`."""
    for each in backups_in(home.backups):
        if each.kind is kind:
            try:
                return check(each.path, master, folder)
            except BadBackup as error:
                bad.append(str(error))
    said = " ".join(bad)
    raise StartupError(
        f"There is no backup of the {kind} in {home.backups} to restore. {said}".strip(), ExitCode.DATABASE
    )


def _other_engine(backup: Checked) -> str:
    if backup.about.engine == "sqlite":
        return (
            f"{backup.path} is of an SQLite database. Restore it without SPOONFUL_DATABASE_URL; "
            "`spoonful db move` brings it to PostgreSQL then."
        )
    return f"{backup.path} is of a PostgreSQL database. Set SPOONFUL_DATABASE_URL to an empty one."


def _is_sound(vault: Path) -> bool:
    """Whether there is a vault that can be read. `Vault.unlock` says later if the master key is another one."""
    if not vault.exists():
        return False
    try:
        look_into(vault)
    except (sqlite3.Error, ValueError):
        return False
    return True


async def _tombstones(vault: Path, folder: Path) -> Erased:
    """Those of the vault that is there now, if it can be read."""
    if not _is_sound(vault):
        return {}
    copy = folder / "before.db"
    copy_database(vault, copy)
    db = Database.of_file(copy)
    try:
        await db.write(prepare)
        return await in_table(db)
    finally:
        await db.close()


def _stage(backup: Checked | None, there: Path, target: Path, master: bytes) -> None:
    """The file to work on: from the backup, or a copy of what stays."""
    if backup is not None:
        unpack(backup.path, master, target)
    elif there.exists():
        copy_database(there, target)
    else:
        raise StartupError(f"There is no {there}, and no backup of it was named.", ExitCode.DATABASE)


async def _settle(
    staged: Home, chosen: _Chosen, before: Erased, master: bytes, now: datetime, *, without_keys: bool
) -> _Settled:
    """All that must be done to restored data before a bot may see it."""
    found = await upgrade(staged.location)
    async with AsyncExitStack() as stack:
        vault_db = Database.of_file(staged.vault) if staged.on_sqlite else Database.of_server(staged.location, 1)
        stack.push_async_callback(vault_db.close)
        db = Database.of_file(staged.database) if staged.on_sqlite else Database.of_server(staged.location, 1)
        stack.push_async_callback(db.close)
        await _follow_exchange(vault_db, chosen.vault, master)
        vault = await Vault.unlock(vault_db, staged.key_file)
        tombstones = TombstoneStore(vault_db, vault.traces, staged.backups)
        erased = await _erase_again(MemberStore(db, vault, tombstones), tombstones, before, staged.backups)
        keyless = await _remove_keyless(db, vault, without_keys=without_keys)
        missed = await pass_over(db, now) if chosen.database else 0
        await db.scrub()
        await vault_db.scrub()
    return _Settled(None if found.current == found.newest else found.current, erased, keyless, missed)


async def _follow_exchange(vault_db: Database, backup: Checked | None, master: bytes) -> None:
    """Wrap the keys of a vault from before an exchange of the master key with the one of today."""
    former = backup and header_of(backup.path).former_master(master)
    if former:
        await vault_db.write(prepare)
        exchange = Exchange(former, master)
        await exchange.run(vault_db, lambda _done, _total: None)
        await vault_db.write(exchange.switch)


async def _erase_again(members: MemberStore, tombstones: TombstoneStore, before: Erased, folder: Path) -> int:
    """Whoever was erased after the backup was made; returns how many people that were."""
    filed = await in_file(folder)
    for tombstone, at in before.items():
        if filed.get(tombstone) != at:
            await tombstones.add_to_file(tombstone, at)
    await tombstones.settle()
    return await members.replay(await tombstones.all())


async def _remove_keyless(db: Database, vault: Vault, *, without_keys: bool) -> int:
    """Members whose key is gone are as good as erased; returns how many they were.

    Raises:
        StartupError: they are most of all, which looks like the wrong vault.
    """
    there = {row.id for row in await db.rows(select(members.c.id))}
    keyless = sorted(there - set(await vault.holders()))
    if 2 * len(keyless) > len(there) and not without_keys:
        raise StartupError(
            f"The vault has no keys for {len(keyless)} of the {len(there)} members in this backup: what they wrote "
            "could not be read and would be removed. Name a backup of the vault as well; or, if there is none any "
            "more, add --without-keys. Nothing was changed.",
            ExitCode.DATABASE,
        )
    for start in range(0, len(keyless), BATCH):
        part = keyless[start : start + BATCH]
        await db.write(lambda connection, part=part: _remove(connection, vault, part))
    return len(keyless)


async def _remove(connection: AsyncConnection, vault: Vault, member_ids: Sequence[int]) -> None:
    await connection.execute(delete(members).where(members.c.id.in_(member_ids)))
    for member_id in member_ids:
        await forget(connection, member_id, vault.traces.of(member_id))


def _put(new: Path, target: Path, now: datetime) -> list[Path]:
    """Exchange a file for a new one in one step; returns where the old one is now.

    Its log goes with it: with the log of another file SQLite would take a sound database apart.
    """
    ready = target.with_name(f"{target.name}.restored")
    shutil.move(new, ready)  # a copy, where the vault is on another disk
    sync_folder(ready)
    aside = target.with_name(f"{target.name}{ASIDE}{stamp(now)}")
    kept = _put_aside(target, aside)
    for suffix in ("-wal", "-shm"):
        target.with_name(target.name + suffix).unlink(missing_ok=True)
    ready.replace(target)
    sync_folder(target.parent)
    return kept


def _put_aside(target: Path, aside: Path) -> list[Path]:
    """Give the old files a second name, so that at no moment there is no database."""
    if target.exists():
        _empty_log(target)
    kept: list[Path] = []
    for suffix in ("", "-wal"):
        old, second = target.with_name(target.name + suffix), aside.with_name(aside.name + suffix)
        if old.exists():
            second.unlink(missing_ok=True)
            os.link(old, second)
            kept.append(second)
    return kept


def _empty_log(path: Path) -> None:
    """Bring what stands in the log into the file, where it is sound."""
    with suppress(sqlite3.Error), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()


async def _mark(home: Home, now: datetime) -> None:
    db = Database.of_server(home.location, connections=1)
    try:
        values = {"name": RESTORING, "value": now.isoformat()}
        await db.write(lambda connection: put(connection, bot_state, values))
    finally:
        await db.close()


async def _unmark(home: Home) -> None:
    """Let bots in."""
    db = Database.of_server(home.location, connections=1)
    try:
        await db.run(delete(bot_state).where(bot_state.c.name == RESTORING))
    finally:
        await db.close()
