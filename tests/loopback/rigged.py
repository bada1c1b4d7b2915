"""The real `spoonful run` with one thing made wrong, for faults that no server can cause. Run as a script, it forks.

Arguments that are not ours go to `spoonful run` as they are.
"""

import argparse
import asyncio
import functools
import importlib
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, Never
from unittest.mock import patch

import structlog

from bot import cli
from bot.app import assembly, running
from bot.chat import messenger
from bot.chat.client import SpoonfulClient
from bot.chat.messenger import DiscordMessenger
from bot.health import heartbeat
from bot.services import delivery
from bot.services.checkins import CheckInService
from bot.storage.engine import Database
from bot.storage.entries import EntryStore
from bot.storage.prompts import PromptStore
from tests.loopback.forks import serve

DEATHS = {
    "before-send": (DiscordMessenger, "send_prompt"),
    "before-mark": (PromptStore, "mark_sent"),
}

HANDLERS = ("record_unwell", "add_details", "history")
"""What a button, a form and a command come to."""

SECRET = "their pain was seven"
"""In every error that a broken handler raises: what somebody said must not get into any log."""

log = structlog.get_logger()


class ShiftedClock:
    """The machine's clock, so many seconds ahead: what waits for time to pass need not."""

    def __init__(self, ahead: float) -> None:
        self._ahead = timedelta(seconds=ahead)

    def now(self) -> datetime:
        return datetime.now(UTC) + self._ahead


async def die(*_args: object, **_kwargs: object) -> Never:
    os.kill(os.getpid(), signal.SIGKILL)
    raise AssertionError("nobody survives this")


async def fail(*_args: object, **_kwargs: object) -> Never:
    raise RuntimeError(SECRET)


def short_lease(seconds: float) -> None:
    """What waits for a lease to run out waits only so long."""
    lease = timedelta(seconds=seconds)
    patch.multiple(delivery, LEASE=lease, TIME_TO_SEND=lease * 2 / 3).start()


def hasty(heartbeat_timeout: float) -> None:
    """Identify anew without waiting for five seconds, and soon miss a heartbeat that is not acknowledged."""

    async def at_once(*_args: object, **_kwargs: object) -> None:
        pass

    patch.object(SpoonfulClient, "before_identify_hook", at_once).start()
    client = functools.partial(SpoonfulClient, heartbeat_timeout=heartbeat_timeout)
    patch.object(assembly, "SpoonfulClient", client).start()


def block_when_pressed(seconds: float) -> None:
    """Nothing else happens in the process for so long when something is pressed."""
    real = SpoonfulClient.on_interaction

    async def blocked(self: SpoonfulClient, interaction: Any) -> None:
        time.sleep(seconds)  # noqa: ASYNC251 - this is the fault
        await real(self, interaction)

    patch.object(SpoonfulClient, "on_interaction", blocked).start()


def dawdle_in_transactions(seconds: float) -> None:
    """An entry is written, and not committed for so long."""
    record, write = EntryStore.record, Database.write

    async def slow_record(self: EntryStore, entry: Any) -> Any:
        async def slow_write(db: Database, work: Callable[[Any], Awaitable[Any]]) -> Any:
            async def longer(connection: Any) -> Any:
                done = await work(connection)
                log.info("in a transaction")
                await asyncio.sleep(seconds)
                return done

            return await write(db, longer)

        with patch.object(Database, "write", slow_write):
            return await record(self, entry)

    patch.object(EntryStore, "record", slow_record).start()


def quicken(chosen: argparse.Namespace) -> None:
    """Wait less than usual."""
    if chosen.time_out:
        patch.object(messenger, "SEND_TIMEOUT", chosen.time_out).start()
    if chosen.pause:
        patch.object(delivery, "FIRST_PAUSE", timedelta(seconds=chosen.pause)).start()
    if chosen.heartbeat_every:
        patch.multiple(heartbeat, INTERVAL=chosen.heartbeat_every, LOOK_AGAIN=chosen.heartbeat_every).start()


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--ahead", type=float)
    parser.add_argument("--die", choices=DEATHS)
    parser.add_argument("--lease", type=float)
    parser.add_argument("--time-out", type=float)
    parser.add_argument("--pause", type=float)
    parser.add_argument("--heartbeat-timeout", type=float)
    parser.add_argument("--block", type=float)
    parser.add_argument("--dawdle", type=float)
    parser.add_argument("--broken", action="store_true")
    parser.add_argument("--heartbeat-every", type=float)
    chosen, theirs = parser.parse_known_args(arguments)
    if chosen.ahead:
        patch.object(running, "SystemClock", lambda: ShiftedClock(chosen.ahead)).start()
    if chosen.die:
        patch.object(*DEATHS[chosen.die], new=die).start()
    if chosen.lease:
        short_lease(chosen.lease)
    quicken(chosen)
    if chosen.heartbeat_timeout:
        hasty(chosen.heartbeat_timeout)
    if chosen.block:
        block_when_pressed(chosen.block)
    if chosen.dawdle:
        dawdle_in_transactions(chosen.dawdle)
    if chosen.broken:
        patch.multiple(CheckInService, **dict.fromkeys(HANDLERS, fail)).start()
    sys.argv = ["spoonful", "run", *theirs]
    cli.main()


if __name__ == "__main__":
    importlib.import_module("alembic.command")  # loaded to make a database: most of what a new bot has to do
    serve(main)
