"""What a running bot sees to by itself: the files of the cards, and the daily backup."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog

from bot.catalog.live import LiveContent
from bot.catalog.problems import ContentError
from bot.config import Settings
from bot.domain.condition import CARD_FILES
from bot.domain.lifetimes import BACKUPS
from bot.errors import StartupError
from bot.services.condition import Troubles
from bot.services.curation.editions import Editions
from bot.services.ports import Clock
from bot.storage.backups.folder import Home, Kept
from bot.storage.backups.making import create_if_due

log = structlog.get_logger()


@dataclass(frozen=True)
class ContentWatch:
    """Exchanges the cards when their files change. While these have problems, the old cards stay."""

    content: LiveContent
    editions: Editions
    troubles: Troubles

    async def reload_if_changed(self) -> None:
        if await asyncio.to_thread(self.content.changed):
            await self.reload()

    async def reload(self) -> None:
        try:
            library = await asyncio.to_thread(self.content.load)
        except ContentError as error:
            self.troubles.failed(CARD_FILES)
            log.error("content kept as it was", problems=[str(problem) for problem in error.problems[:20]])
            return
        self.editions.publish(library)
        self.troubles.worked(CARD_FILES)
        log.info("content reloaded", cards=len(library.catalog.cards))


@dataclass(frozen=True)
class Backups:
    """The daily backup."""

    home: Home
    kept: Kept
    clock: Clock

    async def make(self) -> None:
        """Make it if it is due.

        Raises:
            StartupError: it could not be made; why is in the log.
        """
        try:
            made = await create_if_due(self.home, self.kept, self.clock.now())
        except StartupError as error:
            log.error("backup failed", reason=str(error))
            raise
        for each in made:
            log.info("backup made", kind=each.about.kind, file=each.path.name, bytes=each.size)


def home_of(settings: Settings) -> Home:
    """Where the data of these settings is, for what works on files without opening the storage."""
    return Home(settings.database_url, settings.data_dir, settings.key_file, settings.backups)


def kept_of(settings: Settings) -> Kept:
    """How long backups are kept; where the daily one is switched off, as long as if it were not."""
    days = timedelta(days=settings.backup_days) or BACKUPS
    return Kept(days, timedelta(days=settings.vault_backup_days))
