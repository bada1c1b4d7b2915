"""Patience: what takes the machine a while is made for each person only so many times in ten minutes."""

from collections import deque
from datetime import datetime, timedelta
from enum import Enum
from math import ceil

from bot.errors import UserError
from bot.services.ports import Clock

WINDOW = timedelta(minutes=10)

MOST_REMEMBERED = 1000
"""People and kinds of work after which those that are over are swept out."""


class Work(Enum):
    """What is limited, and how often it may be had in ten minutes: more than anybody needs who is not a program."""

    REPORT = "report", 6
    TRENDS = "trends", 20
    DOWNLOAD = "download", 6
    IMPORT = "import", 6

    @property
    def most(self) -> int:
        return self.value[1]


class Patience:
    """Held in memory: after a restart everybody begins anew."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._taken: dict[tuple[int, Work], deque[datetime]] = {}

    def take(self, person_id: int, work: Work) -> None:
        """Count that somebody wants this now.

        Raises:
            UserError: they had it too often of late; it says how long to wait.
        """
        now = self._clock.now()
        if len(self._taken) >= MOST_REMEMBERED:
            self._taken = {key: times for key, times in self._taken.items() if _counts(times[-1], now)}
        times = self._taken.setdefault((person_id, work), deque(maxlen=work.most))
        if len(times) == work.most and _counts(times[0], now):
            raise UserError(f"That takes me a while to make: please wait {_wait(times[0] + WINDOW - now)}.")
        times.append(now)


def _counts(taken: datetime, now: datetime) -> bool:
    """Not if the clock was put back since."""
    return timedelta() <= now - taken < WINDOW


def _wait(left: timedelta) -> str:
    seconds = ceil(left.total_seconds())
    if seconds <= 90:
        return "1 second" if seconds == 1 else f"{seconds} seconds"
    return f"{ceil(seconds / 60)} minutes"
