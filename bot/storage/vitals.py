"""Cheap looks at the database, for whoever watches over the bot."""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path

from sqlalchemy import URL, text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.domain.condition import Stored
from bot.storage.connect import file_of, is_sqlite
from bot.storage.engine import Database
from bot.storage.prompts import PromptStore
from bot.storage.state import BotStateStore

PROBE = "last probe"
SERVER_SIZE = text("SELECT pg_database_size(current_database())")


class Vitals:
    """How the database answers and what is in it. No method raises because of the database."""

    def __init__(self, db: Database, prompts: PromptStore, location: URL, data_dir: Path) -> None:
        self._db = db
        self._prompts = prompts
        self._state = BotStateStore(db)
        self._files = sqlite_files(file_of(location), data_dir) if is_sqlite(location) else ()

    async def writes(self, now: datetime) -> bool:
        """Whether a row could be written and committed."""
        try:
            await self._state.put(PROBE, now.isoformat())
        except (SQLAlchemyError, OSError):
            return False
        return True

    async def measured(self, now: datetime) -> Stored | None:
        """Its size and what waits in it; None if it cannot be read."""
        try:
            backlog = await self._prompts.backlog(now)
            size = size_of(self._files) if self._files else await self._db.read(server_size)
        except (SQLAlchemyError, OSError):
            return None
        return Stored("SQLite" if self._files else "PostgreSQL", size, backlog, self._prompts.missed)


async def server_size(connection: AsyncConnection) -> int:
    """Bytes of a PostgreSQL database."""
    return int((await connection.execute(SERVER_SIZE)).scalar_one())


def sqlite_files(database: Path, data_dir: Path) -> Sequence[Path]:
    """Every file in which SQLite keeps what we store, there or not."""
    both = (database, data_dir / "vault.db")
    return [path.with_name(path.name + end) for path in both for end in ("", "-wal", "-shm")]


def size_of(files: Sequence[Path]) -> int:
    """Bytes of those that are there."""
    return sum(path.stat().st_size for path in files if path.exists())
