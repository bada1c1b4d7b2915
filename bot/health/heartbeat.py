"""The dead man's switch: a call each minute while all is well. When the calls stop, somebody else raises the alarm.

Its address is a secret: whoever has it can keep the alarm quiet. It is in no message of ours.
"""

import asyncio
import contextlib
from collections.abc import AsyncGenerator
from typing import Never

import aiohttp
import structlog

from bot.services.condition import ConditionService

INTERVAL = 60.0
LOOK_AGAIN = 5.0
"""Seconds until another look while the bot is not ready: an alarm that was raised should end soon."""

PATIENCE = aiohttp.ClientTimeout(total=10)

log = structlog.get_logger()


class Heartbeat:
    def __init__(self, address: str, condition: ConditionService) -> None:
        self._address = address
        self._condition = condition
        self._failing = False

    async def keep(self) -> Never:
        """Beat until cancelled."""
        async with aiohttp.ClientSession(timeout=PATIENCE) as http:
            while True:
                ready = (await self._condition.now()).ready
                if ready:
                    await self._beat(http)
                await asyncio.sleep(INTERVAL if ready else LOOK_AGAIN)

    async def _beat(self, http: aiohttp.ClientSession) -> None:
        try:
            async with http.get(self._address) as reply:
                self._note(None if reply.ok else f"status {reply.status}")
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            self._note(type(error).__name__)  # its words may hold the address

    def _note(self, failure: str | None) -> None:
        """Say when it begins and when it ends."""
        if failure and not self._failing:
            log.warning("heartbeat does not arrive", reason=failure)
        elif self._failing and not failure:
            log.info("heartbeat arrives again")
        self._failing = failure is not None


@contextlib.asynccontextmanager
async def beating(address: str, condition: ConditionService) -> AsyncGenerator[None]:
    """Beats in the background."""
    task = asyncio.create_task(Heartbeat(address, condition).keep())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait({task})
