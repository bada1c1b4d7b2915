"""What can become of one REST request: a script decides, `carry_out` does it."""

import asyncio
import json
import re
import socket
import struct
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web


@dataclass(frozen=True)
class Request:
    """One REST call as it arrived. `path` is below the API root; `at` is the time of the event loop, in seconds."""

    method: str
    path: str
    query: Mapping[str, str]
    body: Any
    authorization: str | None
    at: float

    def matches(self, route: str) -> bool:
        """Whether this is a call of a route such as `POST /channels/*/messages`; `*` is one part of the path."""
        return bool(re.fullmatch(re.escape(route).replace(r"\*", "[^/]+"), f"{self.method} {self.path}"))


@dataclass(frozen=True)
class Answer:
    """The request takes effect and is answered: a good day."""


@dataclass(frozen=True)
class Instead:
    """This is answered, and the request has no effect."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])


@dataclass(frozen=True)
class Silence:
    """No reply. If `accepted`, the request takes effect first, and only the caller does not know.

    `hang` keeps the connection open until the server stops, `close` ends it, `reset` breaks it (errno 104).
    """

    how: Literal["hang", "close", "reset"]
    accepted: bool = True


Fate = Answer | Instead | Silence
Script = Callable[[Request], Awaitable[Fate]]


async def good_day(_request: Request) -> Fate:
    """The script of a server without faults."""
    return Answer()


def only_first(route: str, fate: Fate) -> Script:
    """A script in which the first call of one route meets `fate` and everything else is well."""
    met: list[Request] = []

    async def script(request: Request) -> Fate:
        if met or not request.matches(route):
            return Answer()
        met.append(request)
        return fate

    return script


def reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON with the content type exactly as Discord sends it: discord.py reads no other, not even with a charset."""
    if status == 204:
        return web.Response(status=204, headers=headers)
    return web.Response(
        status=status, body=json.dumps(body).encode(), headers={**(headers or {}), "Content-Type": "application/json"}
    )


async def carry_out(
    fate: Fate, raw: web.Request, effect: Callable[[], Awaitable[web.StreamResponse]], stopping: asyncio.Event
) -> web.StreamResponse:
    """Do to a request what was decided for it."""
    match fate:
        case Answer():
            return await effect()
        case Instead(status, body, headers):
            return reply(status, body, headers)
        case Silence(how, accepted):
            if accepted:
                await effect()
            if how == "hang":
                await stopping.wait()
            _cut(raw, reset=how == "reset")
            return web.Response()  # goes nowhere


def _cut(raw: web.Request, *, reset: bool) -> None:
    if raw.transport is None:
        return
    if reset:
        connection = raw.transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raw.transport.abort()
    else:
        raw.transport.close()
