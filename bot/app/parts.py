"""Which part of the bot a process is: its role, and its connections to Discord."""

import re
from dataclasses import dataclass
from enum import StrEnum

from bot.errors import ExitCode, StartupError


class Role(StrEnum):
    """What one process does. Prompts go out by plain requests, so a dispatcher needs no gateway."""

    ALL = "all"
    GATEWAY = "gateway"
    DISPATCHER = "dispatcher"


@dataclass(frozen=True)
class Shards:
    """The gateway connections that one process holds, out of `count`. Direct messages arrive on shard 0 alone."""

    here: range
    count: int

    @classmethod
    def parse(cls, text: str) -> "Shards":
        """`0-3/16`, or `2/4` for a single one.

        Raises:
            StartupError: it is something else.
        """
        match = re.fullmatch(r"(\d{1,5})(?:-(\d{1,5}))?/(\d{1,5})", text.strip())
        if match:
            first, last, count = int(match[1]), int(match[2] or match[1]), int(match[3])
            if first <= last < count:
                return cls(range(first, last + 1), count)
        raise StartupError("Shards are written as 0-3/16: from, to, and how many there are in all.", ExitCode.CONFIG)


@dataclass(frozen=True)
class Part:
    """Which part of the bot this process is."""

    role: Role = Role.ALL
    shards: Shards | None = None

    @property
    def name(self) -> str:
        shards = f" {self.shards.here[0]}-{self.shards.here[-1]}/{self.shards.count}" if self.shards else ""
        return f"{self.role}{shards}"


WHOLE = Part()
"""The whole bot in one process: the usual case."""
