"""Discord's ids."""

import itertools
import time

EPOCH = 1_420_070_400_000
"""Milliseconds since 1970 at which Discord's ids begin."""


class Ids:
    """Gives out ids that rise and carry the time, as Discord's do."""

    def __init__(self) -> None:
        self._numbers = itertools.count(1)

    def new(self) -> str:
        return str(((time.time_ns() // 1_000_000 - EPOCH) << 22) + next(self._numbers))
