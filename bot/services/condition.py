"""How the bot is doing, for whoever runs it: the health server and `/status` show the same. Of members: only counts."""

import asyncio
import hashlib
import math
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from bot.domain.catalog import Catalog
from bot.domain.condition import Condition, Hold, Stored
from bot.services.ports import Catalogs, Clock

KEPT = 5.0
"""Seconds for which a look at the database counts: however often somebody asks, it is not asked more often."""

PATIENCE = 5.0
"""Seconds that the database may take to answer. What takes longer is out of order."""

CONTENT_DIGITS = 8


class Vitals(Protocol):
    """Cheap looks at the database. Neither raises because of it."""

    async def writes(self, now: datetime) -> bool:
        """Whether a row could be written and committed."""
        ...

    async def measured(self, now: datetime) -> Stored | None:
        """Its size and what waits in it; None if it cannot be read."""
        ...


class Gateway(Protocol):
    """The connection over which Discord tells what people do."""

    @property
    def offline_for(self) -> float:
        """Seconds since it broke: 0 while it is there, infinite before the first time."""
        ...

    @property
    def latency(self) -> float:
        """Seconds from a heartbeat to its answer; NaN while that is not known."""
        ...


class Sends(Protocol):
    @property
    def hold(self) -> Hold | None:
        """Why nothing is sent just now, if so."""
        ...


class Troubles:
    """How often in a row something did not work, by its name; what worked again is gone."""

    def __init__(self) -> None:
        self._in_a_row = Counter[str]()

    def failed(self, name: str) -> None:
        self._in_a_row[name] += 1

    def worked(self, name: str) -> None:
        self._in_a_row.pop(name, None)

    @property
    def failing(self) -> Mapping[str, int]:
        return dict(self._in_a_row)


class ConditionService:
    """Puts together how the bot is doing.

    `gateway` is None in a process that does without. `last_backup` looks when the newest was made, in files; it is
    None where nobody makes any.
    """

    def __init__(
        self,
        clock: Clock,
        vitals: Vitals,
        last_backup: Callable[[], datetime | None] | None,
        sends: Sends,
        catalogs: Catalogs,
        gateway: Gateway | None,
        version: str,
    ) -> None:
        self._clock = clock
        self._vitals = vitals
        self._last_backup = last_backup
        self._sends = sends
        self._catalogs = catalogs
        self._gateway = gateway
        self._version = version
        self._started = clock.now()
        self._look: asyncio.Task[tuple[bool, Stored | None, datetime | None]] | None = None
        self._looked_at = -math.inf
        self._named: tuple[Catalog, str] | None = None
        self.troubles = Troubles()

    async def now(self) -> Condition:
        """Everything as it is; what the database says may be some seconds old."""
        writable, stored, backup = await self._looked()
        gateway, catalog = self._gateway, self._catalogs.catalog
        latency = None if gateway is None or not math.isfinite(gateway.latency) else gateway.latency
        return Condition(
            self._clock.now(),
            self._started,
            self._version,
            gateway.offline_for if gateway else None,
            latency,
            writable,
            stored,
            self._sends.hold,
            len(catalog.cards),
            self._name_of(catalog),
            self._last_backup is not None,
            backup,
            self.troubles.failing,
        )

    async def close(self) -> None:
        """Give up a look that is going on."""
        if self._look is not None:
            self._look.cancel()
            await asyncio.wait({self._look})

    async def _looked(self) -> tuple[bool, Stored | None, datetime | None]:
        """One look for all who ask at the same time: a database that hangs is not asked again before it answers."""
        present = asyncio.get_running_loop().time()
        if self._look is None or (self._look.done() and present - self._looked_at > KEPT):
            self._looked_at = present
            self._look = asyncio.create_task(self._take_a_look())
        done, _ = await asyncio.wait({self._look}, timeout=PATIENCE)
        return self._look.result() if done else (False, None, None)

    async def _take_a_look(self) -> tuple[bool, Stored | None, datetime | None]:
        now = self._clock.now()
        stored = await self._vitals.measured(now)
        backup = await asyncio.to_thread(self._last_backup) if self._last_backup else None
        return await self._vitals.writes(now), stored, backup

    def _name_of(self, catalog: Catalog) -> str:
        """A few digits that are others when a card or a source is; computed once for each catalog."""
        if self._named is None or self._named[0] is not catalog:
            told = hashlib.sha256()
            for part in (*catalog.cards.values(), *catalog.sources.values()):
                told.update(part.model_dump_json().encode())
            self._named = (catalog, told.hexdigest()[:CONTENT_DIGITS])
        return self._named[1]
