"""Storage: everything that outlives a restart. The only SQL of the project is in this package."""

from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from sqlalchemy import URL

from bot.storage.alerts import AlertStore
from bot.storage.asked import AskedStore
from bot.storage.backups.restoring import refuse_half_restored
from bot.storage.budget import SendBudget
from bot.storage.communities import CommunityStore
from bot.storage.connect import file_of, is_sqlite, locate, shown
from bot.storage.engine import Database
from bot.storage.entries import EntryStore
from bot.storage.holdings import HoldingStore
from bot.storage.marks import MarkStore
from bot.storage.members import MemberStore
from bot.storage.migrate import SchemaStatus, status, upgrade
from bot.storage.move import Moved, move_to_postgresql, refuse_what_is_moved
from bot.storage.plans import PlanStore
from bot.storage.posted import PostedStore
from bot.storage.presence import ServerLock
from bot.storage.prompts import PromptStore
from bot.storage.proposals import ProposalStore
from bot.storage.reports import ReportStore
from bot.storage.revisions import RevisionStore
from bot.storage.rotation import KeyStatus, Rotated, key_status, rotate
from bot.storage.sealing import SealBroken
from bot.storage.state import BotStateStore
from bot.storage.tallies import TallyStore
from bot.storage.tombstones import TombstoneStore
from bot.storage.traces import KeyedTraces
from bot.storage.vault import Vault
from bot.storage.vitals import Vitals

__all__ = [
    "KeyStatus",
    "Moved",
    "Rotated",
    "SchemaStatus",
    "SealBroken",
    "Storage",
    "key_status",
    "locate",
    "move_to_postgresql",
    "rotate",
    "shown",
    "status",
    "upgrade",
]


@dataclass(frozen=True)
class Storage:
    """The stores, over one database and its vault. `budget` is there where several processes can share them."""

    members: MemberStore
    plans: PlanStore
    prompts: PromptStore
    entries: EntryStore
    marks: MarkStore
    state: BotStateStore
    tallies: TallyStore
    communities: CommunityStore
    proposals: ProposalStore
    revisions: RevisionStore
    reports: ReportStore
    alerts: AlertStore
    posted: PostedStore
    asked: AskedStore
    traces: KeyedTraces
    tombstones: TombstoneStore
    holdings: HoldingStore
    vitals: Vitals
    budget: SendBudget | None
    _open: AsyncExitStack

    @classmethod
    async def open(cls, url: str | None, data_dir: Path, master_key_file: Path, backups: Path | None = None) -> Self:
        """Migrate and open the database at `url`, or without one the file `spoonful.db` in the data folder.

        `backups` is the folder of the backups: who was erased is remembered beside them, if it is there.

        Raises:
            StartupError: it is in use by another process, newer than this version, damaged, out of reach or moved
                elsewhere, or the master key is not the right one.
        """
        location = locate(url, data_dir)
        await upgrade(location)
        async with AsyncExitStack() as stack:
            if not is_sqlite(location):
                stack.push_async_callback((await ServerLock.take(location, alone=False)).release)
            vault_db = _open_vault(location, data_dir)
            stack.push_async_callback(vault_db.close)
            db = Database.of_file(file_of(location)) if is_sqlite(location) else Database.of_server(location)
            stack.push_async_callback(db.close)  # closed first: what still runs there may need the vault
            await refuse_what_is_moved(db)
            await refuse_half_restored(db)
            vault = await Vault.unlock(vault_db, master_key_file)
            tombstones = TombstoneStore(vault_db, vault.traces, backups)
            members = MemberStore(db, vault, tombstones)
            await tombstones.settle()
            await members.finish_erasures()
            prompts = PromptStore(db)
            return cls(
                members,
                PlanStore(db, vault),
                prompts,
                EntryStore(db, vault),
                MarkStore(db, vault),
                BotStateStore(db),
                TallyStore(db),
                CommunityStore(db),
                ProposalStore(db),
                RevisionStore(db),
                ReportStore(db),
                AlertStore(db),
                PostedStore(db),
                AskedStore(db),
                vault.traces,
                tombstones,
                HoldingStore(db, vault.traces),
                Vitals(db, prompts, location, data_dir),
                None if is_sqlite(location) else SendBudget(db),
                stack.pop_all(),
            )

    async def close(self) -> None:
        """Wait for what is being written, then close every connection."""
        await self._open.aclose()


def _open_vault(location: URL, data_dir: Path) -> Database:
    """Apart from the database even on one server: a transaction there may wait for one here."""
    if is_sqlite(location):
        return Database.of_file(data_dir / "vault.db")
    return Database.of_server(location, connections=2)
