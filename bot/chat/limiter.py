"""A steady pace for scheduled sends, so that Discord never has to slow us down."""

import asyncio


class Limiter:
    """Lets callers through one by one, at most `rate` a second. Waiting callers keep their order."""

    def __init__(self, rate: float) -> None:
        self._interval = 1 / rate
        self._next = 0.0

    async def wait(self) -> None:
        """Return when it is this caller's turn."""
        now = asyncio.get_running_loop().time()
        turn = max(now, self._next)
        self._next = turn + self._interval
        if turn > now:
            await asyncio.sleep(turn - now)
