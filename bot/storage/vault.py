"""The members' keys, each of their own, wrapped with the master key.

They live in a database apart (a file; on PostgreSQL the schema `vault`) that is backed up apart and kept briefly:
deleting a member's key makes their answers unreadable in every old backup of the other database.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Column, LargeBinary, MetaData, Row, SmallInteger, Table, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateSchema

from bot.errors import ExitCode, StartupError
from bot.storage.engine import ADVISORY_LOCK, Database, insert
from bot.storage.sealing import SealBroken, load_master_key, new_key, seal, unseal
from bot.storage.tables import NAMES, Snowflake
from bot.storage.traces import KeyedTraces

SCHEMA_VERSION = 2

metadata = MetaData(schema="vault", naming_convention=NAMES)

# One row: what the tables look like, a text that only the right master key opens, and the key of the traces.
vault_state = Table(
    "vault_state",
    metadata,
    Column("version", SmallInteger, primary_key=True, autoincrement=False),
    Column("probe", LargeBinary, nullable=False),
    Column("trace_key", LargeBinary),  # NULL from the upgrade of an older vault until it is first unlocked
)

_NEW_IN_VERSION_2 = {
    "sqlite": "ALTER TABLE vault_state ADD COLUMN trace_key BLOB",
    "postgresql": "ALTER TABLE vault.vault_state ADD COLUMN trace_key BYTEA",
}

member_key = Table(
    "member_key",
    metadata,
    Column("member_id", Snowflake, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
)

_PROBE = "probe"
_TRACES = "traces"


class Vault:
    """Seals and opens with a member's key. Keys are not cached: a destroyed one works nowhere, at once.

    `traces` is under a key of its own that the master key wraps: it stays when the master key is exchanged, and with
    it whatever is found again by a trace.
    """

    def __init__(self, db: Database, master: bytes, traces: KeyedTraces) -> None:
        self._db = db
        self._master = master
        self.traces = traces

    @classmethod
    async def unlock(cls, db: Database, master_key_file: Path) -> Self:
        """Prepare the vault's database. While it is new, the master key file is made too if it is not there.

        Raises:
            StartupError: the master key is missing, unsafe or another one; or a newer version made this vault.
        """
        state = await db.write(prepare)
        master = load_master_key(master_key_file, create=state is None)
        if state is None:
            state = await _fill(db, master)
        try:
            unseal(master, _PROBE, state.probe)
            if state.trace_key is None:
                state = await _fill(db, master)
            return cls(db, master, KeyedTraces(unseal(master, _TRACES, state.trace_key)))
        except SealBroken:
            raise StartupError(
                f"{master_key_file} is not the master key of this vault. Put the right one back.", ExitCode.CONFIG
            ) from None

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


async def prepare(connection: AsyncConnection) -> Row[Any] | None:
    """Make what is missing and bring older tables up to date; returns the state, or None for a new vault.

    Raises:
        StartupError: a newer version made this vault.
    """
    if connection.dialect.name == "postgresql":
        await connection.execute(select(func.pg_advisory_xact_lock(ADVISORY_LOCK)))
        await connection.execute(CreateSchema("vault", if_not_exists=True))
    await connection.run_sync(metadata.create_all)
    version = (await connection.execute(select(vault_state.c.version))).scalar_one_or_none()
    if version is not None:
        await _upgrade(connection, version)
    return (await connection.execute(select(vault_state))).one_or_none()


async def _upgrade(connection: AsyncConnection, version: int) -> None:
    if version > SCHEMA_VERSION:
        raise StartupError(f"The vault was written by a newer Spoonful ({version}).", ExitCode.DATABASE)
    if version < 2:
        await connection.exec_driver_sql(_NEW_IN_VERSION_2[connection.dialect.name])
    if version < SCHEMA_VERSION:
        await connection.execute(update(vault_state).values(version=SCHEMA_VERSION))


async def _fill(db: Database, master: bytes) -> Row[Any]:
    """Give a vault the state it lacks; returns what stands: another process on the same server may have been first."""
    first = {"version": SCHEMA_VERSION, "probe": seal(master, _PROBE, b"")}
    keyed = update(vault_state).where(vault_state.c.trace_key.is_(None))

    async def work(connection: AsyncConnection) -> Row[Any]:
        await connection.execute(insert(connection, vault_state).values(first).on_conflict_do_nothing())
        await connection.execute(keyed.values(trace_key=seal(master, _TRACES, new_key())))
        return (await connection.execute(select(vault_state))).one()

    return await db.write(work)
