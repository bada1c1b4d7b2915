"""Exchanging the master key: everything it wraps is wrapped anew, and the old key is destroyed.

Beside the key file, `<name>.new` holds the next key until it takes the place, and `<name>.retired` the old one from
then until it is destroyed. The vault's `next_probe` is there from the first change to the last, and no bot starts
meanwhile. Killed anywhere in between, the next run finds out what is left to do: whether a key is the old or the new
one is never told by the name of its file, only by what it opens.
"""

import asyncio
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from glob import escape
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Connection, Row, Select, bindparam, func, inspect, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ExitCode, StartupError
from bot.storage.backups.keys import rewrap
from bot.storage.connect import is_sqlite, locate, server_engine, shown, sqlite_engine
from bot.storage.engine import Database
from bot.storage.migrate import status
from bot.storage.presence import ServerLock
from bot.storage.sealing import (
    KEY_BYTES,
    UNFINISHED,
    SealBroken,
    create_key_file,
    load_master_key,
    opens,
    seal,
    sync_folder,
    unseal,
)
from bot.storage.vault import PROBE, TRACES, key_context, member_key, not_its_key, prepare, vault_state

BATCH = 500

Progress = Callable[[int, int], None]
"""Told after each batch: the members' keys that are done, and all of them."""


@dataclass(frozen=True)
class Rotated:
    """What is wrapped with the new key. `broken` keys, and `foreign` backups, open with neither: before as now."""

    keys: int
    broken: int
    foreign: Sequence[Path]
    resumed: bool


@dataclass(frozen=True)
class KeyStatus:
    """How the master key file and the vault stand to each other. `made_at` is when the file was written."""

    vault: str
    made_at: datetime
    fits: bool
    half_exchanged: bool
    keys: int


async def rotate(
    url: str | None, data_dir: Path, master_key_file: Path, backup_dir: Path | None, progress: Progress
) -> Rotated:
    """Put a new master key in the place of the old one, or end what an interrupted run began.

    The old key's bytes are overwritten before its file is removed. On an SSD, on a disk that copies on write, and in
    every copy that somebody made, they may exist all the same: nothing that the vault holds now opens with them.

    Raises:
        StartupError: a bot is running; there is no vault; the server is out of reach; or the key file is missing,
            unsafe or of another vault.
        OSError: the disk fails. Nothing is lost by that either: the next run goes on.
    """
    location, files = locate(url, data_dir), KeyFiles.of(master_key_file)
    await status(location)
    async with AsyncExitStack() as stack:
        db = await _alone(stack, location, data_dir)
        state = await db.write(prepare)
        if state is None:
            raise _no_vault(shown(location))
        resumed = state.next_probe is not None
        exchange = _resume(state, files) if resumed else await _begin(db, state, files)
        keys, broken = await exchange.run(db, progress)
        foreign = () if exchange.switched else await asyncio.to_thread(_rewrap_backups, backup_dir, exchange)
        await db.write(exchange.switch)
        files.exchange(exchange.new)
        await _forget_old_rows(db, location)
        await db.run(update(vault_state).values(next_probe=None))
        await db.scrub()
        return Rotated(keys, broken, foreign, resumed)


async def key_status(url: str | None, data_dir: Path, master_key_file: Path) -> KeyStatus:
    """Look, also while a bot is running, and change nothing.

    Raises:
        StartupError: there is no vault, or the key file is missing or unsafe.
    """
    location, file = locate(url, data_dir), _vault_file(data_dir)
    await status(location)
    if is_sqlite(location) and not file.exists():
        raise _no_vault(str(file))
    engine = sqlite_engine(file, "ro", 1) if is_sqlite(location) else server_engine(location, 1)
    try:
        async with engine.connect() as connection:
            state = await _state(connection)
            if state is None:
                raise _no_vault(shown(location))
            keys = (await connection.execute(select(func.count()).select_from(member_key))).scalar_one()
    finally:
        await engine.dispose()
    master = load_master_key(master_key_file, create=False)
    half = state.get("next_probe") is not None
    return KeyStatus(shown(location), _made_at(master_key_file), opens(master, PROBE, state["probe"]), half, keys)


@dataclass(frozen=True)
class KeyFiles:
    """The key file and its neighbours."""

    current: Path

    @classmethod
    def of(cls, master_key_file: Path) -> Self:
        """Of a link, what it points to is exchanged."""
        return cls(master_key_file.resolve())

    @property
    def new(self) -> Path:
        return self._neighbour("new")

    @property
    def retired(self) -> Path:
        return self._neighbour("retired")

    def all(self) -> list[bytes]:
        """Every key that is there."""
        return [load_master_key(path, create=False) for path in (self.current, self.new, self.retired) if path.exists()]

    def next(self) -> bytes:
        """The key to come: one that an earlier attempt left, for it may have used it, or one that is made now."""
        try:
            with suppress(FileExistsError):
                create_key_file(self.new, owner=self.current.stat())  # the bot's, even if an administrator does this
        except OSError as error:
            raise StartupError(
                f"A new key cannot be written beside {self.current} ({error.strerror}); nothing was changed.",
                ExitCode.CONFIG,
            ) from error
        return load_master_key(self.new, create=False)

    def exchange(self, new: bytes) -> None:
        """Put the new key in its place and destroy the old one, as far as that is not done yet."""
        if not self.current.exists() or self.current.read_bytes() != new:
            if self.current.exists():
                self._rename(self.current, self.retired)
            self._rename(self.new, self.current)
        if self.retired.exists():
            _destroy(self.retired)
        for left in self.current.parent.glob(f"{escape(self.current.name)}.*{UNFINISHED}"):  # by kills and power cuts
            left.unlink()

    def _neighbour(self, suffix: str) -> Path:
        return self.current.with_name(f"{self.current.name}.{suffix}")

    def _rename(self, old: Path, new: Path) -> None:
        old.rename(new)
        sync_folder(self.current.parent)


def _destroy(path: Path) -> None:
    with path.open("r+b", buffering=0) as file:
        file.write(bytes(KEY_BYTES))
        os.fsync(file.fileno())
    path.unlink()
    sync_folder(path.parent)


@dataclass(frozen=True)
class Exchange:
    """From one master key to another. Everything here can be repeated, and goes on where it was."""

    old: bytes
    new: bytes

    @property
    def switched(self) -> bool:
        """Whether nothing is left under the old key, which may be gone."""
        return self.old == self.new

    async def run(self, db: Database, progress: Progress) -> tuple[int, int]:
        """Wrap every member's key anew; returns how many there are now, and how many open with neither key."""
        total = (await db.rows(select(func.count()).select_from(member_key)))[0][0]
        done, broken, last = 0, 0, None
        progress(done, total)
        while rows := await db.rows(_batch(last)):
            if not self.switched:
                broken += await self._rewrap(db, rows)
            done, last = done + len(rows), rows[-1].member_id
            progress(done, total)
        return done - broken, broken

    async def _rewrap(self, db: Database, rows: Iterable[Row[Any]]) -> int:
        changed, broken = list[Mapping[str, object]](), 0
        for row in rows:
            context = key_context(row.member_id)
            if opens(self.new, context, row.wrapped):
                continue
            try:
                wrapped = seal(self.new, context, unseal(self.old, context, row.wrapped))
            except SealBroken:
                broken += 1
            else:
                changed.append({"member": row.member_id, "anew": wrapped})
        if changed:
            await db.write(lambda connection: _write(connection, changed))
        return broken

    async def switch(self, connection: AsyncConnection) -> None:
        """Wrap the rest anew: from here on the new key is that of the vault.

        Raises:
            SealBroken: the key of the traces opens with neither.
        """
        state = (await connection.execute(select(vault_state))).one()
        if opens(self.new, PROBE, state.probe):
            return
        traces = state.trace_key and seal(self.new, TRACES, unseal(self.old, TRACES, state.trace_key))
        await connection.execute(update(vault_state).values(probe=seal(self.new, PROBE, b""), trace_key=traces))


def _batch(after: int | None) -> Select[*tuple[Any, ...]]:
    rows = select(member_key).order_by(member_key.c.member_id).limit(BATCH)
    return rows if after is None else rows.where(member_key.c.member_id > after)


async def _write(connection: AsyncConnection, changed: Sequence[Mapping[str, object]]) -> None:
    here = update(member_key).where(member_key.c.member_id == bindparam("member"))
    await connection.execute(here.values(wrapped=bindparam("anew")), changed)


async def _begin(db: Database, state: Row[Any], files: KeyFiles) -> Exchange:
    """From here to the end, no bot starts on this vault."""
    old = load_master_key(files.current, create=False)
    if not opens(old, PROBE, state.probe):
        raise not_its_key(files.current)
    exchange = Exchange(old, files.next())
    await db.run(update(vault_state).values(next_probe=seal(exchange.new, PROBE, b"")))
    return exchange


def _resume(state: Row[Any], files: KeyFiles) -> Exchange:
    there = files.all()
    new = next((key for key in there if opens(key, PROBE, state.next_probe)), None)
    old = next((key for key in there if opens(key, PROBE, state.probe)), None)
    if new is None or old is None:
        raise StartupError(
            f"The exchange of the master key was cut short, and one of its keys is missing since. Put {files.current} "
            f"and {files.new} back as they were, and run it again.",
            ExitCode.CONFIG,
        )
    return Exchange(old, new)


async def _alone(stack: AsyncExitStack, location: URL, data_dir: Path) -> Database:
    """The vault's database, and nobody else works on it."""
    if is_sqlite(location):
        file = _vault_file(data_dir)
        if not file.exists():
            raise _no_vault(str(file))
        db = Database.of_file(file)
    else:
        lock = await ServerLock.take(location, alone=True)
        stack.push_async_callback(lock.release)
        db = Database.of_server(location, connections=1)
    stack.push_async_callback(db.close)
    return db


async def _forget_old_rows(db: Database, location: URL) -> None:
    """What was written over must not stay readable in the files: SQLite sees to it itself, but for its log."""
    if is_sqlite(location):
        await db.scrub()
        return
    engine = server_engine(location, 1).execution_options(isolation_level="AUTOCOMMIT")
    async with engine.connect() as connection:
        await connection.exec_driver_sql("VACUUM FULL vault.member_key")
        await connection.exec_driver_sql("VACUUM FULL vault.vault_state")
    await engine.dispose()


async def _state(connection: AsyncConnection) -> Mapping[str, Any] | None:
    """The vault's one row, also as an older version made it; None if there is none."""
    schema = None if connection.dialect.name == "sqlite" else vault_state.schema

    def columns(plain: Connection) -> list[str]:
        found = inspect(plain)
        there = found.has_table(vault_state.name, schema)
        return [column["name"] for column in found.get_columns(vault_state.name, schema)] if there else []

    names = await connection.run_sync(columns)
    if not names:
        return None
    rows = await connection.execute(select(*(vault_state.c[name] for name in names)))
    row = rows.one_or_none()
    return None if row is None else dict(zip(names, row, strict=True))


def _rewrap_backups(folder: Path | None, exchange: Exchange) -> Sequence[Path]:
    """Returns those that open with neither key."""
    return () if folder is None or not folder.is_dir() else rewrap(folder, exchange.old, exchange.new).foreign


def _made_at(path: Path) -> datetime:
    return datetime.fromtimestamp(path.stat().st_mtime, UTC)


def _vault_file(data_dir: Path) -> Path:
    return data_dir / "vault.db"


def _no_vault(where: str) -> StartupError:
    return StartupError(f"There are no keys at {where} yet, so there is nothing to exchange.", ExitCode.DATABASE)
