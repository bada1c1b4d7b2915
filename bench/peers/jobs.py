"""The peer of our dispatcher: APScheduler with a persistent job per member, as many reminder bots have it.

It gets what it can be given: the same write-ahead log and the same care about power cuts as our database, jobs that are
filled in bulk and name their function by its path, and no grace time after which it would skip what is late.
"""

import asyncio
import pickle
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from apscheduler.jobstores.sqlalchemy import SQLAlchemyJobStore
from apscheduler.schedulers.asyncio import AsyncIOScheduler
from sqlalchemy import create_engine, event

from bot.storage.connect import prepare_writer

PLACEHOLDER = "f" * 16
INSERT = "INSERT OR REPLACE INTO apscheduler_jobs (id, next_run_time, job_state) VALUES (?, ?, ?)"


async def send(_member: str) -> None:
    """What a job does. The message itself is no part of this comparison."""


class Peer:
    """A scheduler with `jobs` jobs, of which `due` are due now, evenly spread. Made and used inside an event loop."""

    def __init__(self, file: Path, jobs: int, due: int) -> None:
        self._file = file
        engine = create_engine(f"sqlite:///{file}")
        event.listen(engine, "connect", prepare_writer)
        self._engine = engine
        self.scheduler: Any = AsyncIOScheduler(timezone="UTC")
        self.scheduler.add_jobstore(SQLAlchemyJobStore(engine=engine))
        self.scheduler.start(paused=True)
        every = jobs // due
        self._due = [f"{number:016x}" for number in range(jobs) if number % every == 0]
        idle = (f"{number:016x}" for number in range(jobs) if number % every != 0)
        self._states = [self._state(moment) for moment in (_now() - timedelta(seconds=5), _now() + timedelta(days=60))]
        self._write(self._rows(idle, 1))

    def make_due(self) -> None:
        """Put the due jobs (back) to where they are due."""
        self._write(self._rows(iter(self._due), 0))

    def tick(self) -> None:
        """What the scheduler's own timer calls; it blocks until everything due is handed to the loop."""
        self.scheduler._process_jobs()  # noqa: SLF001 - its timer cannot be driven from outside

    async def close(self) -> None:
        jobs = asyncio.all_tasks() - {asyncio.current_task()}
        if jobs:
            await asyncio.wait(jobs)
        self.scheduler.shutdown(wait=False)
        self._engine.dispose()

    def _state(self, moment: datetime) -> tuple[float, bytes]:
        """The stored form of a job with a placeholder for its id, which is also its only argument."""
        job = self.scheduler.add_job(
            "bench.peers.jobs:send",
            "cron",
            hour=moment.hour,
            minute=moment.minute,
            args=[PLACEHOLDER],
            id=PLACEHOLDER,
            next_run_time=moment,
            misfire_grace_time=None,
            coalesce=True,
        )
        state = pickle.dumps(job.__getstate__(), pickle.HIGHEST_PROTOCOL)
        job.remove()
        return moment.timestamp(), state

    def _rows(self, names: Iterator[str], which: int) -> Iterator[tuple[str, float, bytes]]:
        at, state = self._states[which]
        for name in names:
            yield name, at, state.replace(PLACEHOLDER.encode(), name.encode())

    def _write(self, rows: Iterator[tuple[str, float, bytes]]) -> None:
        with closing(sqlite3.connect(self._file, timeout=30)) as connection, connection:
            connection.execute("PRAGMA synchronous=OFF")
            connection.executemany(INSERT, rows)


def _now() -> datetime:
    return datetime.now(UTC)
