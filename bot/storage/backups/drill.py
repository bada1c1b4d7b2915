"""The whole cycle in a scratch folder: what was never restored is no backup."""

import time
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, select

from bot.errors import ExitCode, StartupError
from bot.storage.backups import server
from bot.storage.backups.folder import Home, scratch
from bot.storage.backups.making import Checked, create, verify
from bot.storage.backups.restoring import Restored, restore
from bot.storage.backups.sealed import Kind
from bot.storage.engine import Database
from bot.storage.entries import EntryStore
from bot.storage.sealing import SealBroken
from bot.storage.tables import entries
from bot.storage.vault import Vault

OPENED = 20
"""Entries that are opened with the keys that came back."""

Say = Callable[[str, float], None]
"""Told after each step: what was done, and the seconds it took."""


async def drill(home: Home, now: datetime, say: Say) -> None:
    """Back up, verify, restore into a scratch folder (or an own database), compare and open. Also while a bot runs.

    Raises:
        StartupError: a step failed, and which.
    """
    steps = _Steps(say)
    with scratch(home.data_dir, "backup-drill") as folder:
        steps.start()
        made = await create(replace(home, backups=folder / "backups"), now)
        steps.done(f"made {_listed(made)}")
        for each in made:
            verify(replace(home, data_dir=folder, backups=folder / "backups"), each.path)
        steps.done(f"verified {sum(sum(each.contents.rows.values()) for each in made):,} rows")
        async with _elsewhere(home, folder) as target:
            restored = await restore(target, [each.path for each in made], now)
            steps.done(f"restored {sum(restored.rows.values()):,} rows of the database")
            _compare(made, restored)
            steps.done("compared: no row is missing")
            steps.done(f"opened {await _open_entries(target)} entries with their keys")
    steps.done("removed it all")


class _Steps:
    def __init__(self, say: Say) -> None:
        self._say = say
        self._since = 0.0

    def start(self) -> None:
        self._since = time.monotonic()

    def done(self, what: str) -> None:
        now = time.monotonic()
        self._say(what, now - self._since)
        self._since = now


@asynccontextmanager
async def _elsewhere(home: Home, folder: Path) -> AsyncGenerator[Home]:
    """A place to restore to that is not in use."""
    apart = replace(home, data_dir=folder / "data", backups=folder / "backups")
    if home.on_sqlite:
        yield replace(apart, url=None)
        return
    async with server.database_for_a_drill(home.location) as url:
        yield replace(apart, url=url.render_as_string(hide_password=False))


def _listed(made: Sequence[Checked]) -> str:
    return " and ".join(f"{each.path.name} ({each.size:,} bytes)" for each in made)


def _compare(made: Sequence[Checked], restored: Restored) -> None:
    """Rows may be added (what was missed), and only those of somebody erased may be gone."""
    [before] = [each.contents.rows for each in made if each.about.kind is Kind.DATABASE]
    short = [] if restored.erased or restored.keyless else _short(before, restored.rows)
    if short:
        raise StartupError(f"The restored copy lacks rows of {', '.join(short)}.", ExitCode.DATABASE)


def _short(before: Mapping[str, int], after: Mapping[str, int]) -> list[str]:
    return [name for name, rows in before.items() if after.get(name, 0) < rows]


async def _open_entries(home: Home) -> int:
    """Some entries, at random, as a bot would open them."""
    vault_db = Database.of_file(home.vault) if home.on_sqlite else Database.of_server(home.location, 1)
    db = Database.of_file(home.database) if home.on_sqlite else Database.of_server(home.location, 1)
    try:
        store = EntryStore(db, await Vault.unlock(vault_db, home.key_file))
        some = await db.rows(select(entries.c.prompt_id).order_by(func.random()).limit(OPENED))
        for row in some:
            await store.of_prompt(row.prompt_id)
        return len(some)
    except SealBroken:
        raise StartupError("An entry of the restored copy does not open with its key.", ExitCode.DATABASE) from None
    finally:
        await db.close()
        await vault_db.close()
