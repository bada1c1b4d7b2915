"""A look at a database that may be in use, for `spoonful doctor`: nothing is made, locked for long, or changed."""

import fcntl
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import URL, inspect, select
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.communities import Community
from bot.errors import ExitCode, StartupError
from bot.storage.connect import file_of, is_sqlite, locate, server_engine, shown, sqlite_engine
from bot.storage.curation_tables import communities
from bot.storage.presence import anybody_there
from bot.storage.rotation import KeyStatus, key_status
from bot.storage.tables import bot_state
from bot.storage.vitals import server_size, size_of, sqlite_files


@dataclass(frozen=True)
class Checkup:
    """What was found. `facts` are what the bot noted about itself."""

    engine: str
    size: int
    in_use: bool
    facts: Mapping[str, str] = field(default_factory=dict[str, str])
    communities: tuple[Community, ...] = ()


async def look_at(url: str | None, data_dir: Path) -> Checkup | None:
    """None if there is no database yet.

    Raises:
        StartupError: it cannot be reached or read.
    """
    location = locate(url, data_dir)
    file = file_of(location) if is_sqlite(location) else None
    if file and not file.exists():
        return None
    engine = sqlite_engine(file, "ro", 1) if file else server_engine(location, 1)
    try:
        async with engine.connect() as connection:
            size = size_of(sqlite_files(file, data_dir)) if file else await server_size(connection)
            in_use = _is_locked(file) if file else await anybody_there(connection)
            return Checkup(_engine(connection), size, in_use, *await _noted(connection))
    except (SQLAlchemyError, OSError) as error:
        raise _unreadable(location, error) from error
    finally:
        await engine.dispose()


async def look_at_key(url: str | None, data_dir: Path, master_key_file: Path) -> KeyStatus:
    """How the master key and the vault stand to each other.

    Raises:
        StartupError: there is no vault or it cannot be read (`ExitCode.DATABASE`); the key file is missing or unsafe.
    """
    try:
        return await key_status(url, data_dir, master_key_file)
    except (SQLAlchemyError, OSError) as error:
        raise StartupError(f"The vault cannot be read ({type(error).__name__}).", ExitCode.DATABASE) from error


def _engine(connection: AsyncConnection) -> str:
    numbers = connection.dialect.server_version_info or ()
    name = "SQLite" if connection.dialect.name == "sqlite" else "PostgreSQL"
    return f"{name} {'.'.join(str(number) for number in numbers)}"


async def _noted(connection: AsyncConnection) -> tuple[Mapping[str, str], tuple[Community, ...]]:
    """The facts and the communities, as far as the schema has tables for them."""
    names = set(await connection.run_sync(lambda plain: inspect(plain).get_table_names()))
    facts, settings = dict[str, str](), list[str]()
    if bot_state.name in names:
        facts = {row.name: row.value for row in await connection.execute(select(bot_state))}
    if communities.name in names:
        settings = list((await connection.execute(select(communities.c.settings))).scalars())
    return facts, tuple(Community.model_validate_json(each) for each in settings)


def _is_locked(database: Path) -> bool:
    """Whether a process has the database: for a moment it is asked of the system like a lock that others may share."""
    try:
        file = os.open(database.with_name(f"{database.name}.lock"), os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except OSError:
        return True
    finally:
        os.close(file)
    return False


def _unreadable(location: URL, error: Exception) -> StartupError:
    return StartupError(
        f"The database at {shown(location)} cannot be read ({type(error).__name__}).", ExitCode.DATABASE
    )
