"""Bringing a database to the schema of this version: all steps and their record in one transaction, or nothing.

Row counts are compared because Alembic's way of changing an SQLite table (copy, drop, rename) deleted every child row
and reported success when foreign keys were on.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import URL, Connection, NullPool, create_engine, event, func, inspect, select, table
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.ext.asyncio import create_async_engine

from bot.errors import ExitCode, StartupError
from bot.storage.connect import begin_with, file_of, is_sqlite, prepare_writer, shown, sqlite_url
from bot.storage.copies import copy_database
from bot.storage.engine import ADVISORY_LOCK
from bot.storage.files import FileLock, make_private

SCRIPTS = Path(__file__).parents[2] / "migrations"


@dataclass(frozen=True)
class SchemaStatus:
    """The revision a database is at (None: empty) and the newest one this version knows."""

    current: str | None
    newest: str


async def status(url: URL, scripts: Path = SCRIPTS) -> SchemaStatus:
    """Look, and change nothing.

    Raises:
        StartupError: the database cannot be reached or read, or a newer version of Spoonful has written to it.
    """
    if is_sqlite(url):
        return await asyncio.to_thread(_status_of_file, file_of(url), scripts)
    return await _on_server(url, scripts, migrate=False)


async def upgrade(url: URL, scripts: Path = SCRIPTS) -> SchemaStatus:
    """Migrate to the newest revision; returns what was there before. An SQLite file that holds something is copied
    first, to `<name>.before-<revision>`.

    Raises:
        StartupError: as `status` does; or the file is in use; or a migration would have lost rows.
    """
    if is_sqlite(url):
        return await asyncio.to_thread(_upgrade_file, file_of(url), scripts)
    return await _on_server(url, scripts, migrate=True)


def refuse_newer(revision: str, scripts: Path = SCRIPTS) -> None:
    """Raises StartupError if this version does not know a revision."""
    if revision not in _revisions(scripts):
        raise StartupError(
            f"The database was written by a newer Spoonful (revision {revision}). Use that version or a later one.",
            ExitCode.DATABASE,
        )


def _upgrade_file(path: Path, scripts: Path) -> SchemaStatus:
    with FileLock(path):
        before = _status_of_file(path, scripts, "rw" if _first_start_was_cut_short(path) else "ro")
        if before.current == before.newest:
            return before
        if before.current is not None:
            copy_database(path, path.with_name(f"{path.name}.before-{before.newest}"))
        make_private(path)
        engine = create_engine(
            sqlite_url(path, "sqlite", "rw"), connect_args={"isolation_level": None}, poolclass=NullPool
        )
        event.listen(engine, "connect", _prepare)
        event.listen(engine, "begin", begin_with("BEGIN IMMEDIATE"))
        with engine.begin() as connection:
            _migrate(connection, scripts)
        return before


def _prepare(connection: DBAPIConnection, _record: object) -> None:
    prepare_writer(connection)
    connection.cursor().execute("PRAGMA foreign_keys=OFF")  # has no effect inside a transaction, hence here


def _status_of_file(path: Path, scripts: Path, mode: str = "ro") -> SchemaStatus:
    if not path.exists():
        return SchemaStatus(None, _revisions(scripts)[-1])
    engine = create_engine(sqlite_url(path, "sqlite", mode), poolclass=NullPool)
    try:
        with engine.connect() as connection:
            problem = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar_one()
            if problem == "ok":
                return _status(connection, scripts)
    except DBAPIError as error:
        problem = error.orig
    if mode == "ro" and _first_start_was_cut_short(path):
        raise StartupError(
            f"The first start on {path} did not reach its end; nothing is lost. Start the bot once more.",
            ExitCode.DATABASE,
        )
    raise StartupError(
        f"{path} is damaged or is not a database ({problem}). Restore a backup: spoonful backup restore",
        ExitCode.DATABASE,
    )


def _first_start_was_cut_short(path: Path) -> bool:
    """Nothing else leaves a rollback journal. Who may only read cannot end what was begun; for any other look that is
    right, as the write-ahead log of a newer version is not ours to tidy.
    """
    return path.with_name(f"{path.name}-journal").exists()


async def _on_server(url: URL, scripts: Path, *, migrate: bool) -> SchemaStatus:
    engine = create_async_engine(url, poolclass=NullPool, hide_parameters=True)
    try:
        async with engine.connect() as connection:
            await connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
            before = await connection.run_sync(_status, scripts)
            if migrate and before.current != before.newest:
                await connection.run_sync(_migrate, scripts)
                await connection.commit()
            return before
    except (OSError, DBAPIError) as error:
        reason = error.orig if isinstance(error, DBAPIError) else error
        raise StartupError(f"The database at {shown(url)} cannot be used: {reason}.", ExitCode.DATABASE) from error
    finally:
        await engine.dispose()


def _revisions(scripts: Path) -> list[str]:
    """All revisions, oldest first: a script's name begins with its own. Alembic itself is loaded only to migrate."""
    return sorted(path.name.partition("_")[0] for path in (scripts / "versions").glob("[0-9]*.py"))


def _status(connection: Connection, scripts: Path) -> SchemaStatus:
    known, current = _revisions(scripts), None
    if inspect(connection).has_table("alembic_version"):
        current = connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar()
    if current is not None:
        refuse_newer(current, scripts)
    return SchemaStatus(current, known[-1])


def _migrate(connection: Connection, scripts: Path) -> None:
    from alembic import command
    from alembic.config import Config

    before = _row_counts(connection)
    config = Config(attributes={"connection": connection})
    config.set_main_option("script_location", str(scripts).replace("%", "%%"))
    command.upgrade(config, "head")
    after = _row_counts(connection)
    lost = sorted(name for name, rows in before.items() if after.get(name, rows) < rows)
    if lost or _broken_references(connection):
        raise StartupError(
            f"A migration would have lost rows ({', '.join(lost) or 'broken references'}); nothing was changed.",
            ExitCode.DATABASE,
        )


def _row_counts(connection: Connection) -> dict[str, int]:
    """Rows by table. A table that a migration drops on purpose is missing from the later count."""
    names = inspect(connection).get_table_names()
    return {name: connection.execute(select(func.count()).select_from(table(name))).scalar_one() for name in names}


def _broken_references(connection: Connection) -> bool:
    """PostgreSQL checks as it goes."""
    if connection.dialect.name != "sqlite":
        return False
    return connection.exec_driver_sql("PRAGMA foreign_key_check").first() is not None
