"""Tombstones: who was erased and when, so that a restored backup does not bring them back.

A tombstone is a trace of the person's trace: it tells no id, and fits the rows that hold only a trace as well. It
stands in the vault, beside the keys, and in a file beside the backups: what is restored on a new disk may be older
than the erasure. Both are kept for longer than any backup.
"""

import asyncio
import os
import re
from collections.abc import Generator, Iterable, Mapping
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import structlog
from sqlalchemy import delete, select
from sqlalchemy.ext.asyncio import AsyncConnection

from bot.storage.engine import Database, put
from bot.storage.sealing import sync_folder
from bot.storage.traces import KeyedTraces
from bot.storage.vault import tombstones

FILE = "tombstones"
"""Its name in the backup folder: a line for each, with an instant and the tombstone, written once and never changed."""

_LINE = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?\+00:00) ([\w-]{24})", re.ASCII)

log = structlog.get_logger("spoonful.storage")

Erased = Mapping[str, datetime]
"""Tombstones, and when each person was last erased."""


class TombstoneStore:
    """The tombstones of one vault; `backups` is the folder of the backups, where there is one."""

    def __init__(self, vault_db: Database, traces: KeyedTraces, backups: Path | None) -> None:
        self._db = vault_db
        self._traces = traces
        self._backups = backups

    def of(self, person: int | str) -> str:
        """The tombstone for a person's id, or for a trace that was made of one."""
        return self._traces.of("erased", person if isinstance(person, str) else self._traces.of(person))

    async def all(self) -> Erased:
        """Everybody who was erased, from the vault and from the file.

        Raises:
            OSError: the file is there and cannot be read.
        """
        return _latest((await in_file(self._backups)).items(), (await in_table(self._db)).items())

    async def in_vault(self) -> Erased:
        """Everybody whom the vault knows to be erased; after `settle`, these are all."""
        return await in_table(self._db)

    async def add_to_file(self, tombstone: str, at: datetime) -> None:
        """Add the line; if it cannot be written now, `settle` adds it."""
        with _only_logged():
            await asyncio.to_thread(_append, self._backups, {tombstone: at})

    async def settle(self) -> None:
        """Have both places hold all of them, such as after a restore on a new disk or when that file was out of reach.

        The file is written from the vault alone, so it does no harm if somebody is erased meanwhile.
        """
        with _only_logged():
            filed, standing = await in_file(self._backups), await in_table(self._db)
            await self._db.write(lambda connection: _add(connection, _newer(filed, standing)))
            await asyncio.to_thread(_append, self._backups, _newer(standing, filed))

    async def purge(self, before: datetime) -> int:
        """Forget those from before, in both places; returns how many were in the vault."""
        gone = await self._db.run(delete(tombstones).where(tombstones.c.erased_at < before))
        with _only_logged():
            filed = await in_file(self._backups)
            if self._backups and any(at < before for at in filed.values()):
                kept = {each: at for each, at in filed.items() if at >= before}
                await asyncio.to_thread(_rewrite, self._backups, kept)
                await self.settle()  # a line that another process added while the file was exchanged
        return gone


@contextmanager
def _only_logged() -> Generator[None]:
    """That the backups' disk is full or gone must not keep anybody from being erased, nor a bot from starting."""
    try:
        yield
    except OSError as error:
        log.warning("tombstones beside the backups are out of reach", reason=error.strerror)


async def in_table(vault_db: Database) -> Erased:
    """What a vault holds."""
    return {row.trace: row.erased_at for row in await vault_db.rows(select(tombstones))}


async def in_file(backups: Path | None) -> Erased:
    """What stands beside the backups. A line that a power cut tore counts for nothing, and those around it do.

    Raises:
        OSError: the file is there and cannot be read.
    """
    try:
        text = "" if backups is None else await asyncio.to_thread((backups / FILE).read_text, "ascii", "replace")
    except FileNotFoundError:
        return {}
    found = (_LINE.fullmatch(line) for line in text.splitlines())
    return _latest((each[2], datetime.fromisoformat(each[1])) for each in found if each)


def _latest(*found: Iterable[tuple[str, datetime]]) -> dict[str, datetime]:
    latest: dict[str, datetime] = {}
    for each in found:
        for tombstone, at in each:
            latest[tombstone] = max(at, latest.get(tombstone, at))
    return latest


def _newer(these: Erased, known: Erased) -> Erased:
    return {each: at for each, at in these.items() if each not in known or known[each] < at}


async def _add(connection: AsyncConnection, found: Erased) -> None:
    for tombstone, at in found.items():
        await put(connection, tombstones, {"trace": tombstone, "erased_at": at})


def _append(backups: Path | None, found: Erased) -> None:
    """On disk for certain; without a backup folder there is nothing that could come back."""
    if backups is None or not found or not backups.is_dir():
        return
    path = backups / FILE
    is_new = not path.exists()
    file = os.open(path, os.O_CREAT | os.O_RDWR | os.O_APPEND, 0o600)
    try:
        size = os.fstat(file).st_size
        torn = size and os.pread(file, 1, size - 1) != b"\n"
        os.write(file, (b"\n" if torn else b"") + _lines(found))
        os.fsync(file)
    finally:
        os.close(file)
    if is_new:
        sync_folder(backups)


def _rewrite(backups: Path, kept: Erased) -> None:
    """Exchange the whole file, or nothing."""
    new = backups / f"{FILE}.new"
    new.unlink(missing_ok=True)
    file = os.open(new, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600)
    try:
        os.write(file, _lines(kept))
        os.fsync(file)
    finally:
        os.close(file)
    new.rename(backups / FILE)
    sync_folder(backups)


def _lines(found: Erased) -> bytes:
    return "".join(f"{at.isoformat()} {tombstone}\n" for tombstone, at in found.items()).encode()
