"""The source watch: once a week, what became of every paper that cards cite. People decide what follows from it."""

from collections.abc import Sequence
from datetime import datetime, timedelta

import structlog

from bot.domain.cards import Source
from bot.domain.curation import SourceAlert
from bot.services.curation.ports import AlertStore, RevisionStore, SourceWatch
from bot.services.ports import Catalogs, Clock, StateStore

EVERY = timedelta(weeks=1)
WATCHED = "sources watched"

log = structlog.get_logger()


class Watch:
    """Use-cases of the source watch, over the bundled sources and those that communities added."""

    def __init__(
        self,
        clock: Clock,
        bundled: Catalogs,
        revisions: RevisionStore,
        alerts: AlertStore,
        registries: SourceWatch,
        state: StateStore,
    ) -> None:
        self._clock = clock
        self._bundled = bundled
        self._revisions = revisions
        self._alerts = alerts
        self._registries = registries
        self._state = state

    async def look_if_due(self) -> None:
        """Look when the last time was a week ago or longer, or never."""
        last, now = await self._state.get(WATCHED), self._clock.now()
        if last is None or now - datetime.fromisoformat(last) >= EVERY:
            await self.look()
            await self._state.put(WATCHED, now.isoformat())

    async def look(self) -> Sequence[SourceAlert]:
        """Ask the registries and store what they say; returns all of it, the known too."""
        sources = await self.sources()
        alerts = await self._registries.look(sources, self._clock.now())
        await self._alerts.found(alerts)
        log.info("sources watched", sources=len(sources), alerts=len(alerts))
        return alerts

    async def sources(self) -> Sequence[Source]:
        """Every source once. Two communities may have different papers under one id."""
        known = dict.fromkeys(self._bundled.catalog.sources.values())
        for guild_id in sorted(await self._revisions.guilds()):
            for revision in await self._revisions.latest(guild_id):
                known |= dict.fromkeys(revision.sources)
        return list(known)
