"""Copies of an SQLite database made by SQLite itself, and a look at whether one is sound.

A copied file without its `-wal` is an older or empty database that looks fine.
"""

import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

from bot.storage.files import make_private

_STEPS = 100_000
"""Instructions of SQLite's machine between two questions whether to go on: some milliseconds."""

REVISION = {"alembic_version": "version_num", "vault_state": "version"}
"""The table and column in which either kind of database says what its tables look like."""


@dataclass(frozen=True)
class Contents:
    """What is in a database: the revision of its schema (None: it names none), and how many rows each table has."""

    revision: str | None
    rows: Mapping[str, int]


def copy_database(source: Path, target: Path, halt: Callable[[], bool] = lambda: False) -> None:
    """Write one consistent state of a database to a new private file, also while another process writes to it.

    The connection cannot write, so it takes no lock that a writer waits for and never tidies the log away. Pages that
    are free, where deleted rows were, are not copied.

    Raises:
        sqlite3.Error: the source is damaged, the disk is full, or told to give up ("interrupted").
        StartupError: the target cannot be made.
    """
    target.unlink(missing_ok=True)
    make_private(target)
    with closing(_reading(source)) as connection:
        connection.set_progress_handler(lambda: int(halt()), _STEPS)
        connection.execute("VACUUM INTO ?", (str(target),))


def look_into(path: Path) -> Contents:
    """Check a database file that nobody uses, and count.

    Raises:
        sqlite3.Error: it is not a database, or cannot be read.
        ValueError: it is damaged, or rows point to others that are not there.
    """
    with closing(_reading(path)) as connection:
        [problem] = connection.execute("PRAGMA quick_check(1)").fetchone()
        if problem != "ok":
            raise ValueError(problem)
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise ValueError("rows point to others that are not there")
        tables = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'"
        names = sorted(name for (name,) in connection.execute(tables))
        rows = {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for name in names}  # noqa: S608
        return Contents(_revision(connection, names), rows)


def state_of(vault: Path) -> Mapping[str, Any]:
    """The one row about a vault, whichever version made it.

    Raises:
        sqlite3.Error: it is not a vault, or cannot be read.
        ValueError: it has no such row.
    """
    with closing(_reading(vault)) as connection:
        connection.row_factory = sqlite3.Row
        row = connection.execute("SELECT * FROM vault_state").fetchone()
    if row is None:
        raise ValueError("the vault is empty")
    return dict(row)


def _revision(connection: sqlite3.Connection, tables: list[str]) -> str | None:
    for table, column in REVISION.items():
        if table in tables and (row := connection.execute(f"SELECT {column} FROM {table}").fetchone()):  # noqa: S608
            return str(row[0])
    return None


def _reading(path: Path) -> sqlite3.Connection:
    return sqlite3.connect(f"file:{quote(str(path))}?mode=ro", uri=True, isolation_level=None)
