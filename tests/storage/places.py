"""Where a test keeps its database, on either engine, and a way to look at the rows behind the stores' backs."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import URL, NullPool
from sqlalchemy.ext.asyncio import create_async_engine

from bot.storage import Storage, locate
from bot.storage.connect import file_of
from bot.storage.engine import Database


@dataclass(frozen=True)
class Place:
    """One empty database with its data folder and master key; `url` is None for SQLite."""

    folder: Path
    url: str | None

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    @property
    def key_file(self) -> Path:
        return self.folder / "keys" / "master.key"

    @property
    def location(self) -> URL:
        return locate(self.url, self.data_dir)

    @property
    def file(self) -> Path:
        return file_of(self.location)

    @property
    def vault_schema(self) -> str:
        return "vault." if self.url else ""

    async def open(self) -> Storage:
        return await Storage.open(self.url, self.data_dir, self.key_file)

    def database(self) -> Database:
        return Database.of_server(self.location) if self.url else Database.of_file(self.file)

    def vault(self) -> Database:
        """Where the keys are: another file, or another schema."""
        return self.database() if self.url else Database.of_file(self.data_dir / "vault.db")

    async def sql(self, statement: str, *, vault: bool = False) -> list[tuple[Any, ...]]:
        """Run one statement on a connection of its own. `vault` picks the other file; on a server there is one."""
        file = self.data_dir / "vault.db" if vault else self.file
        url = self.location if self.url else URL.create("sqlite+aiosqlite", database=str(file))
        engine = create_async_engine(url, poolclass=NullPool)
        async with engine.begin() as connection:
            result = await connection.exec_driver_sql(statement)
            return [tuple(row) for row in result] if result.returns_rows else []

    async def make_vault_older(self) -> None:
        """As the first version of the vault was: without a key for traces, a rotation or tombstones."""
        table = f"{self.vault_schema}vault_state"
        for column in ("trace_key", "next_probe"):
            await self.sql(f"ALTER TABLE {table} DROP COLUMN {column}", vault=True)
        await self.sql(f"DROP TABLE {self.vault_schema}tombstone", vault=True)
        await self.sql(f"UPDATE {table} SET version = 1", vault=True)  # noqa: S608 - our own names

    def raw_bytes(self) -> bytes:
        """Everything in the data folder."""
        return b"".join(path.read_bytes() for path in sorted(self.data_dir.rglob("*")) if path.is_file())
