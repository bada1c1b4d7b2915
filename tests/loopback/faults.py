"""What can become of one REST request: a script decides, `carry_out` does it."""

import asyncio
import contextlib
import json
import math
import socket
import struct
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from aiohttp import web

from tests.loopback.calls import Request
from tests.loopback.codes import DiscordError

VIA = {"Via": "1.1 google"}
"""On everything that Discord itself answers. What comes without it was said by the wall in front of Discord."""


@dataclass(frozen=True)
class Answer:
    """The request takes effect and is answered: a good day."""


@dataclass(frozen=True)
class Instead:
    """This is answered, and the request has no effect unless `accepted`. A body that is a string goes as plain text."""

    status: int
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict[str, str])
    via: bool = True
    accepted: bool = False


@dataclass(frozen=True)
class Silence:
    """No reply. If `accepted`, the request takes effect first, and only the caller does not know.

    `hang` keeps the connection open until the server stops, `close` ends it, `reset` breaks it (errno 104).
    """

    how: Literal["hang", "close", "reset"]
    accepted: bool = True


@dataclass(frozen=True)
class Slow:
    """So many seconds pass, then comes another fate. It comes even if the caller has given up by then."""

    seconds: float
    then: "Fate" = Answer()


Fate = Answer | Instead | Silence | Slow


# Ready-made fates


def route_limited(retry_after: float) -> Instead:
    """429: too many calls of one route."""
    return _limited(retry_after, everywhere=False)


def globally_limited(retry_after: float) -> Instead:
    """429: too many calls of everything."""
    return _limited(retry_after, everywhere=True)


def _limited(retry_after: float, *, everywhere: bool) -> Instead:
    body = {"message": "You are being rate limited.", "retry_after": retry_after, "global": everywhere}
    headers = {"Retry-After": str(math.ceil(retry_after)), "X-RateLimit-Scope": "global" if everywhere else "user"}
    return Instead(429, body, headers | ({"X-RateLimit-Global": "true"} if everywhere else {}))


def banned() -> Instead:
    """429 from Cloudflare, which has shut out the whole address: text, and no word of Discord's."""
    return Instead(429, "error code: 1015", {"Retry-After": "600"}, via=False)


def refused(code: int, status: int | None = None) -> Instead:
    """One of Discord's codes, such as 50007 (403) or 10003 (404), with its usual status unless told another."""
    error = DiscordError(code, status)
    return Instead(error.status, error.body)


def unauthorized() -> Instead:
    """401: the token is no longer good."""
    return refused(0)


def broken(status: int = 503, *, accepted: bool = False) -> Instead:
    """5xx, the way a proxy says it: as text."""
    return Instead(status, "upstream connect error or disconnect/reset before headers", accepted=accepted)


# Scripts. One that waits before it returns holds its request, and nobody else's, until then.

Script = Callable[[Request], Awaitable[Fate]]


async def good_day(_request: Request) -> Fate:
    """The script of a server without faults."""
    return Answer()


def only_first(route: str, fate: Fate) -> Script:
    """A script in which the first call of one route meets `fate` and everything else is well."""
    return in_turn(route, [fate])


def in_turn(route: str, fates: Iterable[Fate]) -> Script:
    """Successive calls of one route meet successive fates; when these are used up, all is well."""
    left = iter(fates)

    async def script(request: Request) -> Fate:
        return next(left, Answer()) if request.matches(route) else Answer()

    return script


def every_time(route: str, fate: Fate) -> Script:
    """All calls of one route meet `fate`."""

    async def script(request: Request) -> Fate:
        return fate if request.matches(route) else Answer()

    return script


def together(*scripts: Script) -> Script:
    """Several scripts as one: each request meets the first fate that is not a good day."""

    async def script(request: Request) -> Fate:
        for each in scripts:
            fate = await each(request)
            if not isinstance(fate, Answer):
                return fate
        return Answer()

    return script


def reply(status: int, body: Any, headers: Mapping[str, str] | None = None) -> web.Response:
    """JSON with the content type exactly as Discord sends it: discord.py reads no other, not even with a charset."""
    headers = {**VIA, **(headers or {})}
    if status == 204:
        return web.Response(status=204, headers=headers)
    return web.Response(
        status=status, body=json.dumps(body).encode(), headers={**headers, "Content-Type": "application/json"}
    )


async def carry_out(
    fate: Fate, raw: web.Request, effect: Callable[[], Awaitable[web.StreamResponse]], stopping: asyncio.Event
) -> web.StreamResponse | None:
    """Do to a request what was decided for it; None if nobody is to hear of it."""
    match fate:
        case Answer():
            return await effect()
        case Instead(accepted=accepted):
            if accepted:
                await effect()
            return _said_instead(fate)
        case Slow(seconds, then):
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stopping.wait(), seconds)
            return await carry_out(then, raw, effect, stopping)
        case Silence(how, accepted):
            if accepted:
                await effect()
            if how == "hang":
                await stopping.wait()
            cut(raw.transport, reset=how == "reset")
            return None


def _said_instead(fate: Instead) -> web.Response:
    if not isinstance(fate.body, str):
        response = reply(fate.status, fate.body, fate.headers)
    else:
        response = web.Response(status=fate.status, text=fate.body, headers={**VIA, **fate.headers})
    if not fate.via:
        del response.headers["Via"]
    return response


def cut(transport: asyncio.Transport | None, *, reset: bool) -> None:
    """End a connection at once; with `reset`, the other side gets errno 104 and not an orderly end."""
    if transport is None:
        return
    if reset:
        connection = transport.get_extra_info("socket")
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    else:
        transport.close()
