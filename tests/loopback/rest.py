"""The HTTP half: every call is noted, held against Discord's description, and meets what is meant for it."""

import asyncio
from collections import Counter
from collections.abc import Callable, Iterable

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.loopback.calls import Payload, Request, read
from tests.loopback.codes import DiscordError
from tests.loopback.faults import Instead, Script, carry_out, good_day, reply
from tests.loopback.limits import Limits
from tests.loopback.openapi import contract

API = "/api/v10"
CALL = web.RequestKey("call", Request)
NO_TOKEN_NEEDED = ("/interactions/", "/webhooks/")
BIGGEST = 32 * 1024**2
"""Bytes of a request."""

Route = Callable[[Request, Payload], Payload | list[Payload] | None]
"""Answers a request, given the parts of its path; None is "204 No Content"."""


class Rest:
    """Everything it was asked is in `requests`; `script` decides what becomes of each.

    `limits` come before the script, and there are none unless a test sets them. `violations` and `unknown_routes` are
    what should not have been asked: a test that asks it on purpose says so by `forgive`. `statuses` counts the replies.
    """

    def __init__(self, token: str) -> None:
        self.script: Script = good_day
        self.limits: Limits | None = None
        self.requests: list[Request] = []
        self.statuses: Counter[int] = Counter()
        self.violations: list[str] = []
        self.unknown_routes: list[str] = []
        self._token = token
        self._stopping = asyncio.Event()

    def calls(self, route: str) -> list[Request]:
        """The requests of one route, such as `POST /channels/*/messages`."""
        return [request for request in self.requests if request.matches(route)]

    def forgive(self) -> list[str]:
        """What was wrong so far, taken off the record."""
        wrong = self.violations + self.unknown_routes
        self.violations.clear()
        self.unknown_routes.clear()
        return wrong

    def _application(self, routes: Iterable[tuple[str, str, Route]]) -> web.Application:
        app = web.Application(middlewares=[self._middleware], client_max_size=BIGGEST)
        for method, path, answer in routes:
            app.router.add_route(method, API + path, _as_handler(answer))
        return app

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(API):
            return await handler(request)
        call = await read(request, API)
        self.requests.append(call)
        if agreed := contract():
            self.violations += agreed.breaches(call)

        async def effect() -> web.StreamResponse:
            try:
                self._authorize(call)
                request[CALL] = call
                return await handler(request)
            except DiscordError as error:
                return reply(error.status, error.body)
            except web.HTTPException as error:
                self.unknown_routes.append(f"{call.method} {call.path}")
                return reply(error.status, {"message": f"{error.status}: {error.reason}", "code": 0})

        refusal, headers = self.limits.meet(call) if self.limits else (None, {})
        fate = refusal or await self.script(call)
        response = await carry_out(fate, request, effect, self._stopping)
        if response is None:
            return web.Response()  # goes nowhere
        if not isinstance(fate, Instead) or fate is refusal:
            response.headers.update(headers)
        self.statuses[response.status] += 1
        return response

    def _authorize(self, request: Request) -> None:
        if not request.path.startswith(NO_TOKEN_NEEDED) and request.authorization != f"Bot {self._token}":
            raise DiscordError(0)


def _as_handler(answer: Route) -> Handler:
    async def handle(raw: web.Request) -> web.StreamResponse:
        body = answer(raw[CALL], dict(raw.match_info))
        return reply(204 if body is None else 200, body)

    return handle
