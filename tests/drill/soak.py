"""The whole bot for a long while, at a day's work every few minutes. Run as a script; `--figures FILE` gets its use.

The prompts that are due tomorrow are made due now, again and again; everything else is the bot as it is. Each line of
the figures is JSON: seconds, sent prompts, memory (kB, resident), open files, threads, tasks and Python objects.
"""

import argparse
import asyncio
import contextlib
import gc
import json
import os
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from unittest.mock import patch

import uvloop
from sqlalchemy import func, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from bot import app
from bot.app import running
from bot.config import Settings, load_settings
from bot.logs import configure
from bot.storage import Storage
from bot.storage.engine import Database
from bot.storage.prompts import PromptStore
from bot.storage.tables import DUE, prompts

open_storage = app.open_storage
LONGEST_QUEUE = 500


@dataclass
class Counted:
    """Counts what is marked as sent."""

    sent: int = 0

    def noting(self, mark: Callable[..., Awaitable[None]]) -> Callable[..., Awaitable[None]]:
        async def mark_and_count(*args: Any) -> None:
            await mark(*args)
            self.sent += 1

        return mark_and_count


async def refill(db: Database, count: int) -> None:
    """Let the prompts due next be due now, unless the bot has enough to do."""

    async def work(connection: AsyncConnection) -> None:
        now = datetime.now(UTC)
        waiting = select(func.count()).where(DUE, prompts.c.due_at <= now).select_from(prompts)
        if (await connection.execute(waiting)).scalar_one() < LONGEST_QUEUE:
            later = select(prompts.c.id).where(DUE, prompts.c.due_at > now).limit(count).scalar_subquery()
            soon = now - timedelta(seconds=1)
            await connection.execute(update(prompts).where(prompts.c.id.in_(later)).values(due_at=soon))

    await db.write(work)


def used(started: float, sent: int) -> dict[str, float]:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return {
        "seconds": round(time.monotonic() - started, 1),
        "sent": sent,
        "kB": pages * os.sysconf("SC_PAGE_SIZE") // 1024,
        "files": len(os.listdir("/proc/self/fd")),  # noqa: PTH208 - the list itself is open too, always
        "threads": len(os.listdir("/proc/self/task")),  # noqa: PTH208 - as above
        "tasks": len(asyncio.all_tasks()),
        "objects": len(gc.get_objects()) if gc.collect() >= 0 else 0,
    }


async def keep_busy(storage: Storage, chosen: argparse.Namespace, counted: Counted) -> None:
    started = noted = time.monotonic()
    with chosen.figures.open("a") as file:
        while True:
            await refill(storage.prompts._db, chosen.rate)  # pyright: ignore[reportPrivateUsage] - the only handle
            if time.monotonic() - noted > chosen.every:
                noted = time.monotonic()
                file.write(json.dumps(used(started, counted.sent)) + "\n")
                file.flush()
            await asyncio.sleep(0.5)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--figures", type=Path, required=True)
    parser.add_argument("--rate", type=int, required=True)
    parser.add_argument("--every", type=float, required=True)
    chosen, counted = parser.parse_args(), Counted()

    @contextlib.asynccontextmanager
    async def open_and_keep_busy(settings: Settings) -> AsyncGenerator[Storage]:
        async with open_storage(settings) as storage:
            busy = asyncio.create_task(keep_busy(storage, chosen, counted))
            try:
                yield storage
            finally:
                busy.cancel()

    settings = load_settings().model_copy(update={"send_rate": chosen.rate})
    configure(settings.log_level, settings.log_format)
    patch.object(running, "open_storage", open_and_keep_busy).start()
    patch.object(PromptStore, "mark_sent", counted.noting(PromptStore.mark_sent)).start()
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(app.run(settings))


if __name__ == "__main__":
    main()
