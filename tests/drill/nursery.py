"""Starts dispatchers quickly, to be killed. Run as a script; told by lines on standard input.

Importing the program takes far longer than anything that a kill could spoil, so it is done once, and each dispatcher
is a fork that then runs all of `spoonful run --role dispatcher`: content, database, log-in, deliveries.

`start`, `kill` (-9, returns when it is dead) and `stop` (SIGTERM) are each answered by one line: the exit status.
With `--lease` the lease and all times that hang on it are shorter by the same factor.
"""

import argparse
import asyncio
import os
import signal
import sys
from datetime import timedelta
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import aiosqlite
import alembic.command
import asyncpg
import uvloop
from sqlalchemy.ext.asyncio import AsyncEngine

from bot import app
from bot.chat import messenger
from bot.config import Settings, load_settings
from bot.errors import StartupError
from bot.logs import configure
from bot.services import delivery
from bot.storage.engine import Database, Work

PRELOADED: tuple[ModuleType, ...] = (aiosqlite, alembic.command, asyncpg)


def shorten(lease: float) -> None:
    """Make the lease so many seconds, with the proportions of real life."""
    factor = lease / delivery.LEASE.total_seconds()
    delivery.LEASE = timedelta(seconds=lease)
    delivery.TIME_TO_SEND *= factor
    messenger.SEND_TIMEOUT *= factor


def slow_down(told: Path) -> None:
    """Let each transaction take so many seconds longer as the file says, while it is there."""
    transaction = Database._transaction  # pyright: ignore[reportPrivateUsage] - the one place where all go by

    async def slowly(engine: AsyncEngine, work: Work[Any]) -> Any:
        if told.exists():  # noqa: ASYNC240 - in memory
            await asyncio.sleep(float(told.read_text()))  # noqa: ASYNC240 - in memory
        return await transaction(engine, work)

    patch.object(Database, "_transaction", staticmethod(slowly)).start()


def live(settings: Settings) -> int:
    """A dispatcher's life, in a fork; its exit code."""
    with Path(os.devnull).open() as nothing:
        os.dup2(nothing.fileno(), sys.stdin.fileno())
    try:
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(app.run(settings, app.Part(app.Role.DISPATCHER)))
    except StartupError as error:
        sys.stderr.write(f"{error}\n")
        return error.code
    return 0


class Nursery:
    """At most one dispatcher at a time."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._child = 0

    def start(self) -> int:
        self._child = os.fork()
        if not self._child:
            code = 1
            try:
                code = live(self._settings)
            finally:
                os._exit(code)
        return self._child

    def end(self, how: signal.Signals) -> int:
        """The exit status as `subprocess` gives it: negative for a signal. 0 if there was nobody."""
        if not self._child:
            return 0
        os.kill(self._child, how)
        _, status = os.waitpid(self._child, 0)
        self._child = 0
        return os.waitstatus_to_exitcode(status)

    def obey(self, order: str) -> int:
        match order:
            case "start":
                return self.start()
            case "kill":
                return self.end(signal.SIGKILL)
            case _:
                return self.end(signal.SIGTERM)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--lease", type=float)
    parser.add_argument("--rate", type=float)
    parser.add_argument("--slow-database", type=Path)
    chosen = parser.parse_args()
    settings = load_settings()
    if chosen.rate:  # faster than an operator may set
        settings = settings.model_copy(update={"send_rate": chosen.rate})
    if chosen.lease:
        shorten(chosen.lease)
    if chosen.slow_database:
        slow_down(chosen.slow_database)
    configure(settings.log_level, settings.log_format)
    nursery = Nursery(settings)
    try:
        for order in sys.stdin:
            sys.stdout.write(f"{nursery.obey(order.strip())}\n")
            sys.stdout.flush()
    finally:
        nursery.end(signal.SIGKILL)


if __name__ == "__main__":
    main()
