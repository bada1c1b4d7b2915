"""Discord's rate limits: so many calls a second in all, and so many of each route."""

import hashlib
import math
import time
from collections.abc import Mapping
from dataclasses import dataclass, field

from tests.loopback.calls import Request
from tests.loopback.faults import Instead, globally_limited, route_limited

UNCOUNTED = ("/interactions/", "/webhooks/")
"""Discord counts neither answers to interactions nor webhooks against a bot's total."""


@dataclass
class Window:
    """So many calls in so many seconds; the time begins with the first of them."""

    limit: int
    seconds: float
    ends: float = float("-inf")
    used: int = 0

    def take(self, now: float) -> bool:
        """Whether there is room for one more call. There is none for one that is refused."""
        if now >= self.ends:
            self.ends, self.used = now + self.seconds, 0
        if self.used >= self.limit:
            return False
        self.used += 1
        return True

    def left(self, now: float) -> float:
        """Seconds until it begins anew, in thousandths as Discord says them."""
        return math.ceil((self.ends - now) * 1000) / 1000


@dataclass
class Limits:
    """Refuses what is too much, and tells in its headers how much is left, as Discord does.

    `per_route` has, by routes such as `POST /channels/*/messages`, the calls and the seconds in which so many may
    be made; each channel, server and webhook has a count of its own. `refused` counts the 429s given.
    """

    per_second: int = 50
    per_route: Mapping[str, tuple[int, float]] = field(default_factory=dict[str, tuple[int, float]])
    refused: int = 0

    def __post_init__(self) -> None:
        self._total = Window(self.per_second, 1)
        self._windows: dict[tuple[str, str], Window] = {}

    def meet(self, call: Request) -> tuple[Instead | None, dict[str, str]]:
        """What a call over the limit is told; and the headers that go with any answer to this call."""
        if not call.path.startswith(UNCOUNTED) and not self._total.take(call.at):
            self.refused += 1
            return globally_limited(self._total.left(call.at)), {}
        route = next((route for route in self.per_route if call.matches(route)), None)
        if route is None:
            return None, {}
        window = self._windows.setdefault((route, _major(call)), Window(*self.per_route[route]))
        passed = window.take(call.at)
        self.refused += not passed
        return None if passed else route_limited(window.left(call.at)), _headers(route, window, call.at)


def _major(call: Request) -> str:
    """What a route is counted by: the channel, the server, or the webhook with its token."""
    kind, *names = call.path.strip("/").split("/")
    return "/".join(names[: {"channels": 1, "guilds": 1, "webhooks": 2}.get(kind, 0)])


def _headers(route: str, window: Window, now: float) -> dict[str, str]:
    left = window.left(now)
    return {
        "X-RateLimit-Limit": str(window.limit),
        "X-RateLimit-Remaining": str(window.limit - window.used),
        "X-RateLimit-Reset": f"{time.time() + left:.3f}",
        "X-RateLimit-Reset-After": f"{left:.3f}",
        "X-RateLimit-Bucket": hashlib.sha256(route.encode()).hexdigest()[:32],
    }
