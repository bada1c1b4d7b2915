"""Moving a community from SQLite to PostgreSQL: copied in batches, compared, and only then marked as done.

Every batch is committed, so a move that broke off goes on where it was. Keys and answers move as the bytes they are,
sealed; the master key file stays where it is.
"""

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, Self

from sqlalchemy import URL, Row, Select, Table, Tuple, delete, func, inspect, select, tuple_
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.errors import ExitCode, StartupError
from bot.storage.connect import file_of, is_sqlite, locate, shown
from bot.storage.engine import Database, insert, put
from bot.storage.entries import EntryStore
from bot.storage.migrate import status, upgrade
from bot.storage.sealing import SealBroken
from bot.storage.tables import bot_state, entries, metadata
from bot.storage.vault import Vault, prepare, vault_state
from bot.storage.vault import metadata as vault_metadata

MOVING_IN = "moving from sqlite"
"""In the new database from the first row to the last check: the permission to go on, and no bot may use it yet."""

MOVED_IN = "moved from sqlite"
MOVED_OUT = "moved to postgresql"
"""In the old file once the new database holds everything: a bot on it would send everything a second time."""

MARKS = (MOVING_IN, MOVED_IN, MOVED_OUT)

BATCH = 1000
OPENED = 20
"""Entries that are opened at the end."""

Progress = Callable[[str, int, int], None]
"""Told after each batch: the table, the rows of it that are done, and all of its rows."""

Key = tuple[Any, ...]


@dataclass(frozen=True)
class Moved:
    """What the new database holds, and the files that held it."""

    target: str
    rows: Mapping[str, int]
    files: Sequence[Path]
    already: bool


async def move_to_postgresql(
    url: str | None, to: str, data_dir: Path, master_key_file: Path, now: datetime, progress: Progress
) -> Moved:
    """Copy the SQLite database that the settings mean, and its vault, to the PostgreSQL database at `to`.

    Repeating it after an interruption brings the copy up to date, whatever happened to the old file in between.

    Raises:
        StartupError: a bot is using the file; there is none; the target is out of reach, holds something else or does
            not hold the same at the end; or the master key is not the right one.
    """
    source, target = _source(url, data_dir), _target(to, data_dir)
    files = [file_of(source), data_dir / "vault.db"]
    for path in files:
        if not path.exists():
            raise StartupError(f"There is no {path}, so there is nothing to move.", ExitCode.DATABASE)
    with _one_sentence():
        await status(target)
        await upgrade(source)
        async with AsyncExitStack() as stack:
            move = await _Move.open(stack, files, target, master_key_file)
            already = await move.begin(target, now)
            if not already:
                await move.copy(progress)
                await move.check_entries(master_key_file)
                await move.end(now)
            return Moved(shown(target), await move.counts(), files, already)


async def refuse_what_is_moved(db: Database) -> None:
    """To be asked before a bot works on a database.

    Raises:
        StartupError: what it held is in PostgreSQL now, or what it shall hold has not arrived yet.
    """
    marks = {row.name for row in await db.rows(select(bot_state.c.name).where(bot_state.c.name.in_(MARKS)))}
    if MOVED_OUT in marks:
        raise StartupError(
            "This SQLite database has moved to PostgreSQL; on the old file everything would be sent twice. "
            "Set SPOONFUL_DATABASE_URL to the new one.",
            ExitCode.DATABASE,
        )
    if MOVING_IN in marks:
        raise StartupError(
            "The move into this database is not finished. Run it again: spoonful db move", ExitCode.DATABASE
        )


def _source(url: str | None, data_dir: Path) -> URL:
    """Who has set the new address already means the file in the data folder."""
    meant = locate(url, data_dir)
    return meant if is_sqlite(meant) else locate(None, data_dir)


def _target(to: str, data_dir: Path) -> URL:
    target = locate(to, data_dir)
    if is_sqlite(target):
        raise StartupError("A move goes to PostgreSQL: --to postgresql://user@host/name", ExitCode.CONFIG)
    return target


@contextmanager
def _one_sentence() -> Generator[None]:
    """The databases' own words may hold what is in a row."""
    try:
        yield
    except (DBAPIError, OSError) as error:
        reason = (error.orig and error.orig.__cause__) if isinstance(error, DBAPIError) else error
        raise StartupError(
            f"The move broke off ({type(reason or error).__name__}). Nothing is lost: once that is mended, "
            "run it again and it goes on.",
            ExitCode.UNAVAILABLE,
        ) from None


@dataclass(frozen=True)
class _Pair:
    """One table on both sides."""

    table: Table
    source: Database

    @property
    def key(self) -> "Tuple[*tuple[Any, ...]]":
        return tuple_(*self.table.primary_key)

    @property
    def rows(self) -> Select[*tuple[Any, ...]]:
        """All rows but the marks of the move itself."""
        rows = select(self.table)
        return rows.where(bot_state.c.name.not_in(MARKS)) if self.table is bot_state else rows

    @property
    def count(self) -> Select[*tuple[Any, ...]]:
        return select(func.count()).select_from(self.rows.subquery())

    def page(self, after: Key | None) -> Select[*tuple[Any, ...]]:
        rows = self.rows.order_by(*self.table.primary_key).limit(BATCH)
        return rows if after is None else rows.where(self.key > after)

    def key_of(self, row: Row[Any]) -> Key:
        columns = list(self.table.columns)
        return tuple(row[columns.index(column)] for column in self.table.primary_key)

    async def same_in_source(self, rows: Sequence[Row[Any]]) -> Mapping[Key, Row[Any]]:
        keys = [self.key_of(row) for row in rows]
        return {self.key_of(row): row for row in await self.source.rows(self.rows.where(self.key.in_(keys)))}

    async def unlike(self, target: AsyncConnection) -> list[Key]:
        """Keys of the rows in the target that the source has otherwise, in any column, or not at all."""
        unlike: list[Key] = []
        after = None
        while rows := (await target.execute(self.page(after))).all():
            standing = await self.same_in_source(rows)
            unlike += [key for row in rows if standing.get(key := self.key_of(row)) != row]
            after = self.key_of(rows[-1])
        return unlike


@dataclass(frozen=True)
class _Move:
    db: Database
    vault_db: Database
    vault: Vault
    server: Database
    pairs: Sequence[_Pair]

    @classmethod
    async def open(cls, stack: AsyncExitStack, files: Sequence[Path], target: URL, master_key_file: Path) -> Self:
        """Lock and open the files as a bot does, and the target."""
        database, vault_file = files
        vault_db = Database.of_file(vault_file)
        stack.push_async_callback(vault_db.close)
        db = Database.of_file(database)
        stack.push_async_callback(db.close)
        server = Database.of_server(target, connections=2)
        stack.push_async_callback(server.close)
        unlocked = await Vault.unlock(vault_db, master_key_file)
        keys = [_Pair(table, vault_db) for table in vault_metadata.sorted_tables]  # first: no answer without its key
        rows = [_Pair(table, db) for table in metadata.sorted_tables]
        return cls(db, vault_db, unlocked, server, [*keys, *rows])

    async def begin(self, target: URL, now: datetime) -> bool:
        """Take the target for this community, or find it taken for it; returns whether everything is there already."""
        [state] = await self.vault_db.rows(select(vault_state))
        await self.server.read(partial(_refuse_another, probe=state.probe))  # before anything is written to it
        await upgrade(target)
        out = await self.db.row(select(bot_state).where(bot_state.c.name == MOVED_OUT))
        take = _Take(self.pairs, state, gone=out is not None, now=now)
        if await self.server.write(take.run):
            return True
        await self.server.write(self._drop_unlike)
        return False

    async def _drop_unlike(self, connection: AsyncConnection) -> None:
        """Of what an earlier attempt copied, take back what the source has no more (somebody erased) or otherwise."""
        for pair in self.pairs:
            unlike = await pair.unlike(connection)
            for start in range(0, len(unlike), BATCH):
                await connection.execute(delete(pair.table).where(pair.key.in_(unlike[start : start + BATCH])))

    async def copy(self, progress: Progress) -> None:
        for pair in self.pairs:
            done, total = 0, (await pair.source.rows(pair.count))[0][0]
            progress(pair.table.name, done, total)
            after = None
            while rows := await pair.source.rows(pair.page(after)):
                await self.server.write(partial(_add, table=pair.table, rows=rows))
                after = pair.key_of(rows[-1])
                done += len(rows)
                progress(pair.table.name, done, total)

    async def check_entries(self, master_key_file: Path) -> None:
        """Open some entries with the keys that arrived, as a bot would.

        Raises:
            StartupError: one says something else than in the old database, where it does open.
        """
        before = EntryStore(self.db, self.vault)
        after = EntryStore(self.server, await Vault.unlock(self.server, master_key_file))
        for row in await self.db.rows(select(entries.c.prompt_id).order_by(func.random()).limit(OPENED)):
            try:
                told = await before.of_prompt(row.prompt_id)
            except SealBroken:
                continue  # its key was lost before
            try:
                if await after.of_prompt(row.prompt_id) == told:
                    continue
            except SealBroken:
                pass
            raise _differs(entries)

    async def end(self, now: datetime) -> None:
        """Compare everything, and mark both sides if it is the same.

        Raises:
            StartupError: it is not.
        """
        await self.server.write(partial(self._compare_and_mark, now=now))

    async def _compare_and_mark(self, connection: AsyncConnection, now: datetime) -> None:
        for pair in self.pairs:
            there = (await connection.execute(pair.count)).scalar_one()
            if there != (await pair.source.rows(pair.count))[0][0] or await pair.unlike(connection):
                raise _differs(pair.table)
        # The old file first: killed in between, neither starts, and a repeat ends it. Never may both start.
        await self.db.write(partial(_mark, name=MOVED_OUT, now=now))
        await connection.execute(delete(bot_state).where(bot_state.c.name == MOVING_IN))
        await _mark(connection, MOVED_IN, now)

    async def counts(self) -> Mapping[str, int]:
        return {pair.table.name: (await self.server.rows(pair.count))[0][0] for pair in self.pairs}


async def _add(connection: AsyncConnection, table: Table, rows: Sequence[Row[Any]]) -> None:
    names = [column.name for column in table.columns]
    values = [dict(zip(names, row, strict=True)) for row in rows]
    await connection.execute(insert(connection, table).on_conflict_do_nothing(), values)


async def _mark(connection: AsyncConnection, name: str, now: datetime) -> None:
    await put(connection, bot_state, {"name": name, "value": now.isoformat()})


async def _refuse_another(connection: AsyncConnection, probe: bytes) -> None:
    """Every vault has a probe of its own, so it says whose database this is.

    Raises:
        StartupError: another community's.
    """
    if await connection.run_sync(lambda plain: inspect(plain).has_table(vault_state.name, vault_state.schema)):
        found = (await connection.execute(select(vault_state.c.probe))).scalars().all()
        if found and found != [probe]:
            raise _foreign()


@dataclass(frozen=True)
class _Take:
    """Takes a target for one community, in one transaction."""

    pairs: Sequence[_Pair]
    state: Row[Any]
    gone: bool
    """Whether the source has moved out already."""
    now: datetime

    async def run(self, connection: AsyncConnection) -> bool:
        """Returns whether the whole community is there already. If not, the target is marked for it."""
        await prepare(connection)
        await _refuse_another(connection, self.state.probe)
        marks = set((await connection.execute(select(bot_state.c.name).where(bot_state.c.name.in_(MARKS)))).scalars())
        if marks:
            self._refuse_second_move(marks)
        else:
            await self._take_empty(connection)
        return MOVED_IN in marks

    def _refuse_second_move(self, marks: set[str]) -> None:
        if MOVED_IN in marks and not self.gone:
            raise StartupError(
                "This community has moved to that database before, and the file has been put back into use since. "
                "To move it once more, name an empty database.",
                ExitCode.DATABASE,
            )

    async def _take_empty(self, connection: AsyncConnection) -> None:
        if self.gone:
            raise StartupError(
                "What this file held is in another PostgreSQL database already and may have changed there. "
                "Set SPOONFUL_DATABASE_URL to that one.",
                ExitCode.DATABASE,
            )
        for pair in self.pairs:
            if (await connection.execute(pair.count)).scalar_one():
                raise _foreign()
        await _mark(connection, MOVING_IN, self.now)
        await _add(connection, vault_state, [self.state])


def _foreign() -> StartupError:
    return StartupError(
        "The PostgreSQL database is in use: what it holds is not from this file. None of it was changed. "
        "Name an empty one.",
        ExitCode.DATABASE,
    )


def _differs(table: Table) -> StartupError:
    return StartupError(
        f"The copy is not the same as the original (table {table.name}), so the move is not finished and the old "
        "database still counts. Run it again: rows that differ are copied anew.",
        ExitCode.DATABASE,
    )
