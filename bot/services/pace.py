"""A steady pace for scheduled sends, so that Discord never has to slow us down."""

import asyncio

from bot.services.ports import Budget

BLOCK = 5
"""Turns taken from a shared budget at once: one request to the database for several sends."""

SLACK = 2
"""Turns that may be made up for when the event loop was late; more would be a burst."""


class Pace:
    """Lets callers through one by one, at most `rate` a second. Waiting callers keep their order.

    With a `budget` the pace is kept together with other processes.
    """

    def __init__(self, rate: float, budget: Budget | None = None) -> None:
        self._rate = rate
        self._interval = 1 / rate
        self._budget = budget
        self._next = 0.0
        self._reserved = 0
        self._waiting = 0
        self._in_order = asyncio.Lock()

    async def wait(self) -> None:
        """Return when it is this caller's turn."""
        self._waiting += 1
        try:
            async with self._in_order:
                turn = await self._take()
        finally:
            self._waiting -= 1
        await asyncio.sleep(turn - asyncio.get_running_loop().time())

    async def _take(self) -> float:
        """The next turn, as a time of the event loop."""
        now = asyncio.get_running_loop().time()
        if self._budget is None:
            turn = self._next if self._next >= now - SLACK * self._interval else now
        else:
            if not self._reserved:
                self._reserved = min(BLOCK, self._waiting)
                self._next = now + await self._budget.reserve(self._reserved, self._rate)
            self._reserved -= 1
            turn = self._next
        self._next = turn + self._interval
        return turn
