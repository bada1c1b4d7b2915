"""Wakes the services that work by the clock. Holds no state: what is due stands in the database."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.logs import trace_of

DELIVERY_INTERVAL = 1.0
"""Seconds between two looks at what is due: the lateness a member may notice."""

log = structlog.get_logger()


class Ticker:
    """Calls `deliver_due` at a steady beat, never twice at once."""

    def __init__(self, deliver_due: Callable[[], Awaitable[object]]) -> None:
        self._deliver_due = deliver_due
        self._idle = asyncio.Lock()
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        self._scheduler.add_job(  # pyright: ignore[reportUnknownMemberType] - APScheduler 3 is untyped
            self._tick, "interval", seconds=DELIVERY_INTERVAL
        )
        self._scheduler.start()

    async def stop(self, patience: float) -> None:
        """No further beat; wait for the running one, at most `patience` seconds."""
        self._scheduler.pause()
        try:
            async with asyncio.timeout(patience), self._idle:
                log.info("delivery drained")
        except TimeoutError:
            log.warning("delivery not drained in time; leases will settle it")
        self._scheduler.shutdown(wait=False)

    async def _tick(self) -> None:
        async with self._idle:
            try:
                await self._deliver_due()
            except Exception as error:  # noqa: BLE001 - one bad tick must not end the beat
                log.error("delivery tick failed", trace=trace_of(error))
