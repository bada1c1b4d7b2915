"""Wakes the services that work by the clock. Holds no state: what is due stands in the database."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import structlog
from apscheduler.schedulers.asyncio import AsyncIOScheduler

from bot.logs import trace_of
from bot.services.condition import Troubles

log = structlog.get_logger()


@dataclass(frozen=True)
class Beat:
    """Work to be done every so many seconds, never twice at once."""

    name: str
    seconds: float
    work: Callable[[], Awaitable[object]]


class Ticker:
    """Keeps the beats. A beat that fails is logged, noted among the `troubles`, and comes again."""

    def __init__(self, beats: Sequence[Beat], troubles: Troubles | None = None) -> None:
        self._beats = beats
        self._troubles = troubles or Troubles()
        self._running: set[asyncio.Task[object]] = set()
        self._scheduler = AsyncIOScheduler(
            timezone="UTC", job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None}
        )

    def start(self) -> None:
        for beat in self._beats:
            self._scheduler.add_job(  # pyright: ignore[reportUnknownMemberType] - APScheduler 3 is untyped
                self._run, "interval", args=[beat], seconds=beat.seconds, next_run_time=datetime.now(UTC)
            )
        self._scheduler.start()

    async def stop(self, patience: float) -> None:
        """No further beat; wait for those that run, at most `patience` seconds."""
        self._scheduler.pause()
        if self._running:
            _, late = await asyncio.wait(self._running, timeout=patience)
            log.info("beats stopped", unfinished=len(late))
        self._scheduler.shutdown(wait=False)

    async def _run(self, beat: Beat) -> None:
        task = asyncio.ensure_future(beat.work())
        self._running.add(task)
        try:
            await task
        except Exception as error:  # noqa: BLE001 - one bad beat must not end the rest
            self._troubles.failed(beat.name)
            log.error("beat failed", beat=beat.name, trace=trace_of(error))
        else:
            self._troubles.worked(beat.name)
        finally:
            self._running.discard(task)
