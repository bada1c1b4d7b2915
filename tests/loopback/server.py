"""A small Discord on real HTTP and a real websocket, for the parts that a simulation inside the process cannot show."""

import asyncio
import contextlib
import itertools
import time
from collections.abc import AsyncGenerator, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Self

from aiohttp import web
from aiohttp.typedefs import Handler

from tests.loopback.faults import Request, Script, carry_out, good_day, reply
from tests.loopback.gateway import Session

Payload = dict[str, Any]

API = "/api/v10"
EPOCH = 1_420_070_400_000
"""Milliseconds since 1970 at which Discord's ids begin."""

EPHEMERAL, LOADING = 64, 128
DM = 1
CALL = web.RequestKey("call", Request)
NO_TOKEN_NEEDED = ("/interactions/", "/webhooks/")

PONG, NEW_MESSAGE, DEFERRED_MESSAGE, DEFERRED_UPDATE, UPDATE = 1, 4, 5, 6, 7


class DiscordError(Exception):
    """Discord refuses: the status, and the code that goes with it."""

    def __init__(self, status: int, code: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass
class Interaction:
    """A command or a click on its way through the bot. `original` is what `@original` means, once there is one."""

    id: str
    token: str
    channel_id: str
    pressed: Payload | None
    callback: Payload | None = None
    original: Payload | None = None
    followups: list[Payload] = field(default_factory=list[Payload])


class FakeDiscord:
    """Discord as one bot sees it. Everything it was asked is in `requests`; `script` decides what becomes of each."""

    def __init__(self, token: str) -> None:
        self.script: Script = good_day
        self.requests: list[Request] = []
        self.unknown_routes: list[str] = []
        self.commands: list[Payload] = []
        self.sessions: list[Session] = []
        self.nonce_window = 180.0
        self.refuse_identify_with: int | None = None
        self.url = ""
        self._token = token
        self._stopping = asyncio.Event()
        self._numbers = itertools.count(1)
        self._user: Payload = {"id": self.new_id(), "username": "spoonful", "discriminator": "0", "avatar": None}
        self._user |= {"global_name": None, "bot": True}
        self._application_id = self.new_id()
        self._channels: dict[str, list[Payload]] = {}
        self._recipients: dict[str, Payload] = {}
        self._nonces: dict[str, tuple[float, Payload]] = {}
        self._interactions: dict[str, Interaction] = {}

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, token: str) -> AsyncGenerator[Self]:
        """A server on a free port of this machine, gone at the end with all its connections."""
        discord = cls(token)
        runner = web.AppRunner(discord._application(), shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            discord.url = f"127.0.0.1:{runner.addresses[0][1]}"
            yield discord
        finally:
            discord._stopping.set()
            for session in discord.sessions:
                await session.close(1001)
            await runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://{self.url}{API}"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self.url}/gateway"

    # What a test does and looks at

    def open_dm(self, user_id: int) -> int:
        """A person's DM channel with the bot; its id."""
        return int(self._dm_with(str(user_id)))

    def messages(self, channel_id: int) -> list[Payload]:
        """Everything in a channel, oldest first."""
        return self._channels[str(channel_id)]

    def calls(self, route: str) -> list[Request]:
        """The requests of one route, such as `POST /channels/*/messages`."""
        return [request for request in self.requests if request.matches(route)]

    @property
    def session(self) -> Session | None:
        """The bot's gateway session, while it is up."""
        return next((session for session in reversed(self.sessions) if session.ready), None)

    async def slash(self, channel_id: int, name: str) -> Interaction:
        """The person in this DM types a command without options."""
        data = {"id": self.new_id(), "name": name, "type": 1}
        return await self._interact(2, str(channel_id), data, None)

    async def press(self, channel_id: int, message: Payload, custom_id: str) -> Interaction:
        """The person in this DM presses a button of a message there."""
        return await self._interact(3, str(channel_id), {"custom_id": custom_id, "component_type": 2}, message)

    def new_id(self) -> str:
        return str(((time.time_ns() // 1_000_000 - EPOCH) << 22) + next(self._numbers))

    # HTTP

    def _application(self) -> web.Application:
        app = web.Application(middlewares=[self._middleware])
        app.router.add_get("/gateway", self._gateway)
        for method, path, answer in (
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application_info),
            ("PUT", "/applications/{application}/commands", self._sync),
            ("POST", "/users/@me/channels", self._open_dm),
            ("POST", "/channels/{channel}/messages", self._create_message),
            ("GET", "/channels/{channel}/messages", self._history),
            ("PATCH", "/channels/{channel}/messages/{message}", self._edit_message),
            ("POST", "/interactions/{id}/{token}/callback", self._callback),
            ("POST", "/webhooks/{application}/{token}", self._follow_up),
            ("GET", "/webhooks/{application}/{token}/messages/{message}", self._get_response),
            ("PATCH", "/webhooks/{application}/{token}/messages/{message}", self._edit_response),
        ):
            app.router.add_route(method, API + path, _as_handler(answer))
        return app

    @web.middleware
    async def _middleware(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        if not request.path.startswith(API):
            return await handler(request)
        call = await _call(request)
        self.requests.append(call)

        async def effect() -> web.StreamResponse:
            try:
                self._authorize(call)
                request[CALL] = call
                return await handler(request)
            except DiscordError as error:
                return reply(error.status, {"message": str(error), "code": error.code})
            except web.HTTPException as error:
                self.unknown_routes.append(f"{call.method} {call.path}")
                return reply(error.status, {"message": f"{error.status}: {error.reason}", "code": 0})

        return await carry_out(await self.script(call), request, effect, self._stopping)

    def _authorize(self, request: Request) -> None:
        if not request.path.startswith(NO_TOKEN_NEEDED) and request.authorization != f"Bot {self._token}":
            raise DiscordError(401, 0, "401: Unauthorized")

    async def _gateway(self, raw: web.Request) -> web.StreamResponse:
        session = Session(self._token, self._ready_event, self.refuse_identify_with)
        self.sessions.append(session)
        return await session.serve(raw)

    def _ready_event(self) -> Payload:
        return {
            "v": 10,
            "user": self._user,
            "guilds": [],
            "session_id": self.new_id(),
            "resume_gateway_url": self.gateway_url,
            "application": {"id": self._application_id, "flags": 0},
        }

    # The bot itself

    def _me(self, _request: Request, _at: Payload) -> Payload:
        return self._user

    def _application_info(self, _request: Request, _at: Payload) -> Payload:
        return {
            "id": self._application_id,
            "name": "spoonful",
            "description": "",
            "icon": None,
            "bot_public": True,
            "bot_require_code_grant": False,
            "verify_key": "",
            "flags": 0,
            "team": None,
            "owner": {"id": self.new_id(), "username": "owner", "discriminator": "0", "avatar": None},
        }

    def _sync(self, request: Request, at: Payload) -> list[Payload]:
        if at["application"] != self._application_id:
            raise DiscordError(404, 10002, "Unknown Application")
        ours: Payload = {"description": "", "application_id": self._application_id}  # a context menu sends none
        self.commands = [{**ours, **command, "id": self.new_id()} for command in request.body]
        return self.commands

    # Channels and messages

    def _open_dm(self, request: Request, _at: Payload) -> Payload:
        return self._dm(self._dm_with(str(request.body["recipient_id"])))

    def _dm_with(self, user_id: str) -> str:
        for channel_id, recipient in self._recipients.items():
            if recipient["id"] == user_id:
                return channel_id
        channel_id = self.new_id()
        person: Payload = {"id": user_id, "username": f"person-{user_id}", "discriminator": "0", "avatar": None}
        self._recipients[channel_id] = person | {"global_name": None}
        self._channels[channel_id] = []
        return channel_id

    def _dm(self, channel_id: str) -> Payload:
        return {"id": channel_id, "type": DM, "last_message_id": None, "recipients": [self._recipients[channel_id]]}

    def _create_message(self, request: Request, at: Payload) -> Payload:
        channel = self._channel(at)
        nonce = str(request.body.get("nonce") or "")
        if nonce and request.body.get("enforce_nonce"):
            # Discord looks for the author's nonce in all channels, not only in this one.
            when, earlier = self._nonces.get(nonce, (float("-inf"), {}))
            if request.at - when < self.nonce_window:
                return earlier
        message = self._message(at["channel"], request.body) | ({"nonce": nonce} if nonce else {})
        channel.append(message)
        self._nonces[nonce] = (request.at, message)
        return message

    def _history(self, request: Request, at: Payload) -> list[Payload]:
        before = int(request.query.get("before", 2**63))
        after = int(request.query.get("after", 0))
        found = [message for message in self._channel(at) if after < int(message["id"]) < before]
        limit = int(request.query.get("limit", 50))
        return (found[:limit] if "after" in request.query else found[-limit:])[::-1]

    def _edit_message(self, request: Request, at: Payload) -> Payload:
        found = next((message for message in self._channel(at) if message["id"] == at["message"]), None)
        if found is None:
            raise DiscordError(404, 10008, "Unknown Message")
        return _edit(found, request.body)

    def _channel(self, at: Payload) -> list[Payload]:
        if at["channel"] not in self._channels:
            raise DiscordError(404, 10003, "Unknown Channel")
        return self._channels[at["channel"]]

    def _message(self, channel_id: str, body: Payload, flags: int = 0) -> Payload:
        return {
            "id": self.new_id(),
            "channel_id": channel_id,
            "type": 0,
            "author": self._user,
            "timestamp": datetime.now(UTC).isoformat(),
            "edited_timestamp": None,
            "content": body.get("content") or "",
            "components": body.get("components") or [],
            "embeds": body.get("embeds") or [],
            "flags": int(body.get("flags") or 0) | flags,
            "attachments": [],
            "mentions": [],
            "mention_roles": [],
            "mention_everyone": False,
            "pinned": False,
            "tts": False,
        }

    # Interactions

    async def _interact(self, kind: int, channel_id: str, data: Payload, pressed: Payload | None) -> Interaction:
        session = self.session
        if session is None:
            raise RuntimeError("the bot is not on the gateway")
        made = Interaction(self.new_id(), f"interaction-token-{next(self._numbers)}", channel_id, pressed)
        self._interactions[made.token] = made
        event: Payload = {
            "id": made.id,
            "application_id": self._application_id,
            "type": kind,
            "token": made.token,
            "version": 1,
            "data": data,
            "channel_id": channel_id,
            "channel": self._dm(channel_id),
            "user": self._recipients[channel_id],
            "context": 1,
            "authorizing_integration_owners": {"1": self._recipients[channel_id]["id"]},
            "locale": "en-GB",
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
        }
        await session.dispatch("INTERACTION_CREATE", event | ({"message": pressed} if pressed else {}))
        return made

    def _callback(self, request: Request, at: Payload) -> Payload | None:
        interaction = self._interaction(at, 10062, "Unknown interaction")
        if interaction.callback is not None:
            raise DiscordError(400, 40060, "Interaction has already been acknowledged.")
        interaction.callback = request.body
        kind: int = request.body["type"]
        data: Payload = request.body.get("data") or {}
        if kind in {NEW_MESSAGE, DEFERRED_MESSAGE}:
            loading = LOADING if kind == DEFERRED_MESSAGE else 0
            interaction.original = self._post_response(interaction, data, loading)
        elif interaction.pressed is not None and kind in {DEFERRED_UPDATE, UPDATE}:
            interaction.original = _edit(interaction.pressed, data)
        if "with_response" not in request.query:
            return None
        shown = {"message": interaction.original} if kind in {NEW_MESSAGE, UPDATE} else {}
        return {"interaction": {"id": interaction.id, "type": kind}, "resource": {"type": kind, **shown}}

    def _follow_up(self, request: Request, at: Payload) -> Payload:
        interaction = self._interaction(at, 10015, "Unknown Webhook")
        message = self._post_response(interaction, request.body)
        interaction.followups.append(message)
        return message

    def _get_response(self, _request: Request, at: Payload) -> Payload:
        return self._response(at)

    def _edit_response(self, request: Request, at: Payload) -> Payload:
        message = _edit(self._response(at), request.body)
        message["flags"] &= ~LOADING
        return message

    def _interaction(self, at: Payload, code: int, message: str) -> Interaction:
        if at["token"] not in self._interactions:
            raise DiscordError(404, code, message)
        return self._interactions[at["token"]]

    def _response(self, at: Payload) -> Payload:
        interaction = self._interaction(at, 10015, "Unknown Webhook")
        if at["message"] == "@original":
            found = interaction.original
        else:
            found = next((message for message in interaction.followups if message["id"] == at["message"]), None)
        if found is None:
            raise DiscordError(404, 10008, "Unknown Message")
        return found

    def _post_response(self, interaction: Interaction, body: Payload, flags: int = 0) -> Payload:
        """Ephemeral messages are in no channel's history."""
        message = self._message(interaction.channel_id, body, flags)
        if not message["flags"] & EPHEMERAL:
            self._channels[interaction.channel_id].append(message)
        return message


async def _call(raw: web.Request) -> Request:
    is_json = raw.content_type == "application/json" and raw.can_read_body
    return Request(
        method=raw.method,
        path=raw.path.removeprefix(API),
        query=dict(raw.query),
        body=await raw.json() if is_json else None,
        authorization=raw.headers.get("Authorization"),
        at=asyncio.get_running_loop().time(),
    )


def _edit(message: Payload, body: Payload) -> Payload:
    changed = {name: body[name] for name in ("content", "components", "embeds") if body.get(name) is not None}
    message.update(changed, flags=message["flags"] | int(body.get("flags") or 0))
    if changed:
        message["edited_timestamp"] = datetime.now(UTC).isoformat()
    return message


def _as_handler(answer: Callable[[Request, Payload], Payload | list[Payload] | None]) -> Handler:
    """A function of the request and the parts of its path, as an aiohttp handler; None is "204 No Content"."""

    async def handle(raw: web.Request) -> web.StreamResponse:
        body = answer(raw[CALL], dict(raw.match_info))
        return reply(204 if body is None else 200, body)

    return handle
