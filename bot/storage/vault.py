"""The members' keys, each of their own, wrapped with the master key.

They live in a database apart (a file; on PostgreSQL the schema `vault`) that is backed up apart and kept briefly:
deleting a member's key makes their answers unreadable in every old backup of the other database.
"""

from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any, Self

from sqlalchemy import Column, LargeBinary, MetaData, Row, SmallInteger, Table, Text, delete, func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.schema import CreateSchema

from bot.errors import ExitCode, StartupError
from bot.storage.engine import ADVISORY_LOCK, Database, insert, put
from bot.storage.sealing import SealBroken, load_master_key, new_key, opens, seal, unseal
from bot.storage.tables import NAMES, Instant, Snowflake
from bot.storage.traces import KeyedTraces

SCHEMA_VERSION = 3

metadata = MetaData(schema="vault", naming_convention=NAMES)

# One row: what the tables look like, a text that only the right master key opens, and the key of the traces.
vault_state = Table(
    "vault_state",
    metadata,
    Column("version", SmallInteger, primary_key=True, autoincrement=False),
    Column("probe", LargeBinary, nullable=False),
    Column("trace_key", LargeBinary),  # NULL from the upgrade of an older vault until it is first unlocked
    Column("next_probe", LargeBinary),  # a text for the next master key, from the first to the last step of a rotation
)

_NEW_COLUMNS = {2: "trace_key", 3: "next_probe"}
"""By the version that brought them. `metadata.create_all` makes new tables, which need no word here."""

_ADD_COLUMN = {
    "sqlite": "ALTER TABLE vault_state ADD COLUMN {} BLOB",
    "postgresql": "ALTER TABLE vault.vault_state ADD COLUMN {} BYTEA",
}

member_key = Table(
    "member_key",
    metadata,
    Column("member_id", Snowflake, primary_key=True, autoincrement=False),
    Column("wrapped", LargeBinary, nullable=False),
)

# Who was erased, and when; see `tombstones`.
tombstones = Table(
    "tombstone",
    metadata,
    Column("trace", Text, primary_key=True),
    Column("erased_at", Instant, nullable=False),
)

PROBE = "probe"
TRACES = "traces"


class Vault:
    """Seals and opens with a member's key. Keys are not cached: a destroyed one works nowhere, at once.

    `traces` is under a key of its own that the master key wraps: it stays when the master key is exchanged, and with
    it whatever is found again by a trace.
    """

    def __init__(self, db: Database, master: bytes, probe: bytes, traces: KeyedTraces) -> None:
        self._db = db
        self._master = master
        self._probe = probe
        self.traces = traces

    @classmethod
    async def unlock(cls, db: Database, master_key_file: Path) -> Self:
        """Prepare the vault's database. While it is new, the master key file is made too if it is not there.

        Raises:
            StartupError: the master key is missing, unsafe, another one or half exchanged; or a newer version made
                this vault.
        """
        state = await db.write(prepare)
        if state is not None and state.next_probe is not None:
            raise StartupError(
                "The exchange of the master key was cut short. Nothing is lost; end it with: spoonful keys rotate",
                ExitCode.CONFIG,
            )
        master = load_master_key(master_key_file, create=state is None)
        if state is None:
            state = await _fill(db, master)
        if not opens(master, PROBE, state.probe):
            raise not_its_key(master_key_file)
        if state.trace_key is None:
            state = await _fill(db, master)
        try:
            return cls(db, master, state.probe, KeyedTraces(unseal(master, TRACES, state.trace_key)))
        except SealBroken:
            raise not_its_key(master_key_file) from None

    async def create_key(self, member_id: int) -> None:
        """Give the member a key, unless they have one.

        Raises:
            SealBroken: the master key was exchanged behind our back, and nothing may be wrapped with ours any more.
        """
        wrapped = seal(self._master, key_context(member_id), new_key())
        ours = select(vault_state.c.probe).where(vault_state.c.probe == self._probe, vault_state.c.next_probe.is_(None))

        async def work(connection: AsyncConnection) -> None:
            if (await connection.execute(ours.with_for_update(read=True))).first() is None:
                raise SealBroken("the master key was exchanged")
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

    async def destroy(self, member_id: int, tombstone: str, at: datetime) -> None:
        """Delete the member's key: what was sealed with it never opens again. The tombstone takes its place."""

        async def work(connection: AsyncConnection) -> None:
            await put(connection, tombstones, {"trace": tombstone, "erased_at": at})
            await connection.execute(delete(member_key).where(member_key.c.member_id == member_id))

        await self._db.write(work)
        await self._db.scrub()

    async def holders(self) -> Sequence[int]:
        """Everybody who has a key."""
        return [row.member_id for row in await self._db.rows(select(member_key.c.member_id))]

    async def _key(self, member_id: int) -> bytes:
        row = await self._db.row(select(member_key.c.wrapped).where(member_key.c.member_id == member_id))
        if row is None:
            raise SealBroken("the member has no key")
        return unseal(self._master, key_context(member_id), row.wrapped)


def _context(member_id: int, place: str) -> str:
    return f"member:{member_id}:{place}"


def key_context(member_id: int) -> str:
    """The place for which a member's key is wrapped."""
    return _context(member_id, "key")


def not_its_key(path: Path) -> StartupError:
    return StartupError(f"{path} is not the master key of this vault. Put the right one back.", ExitCode.CONFIG)


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


def refuse_newer_vault(version: int) -> None:
    """Raises StartupError if this version does not know that one."""
    if version > SCHEMA_VERSION:
        raise StartupError(f"The vault was written by a newer Spoonful ({version}).", ExitCode.DATABASE)


async def _upgrade(connection: AsyncConnection, version: int) -> None:
    refuse_newer_vault(version)
    for brought_by, column in _NEW_COLUMNS.items():
        if version < brought_by:
            await connection.exec_driver_sql(_ADD_COLUMN[connection.dialect.name].format(column))
    if version < SCHEMA_VERSION:
        await connection.execute(update(vault_state).values(version=SCHEMA_VERSION))


async def _fill(db: Database, master: bytes) -> Row[Any]:
    """Give a vault the state it lacks; returns what stands: another process on the same server may have been first."""
    first = {"version": SCHEMA_VERSION, "probe": seal(master, PROBE, b"")}
    keyed = update(vault_state).where(vault_state.c.trace_key.is_(None))

    async def work(connection: AsyncConnection) -> Row[Any]:
        await connection.execute(insert(connection, vault_state).values(first).on_conflict_do_nothing())
        await connection.execute(keyed.values(trace_key=seal(master, TRACES, new_key())))
        return (await connection.execute(select(vault_state))).one()

    return await db.write(work)
