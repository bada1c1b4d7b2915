"""Connections: where the database is, and how each engine is set up.

The settings of SQLite are not its defaults: with those, 225 of 250 concurrent updates were lost without an error.
"""

from collections.abc import Callable
from pathlib import Path
from urllib.parse import quote

from sqlalchemy import URL, event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.engine.interfaces import DBAPIConnection
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from bot.errors import ExitCode, StartupError


def locate(url: str | None, data_dir: Path) -> URL:
    """The database meant by the settings: a file in the data folder, unless a URL says otherwise.

    Raises:
        StartupError: the URL is neither for SQLite nor for PostgreSQL.
    """
    if url is None:
        return URL.create("sqlite", database=str(data_dir / "spoonful.db"))
    try:
        parsed = make_url(url)
    except ArgumentError:  # no words from it: it may hold a password
        raise StartupError(
            "The database URL cannot be read. An example: postgresql://user@host/name", ExitCode.CONFIG
        ) from None
    if is_sqlite(parsed) and parsed.database:
        return parsed
    if parsed.get_backend_name() in {"postgresql", "postgres"}:
        return _for_asyncpg(parsed)
    raise StartupError("The database URL must begin with postgresql:// or sqlite:///.", ExitCode.CONFIG)


def _for_asyncpg(url: URL) -> URL:
    """The driver's word for `sslmode`, which the URLs of hosting companies carry, is `ssl`."""
    query = {"ssl" if name == "sslmode" else name: value for name, value in url.query.items()}
    return url.set(drivername="postgresql+asyncpg", query=query)


def is_sqlite(url: URL) -> bool:
    return url.get_backend_name() == "sqlite"


def file_of(url: URL) -> Path:
    """The database file of an SQLite URL from `locate`."""
    return Path(str(url.database)).absolute()


def sqlite_url(path: Path, driver: str, mode: str) -> URL:
    """A URL for the file itself, opened in SQLite's mode `rw` (never created by accident) or `ro`."""
    return URL.create(driver, database=f"file:{quote(str(path))}", query={"mode": mode, "uri": "true"})


def server_engine(url: URL, connections: int) -> AsyncEngine:
    return create_async_engine(url, pool_size=connections, max_overflow=0, pool_pre_ping=True, hide_parameters=True)


def prepare_writer(connection: DBAPIConnection, _record: object = None) -> None:
    """Make a new SQLite connection safe to write with.

    `synchronous=FULL`: with NORMAL a power cut took up to 42 commits that had been acknowledged.
    `secure_delete`: without it deleted text stays readable in the file.

    Raises:
        StartupError: the write-ahead log does not work here; it needs shared memory, which network disks lack.
    """
    cursor = connection.cursor()
    for pragma in (
        "busy_timeout=5000",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",
        "trusted_schema=OFF",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.execute("PRAGMA journal_mode=WAL")
    [mode] = cursor.fetchall()[0]
    cursor.close()
    if mode != "wal":
        raise StartupError(
            f"SQLite cannot keep a write-ahead log in the data folder (it answered '{mode}'). Use a local disk.",
            ExitCode.DATABASE,
        )


def _prepare_reader(connection: DBAPIConnection, _record: object) -> None:
    cursor = connection.cursor()
    for pragma in ("busy_timeout=5000", "query_only=ON", "trusted_schema=OFF"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def begin_with(statement: str) -> Callable[[Connection], None]:
    """SQLAlchemy's own BEGIN is none on SQLite: say which one is meant."""

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql(statement)

    return begin


def sqlite_engine(path: Path, mode: str, connections: int) -> AsyncEngine:
    engine = create_async_engine(
        sqlite_url(path, "sqlite+aiosqlite", mode),
        connect_args={"isolation_level": None},  # else the driver begins and commits at times of its own
        pool_size=connections,
        max_overflow=0,
        hide_parameters=True,
        # SQLite has no schemas: the vault is a file of its own.
        execution_options={"schema_translate_map": {"vault": None}},
    )
    writes = mode == "rw"
    event.listen(engine.sync_engine, "connect", prepare_writer if writes else _prepare_reader)
    # IMMEDIATE takes the lock at once: a transaction that reads first and then wants to write is refused otherwise.
    event.listen(engine.sync_engine, "begin", begin_with("BEGIN IMMEDIATE" if writes else "BEGIN"))
    return engine


def shown(url: URL) -> str:
    """The address without a password, wherever in it that was."""
    return url.difference_update_query(("password", "sslpassword")).render_as_string(hide_password=True)
