"""The members' keys, each of their own, wrapped with the master key.

They live in a database apart (a file; on PostgreSQL the schema `vault`) that is backed up apart and kept briefly:
deleting a member's key makes their answers unreadable in every old backup of the other database.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Column, LargeBinary, MetaData, Row, SmallInteger, Table, delete, func, select
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateSchema

from bot.errors import ExitCode, StartupError
from bot.storage.engine import ADVISORY_LOCK, Database, insert
from bot.storage.sealing import SealBroken, load_master_key, new_key, seal, unseal
from bot.storage.tables import NAMES, Snowflake

SCHEMA_VERSION = 1

metadata = MetaData(schema="vault", naming_convention=NAMES)

# One row: what the tables look like, and a text that only the right master key opens.
vault_state = Table(
    "vault_state",
    metadata,
    Column("version", SmallInteger, primary_key=True, autoincrement=False),
    Column("probe", LargeBinary, nullable=False),
)

member_key = Table(
    "member_key",
    metadata,
    Column("member_id", Snowflake, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
)

_PROBE = "probe"


class Vault:
    """Seals and opens with a member's key. Keys are not cached: a destroyed one works nowhere, at once."""

    def __init__(self, db: Database, master: bytes) -> None:
        self._db = db
        self._master = master

    @classmethod
    async def unlock(cls, db: Database, master_key_file: Path) -> Self:
        """Prepare the vault's database. While it is new, the master key file is made too if it is not there.

        Raises:
            StartupError: the master key is missing, unsafe or another one; or a newer version made this vault.
        """
        state = await db.write(_create_tables)
        if state is not None and state.version > SCHEMA_VERSION:
            raise StartupError(f"The vault was written by a newer Spoonful ({state.version}).", ExitCode.DATABASE)
        master = load_master_key(master_key_file, create=state is None)
        probe = await _set_probe(db, master) if state is None else state.probe
        try:
            unseal(master, _PROBE, probe)
        except SealBroken:
            raise StartupError(
                f"{master_key_file} is not the master key of this vault. Put the right one back.", ExitCode.CONFIG
            ) from None
        return cls(db, master)

    async def create_key(self, member_id: int) -> None:
        """Give the member a key, unless they have one."""
        wrapped = seal(self._master, _context(member_id, "key"), new_key())

        async def work(connection: AsyncConnection) -> None:
            new = insert(connection, member_key).values(member_id=member_id, wrapped=wrapped)
            await connection.execute(new.on_conflict_do_nothing())

        await self._db.write(work)

    async def seal(self, member_id: int, context: str, plaintext: bytes) -> bytes:
        """Encrypt for one place of one member, which `context` names.

        Raises:
            SealBroken: the member has no key.
        """
        return seal(await self._key(member_id), _context(member_id, context), plaintext)

    async def seal_all(self, member_id: int, plaintexts: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Encrypt for many places of one member, with one look at their key.

        Raises:
            SealBroken: the member has no key.
        """
        key = await self._key(member_id)
        return [seal(key, _context(member_id, context), each) for context, each in plaintexts]

    async def open(self, member_id: int, context: str, sealed: bytes) -> bytes:
        """What was sealed for that member and place.

        Raises:
            SealBroken: it does not open.
        """
        return unseal(await self._key(member_id), _context(member_id, context), sealed)

    async def open_all(self, member_id: int, sealed: Sequence[tuple[str, bytes]]) -> list[bytes]:
        """Many places of one member, with one look at their key.

        Raises:
            SealBroken: one of them does not open.
        """
        if not sealed:
            return []
        key = await self._key(member_id)
        return [unseal(key, _context(member_id, context), each) for context, each in sealed]

    async def destroy(self, member_id: int) -> None:
        """Delete the member's key: what was sealed with it never opens again."""

        await self._db.run(delete(member_key).where(member_key.c.member_id == member_id))
        await self._db.scrub()

    async def _key(self, member_id: int) -> bytes:
        row = await self._db.row(select(member_key.c.wrapped).where(member_key.c.member_id == member_id))
        if row is None:
            raise SealBroken("the member has no key")
        return unseal(self._master, _context(member_id, "key"), row.wrapped)


def _context(member_id: int, place: str) -> str:
    return f"member:{member_id}:{place}"


async def _create_tables(connection: AsyncConnection) -> Row[Any] | None:
    """Make what is missing; returns the state, or None for a new vault. Version 2 begins here with an ALTER."""
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        await connection.execute(CreateSchema("vault", if_not_exists=True))
    await connection.run_sync(metadata.create_all)
    return (await connection.execute(select(vault_state))).one_or_none()


async def _set_probe(db: Database, master: bytes) -> bytes:
    """Returns the probe that stands: another process on the same server may have been first."""

    async def work(connection: AsyncConnection) -> bytes:
        first = insert(connection, vault_state).values(version=SCHEMA_VERSION, probe=seal(master, _PROBE, b""))
        await connection.execute(first.on_conflict_do_nothing())
        return (await connection.execute(select(vault_state.c.probe))).scalar_one()

    return await db.write(work)
