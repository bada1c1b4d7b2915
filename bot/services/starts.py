"""Starts: a bot that crashes again and again must not use up the logins that Discord allows a day."""

import json
from datetime import datetime, timedelta

from bot.errors import ExitCode, StartupError
from bot.services.ports import Clock, StateStore

KEY = "starts without an end"
MOST_AT_ONCE = 5
AT_ONCE = timedelta(minutes=10)
MOST_A_DAY = 50
A_DAY = timedelta(days=1)


class Starts:
    """Remembers the starts that did not come to a proper end. One guard for each part that logs in on its own."""

    def __init__(self, clock: Clock, state: StateStore, part: str) -> None:
        self._clock = clock
        self._state = state
        self._key = f"{KEY}: {part}"

    async def begin(self) -> None:
        """Count this start.

        Raises:
            StartupError: there were too many of late.
        """
        now = self._clock.now()
        crashed = [each for each in await self._crashed() if now - A_DAY < each <= now]
        lately = [each for each in crashed if each > now - AT_ONCE]
        if len(lately) >= MOST_AT_ONCE or len(crashed) >= MOST_A_DAY:
            wait = (lately[-MOST_AT_ONCE] + AT_ONCE if len(lately) >= MOST_AT_ONCE else crashed[0] + A_DAY) - now
            raise StartupError(
                f"Spoonful has started {len(lately)} times in 10 minutes and {len(crashed)} times today without ending "
                "properly. Discord allows few logins a day, so it stays down. Look at the log for the cause; it can be "
                f"started again in {wait.total_seconds() / 60:.0f} minutes.",
                ExitCode.CRASH_LOOP,
            )
        await self._keep([*crashed, now])

    async def end(self) -> None:
        """This start has ended as it should, and does not count."""
        await self._keep((await self._crashed())[:-1])

    async def _crashed(self) -> list[datetime]:
        kept: list[str] = json.loads(await self._state.get(self._key) or "[]")
        return [datetime.fromisoformat(each) for each in kept]

    async def _keep(self, starts: list[datetime]) -> None:
        await self._state.put(self._key, json.dumps([each.isoformat() for each in starts[-MOST_A_DAY:]]))
