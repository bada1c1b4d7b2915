"""A small Discord on real HTTP and a real websocket, for the parts that a simulation inside the process cannot show."""

import asyncio
import contextlib
import itertools
from collections.abc import AsyncGenerator, Mapping, Sequence
from typing import Self

from aiohttp import web

from tests.loopback import gestures
from tests.loopback.calls import Payload, Request
from tests.loopback.codes import DiscordError
from tests.loopback.gateway import Gateway
from tests.loopback.ids import Ids
from tests.loopback.interactions import Interaction, Interactions
from tests.loopback.messages import Messages
from tests.loopback.people import People
from tests.loopback.rest import API, Rest, Route
from tests.loopback.sessions import Event, Session

COMMAND, COMPONENT, AUTOCOMPLETE, SUBMIT = 2, 3, 4, 5


class FakeDiscord(Rest):
    """Discord as one bot sees it."""

    def __init__(self, token: str) -> None:
        super().__init__(token)
        self.commands: list[Payload] = []
        self.url = ""
        self._numbers = itertools.count(1)
        self._ids = Ids()
        self._people = People(self._ids)
        self._messages = Messages(self._ids, self._people.bot)
        self._messages.channels[self._people.text_channel_id] = []
        self.interactions = Interactions(self._messages)
        self.gateway = Gateway(token, self._ids, self._greet)

    @classmethod
    @contextlib.asynccontextmanager
    async def running(cls, token: str) -> AsyncGenerator[Self]:
        """A server on a free port of this machine, gone at the end with all its connections."""
        discord = cls(token)
        runner = web.AppRunner(discord._everything(), shutdown_timeout=1)
        await runner.setup()
        try:
            await web.TCPSite(runner, "127.0.0.1", 0).start()
            discord.url = f"127.0.0.1:{runner.addresses[0][1]}"
            discord._messages.url = f"http://{discord.url}"
            yield discord
        finally:
            discord._stopping.set()
            await discord.gateway.stop()
            await runner.cleanup()

    @property
    def api_url(self) -> str:
        return f"http://{self.url}{API}"

    @property
    def gateway_url(self) -> str:
        return f"ws://{self.url}/gateway"

    # What a test looks at

    def messages(self, channel_id: int) -> list[Payload]:
        """Everything in a channel, oldest first."""
        return self._messages.channels[str(channel_id)]

    @property
    def session(self) -> Session | None:
        """The bot's gateway session, while it is up."""
        return self.gateway.session

    @property
    def sessions(self) -> list[Session]:
        """One for every IDENTIFY, refused ones too."""
        return self.gateway.sessions

    # What a test sets

    @property
    def nonce_window(self) -> float:
        """Seconds for which Discord knows a nonce."""
        return self._messages.nonce_window

    @nonce_window.setter
    def nonce_window(self, seconds: float) -> None:
        self._messages.nonce_window = seconds

    @property
    def refuse_identify_with(self) -> int | None:
        """The close code that every IDENTIFY meets."""
        return self.gateway.refuse_identify_with

    @refuse_identify_with.setter
    def refuse_identify_with(self, code: int | None) -> None:
        self.gateway.refuse_identify_with = code

    # What people do. `by` is a person's id: in a DM there is only one, in the server's channel it must be said.

    def open_dm(self, user_id: int) -> int:
        """A person's DM channel with the bot; its id."""
        return int(self._dm_with(str(user_id)))

    @property
    def text_channel(self) -> int:
        """The id of the one channel of the one server."""
        return int(self._people.text_channel_id)

    @property
    def people(self) -> People:
        """Who and what there is, for a test to change."""
        return self._people

    async def slash(
        self, channel_id: int, name: str, /, *, by: int | None = None, **options: gestures.Value
    ) -> Interaction:
        """Somebody types a command, such as "help" or "checkin start"."""
        return await self._interact(COMMAND, channel_id, by, gestures.command(self.commands, name, options))

    async def autocomplete(
        self, channel_id: int, name: str, typing: str, /, *, by: int | None = None, **options: gestures.Value
    ) -> Interaction:
        """Somebody is typing the option `typing` of a command; see `choices`."""
        data = gestures.command(self.commands, name, options, typing=typing)
        return await self._interact(AUTOCOMPLETE, channel_id, by, data)

    async def context_menu(self, channel_id: int, name: str, message: Payload, *, by: int | None = None) -> Interaction:
        """Somebody picks a command on a message."""
        return await self._interact(COMMAND, channel_id, by, gestures.menu(self.commands, name, message))

    async def press(self, channel_id: int, message: Payload, custom_id: str, *, by: int | None = None) -> Interaction:
        """Somebody presses a button of a message."""
        return await self._interact(COMPONENT, channel_id, by, gestures.press(custom_id), message)

    async def choose(
        self, channel_id: int, message: Payload, custom_id: str, *values: str, by: int | None = None
    ) -> Interaction:
        """Somebody picks values in a select of a message."""
        data = gestures.choose(message, custom_id, values)
        return await self._interact(COMPONENT, channel_id, by, data, message)

    async def submit(self, opened: Interaction, filled: Mapping[str, gestures.Filled]) -> Interaction:
        """The person who was shown a form fills fields by their custom_ids and sends it."""
        if opened.modal is None:
            raise LookupError("no form was opened")
        data = gestures.submit(opened.modal, filled)
        return await self._interact(SUBMIT, int(opened.channel_id), opened.by, data, opened.pressed)

    async def do(self, channel_id: int, kind: int, data: Payload, changes: Payload | None = None) -> Interaction:
        """Somebody does in a DM what only a later Discord knows; `changes` go over the event as it is now."""
        return await self._interact(kind, channel_id, None, data, changes=changes)

    async def _interact(
        self,
        kind: int,
        channel_id: int,
        by: int | None,
        data: Payload,
        pressed: Payload | None = None,
        changes: Payload | None = None,
    ) -> Interaction:
        scene = self._people.scene(str(channel_id), by)
        who: Payload = scene.get("user") or scene["member"]["user"]
        made = Interaction(
            id=self._ids.new(),
            token=f"interaction-token-{next(self._numbers)}",
            channel_id=str(channel_id),
            by=int(who["id"]),
            pressed=pressed,
            at=asyncio.get_running_loop().time(),
        )
        self.interactions.add(made)
        event: Payload = {
            "id": made.id,
            "application_id": self._people.application_id,
            "type": kind,
            "token": made.token,
            "version": 1,
            "data": data,
            "locale": "en-GB",
            "entitlements": [],
            "attachment_size_limit": 10_485_760,
        }
        event |= scene | ({"message": pressed} if pressed else {}) | (changes or {})
        await self.gateway.dispatch("INTERACTION_CREATE", event, scene.get("guild_id"))
        return made

    # HTTP

    def _everything(self) -> web.Application:
        app = self._application(self._routes())
        app.router.add_get("/gateway", self.gateway.serve)
        app.router.add_get("/attachments/{path:.+}", self._file)
        return app

    def _routes(self) -> list[tuple[str, str, Route]]:
        messages, interactions = self._messages, self.interactions
        return [
            ("GET", "/users/@me", self._me),
            ("GET", "/oauth2/applications/@me", self._application_info),
            ("GET", "/applications/@me", self._application_info),
            ("GET", "/users/@me/guilds", self._my_guilds),
            ("GET", "/guilds/{guild}/members/{user}", self._get_member),
            ("GET", "/gateway/bot", self._gateway_bot),
            ("PUT", "/applications/{application}/commands", self._sync),
            ("POST", "/users/@me/channels", self._open_dm),
            ("GET", "/channels/{channel}", self._get_channel),
            ("POST", "/channels/{channel}/messages", messages.create),
            ("GET", "/channels/{channel}/messages", messages.history),
            ("GET", "/channels/{channel}/messages/{message}", messages.get),
            ("PATCH", "/channels/{channel}/messages/{message}", messages.edit),
            ("DELETE", "/channels/{channel}/messages/{message}", messages.delete),
            ("POST", "/interactions/{id}/{token}/callback", interactions.callback),
            ("POST", "/webhooks/{application}/{token}", interactions.follow_up),
            ("GET", "/webhooks/{application}/{token}/messages/{message}", interactions.get),
            ("PATCH", "/webhooks/{application}/{token}/messages/{message}", interactions.edit),
            ("DELETE", "/webhooks/{application}/{token}/messages/{message}", interactions.delete),
        ]

    async def _file(self, raw: web.Request) -> web.StreamResponse:
        if raw.path not in self._messages.files:
            raise web.HTTPNotFound
        return web.Response(body=self._messages.files[raw.path])

    # The bot itself and its channels

    def _greet(self, session: Session) -> Sequence[Event]:
        """READY with the servers of this shard, each of which follows by itself."""
        guilds = [self._people.guild()] if session.serves(self._people.guild_id) else []
        ready: Payload = {
            "v": 10,
            "user": self._people.bot,
            "guilds": [{"id": guild["id"], "unavailable": True} for guild in guilds],
            "session_id": session.id,
            "resume_gateway_url": self.gateway_url,
            "shard": [session.shard, session.shards],
            "application": {"id": self._people.application_id, "flags": 0},
        }
        return [Event("READY", ready), *(Event("GUILD_CREATE", guild) for guild in guilds)]

    def _gateway_bot(self, _request: Request, _at: Payload) -> Payload:
        return self.gateway.describe(self.gateway_url)

    def _me(self, _request: Request, _at: Payload) -> Payload:
        return self._people.bot

    def _application_info(self, _request: Request, _at: Payload) -> Payload:
        return self._people.application()

    def _my_guilds(self, request: Request, _at: Payload) -> list[Payload]:
        """One page of the servers the bot is in, with what it may do there before any channel says otherwise."""
        mine = [self._people.guild() | {"owner": False, "permissions": self._people.permissions}]
        return [guild for guild in mine if int(guild["id"]) > int(request.query.get("after", 0))]

    def _get_member(self, _request: Request, at: Payload) -> Payload:
        if (at["guild"], at["user"]) != (self._people.guild_id, self._people.bot["id"]):
            raise DiscordError(10013)
        return self._people.member(self._people.bot) | {"roles": self._people.bot_roles}

    def _sync(self, request: Request, at: Payload) -> list[Payload]:
        if at["application"] != self._people.application_id:
            raise DiscordError(10002)
        ours: Payload = {"description": "", "application_id": self._people.application_id}  # a context menu sends none
        self.commands = [{**ours, **command, "id": self._ids.new()} for command in request.body]
        return self.commands

    def _open_dm(self, request: Request, _at: Payload) -> Payload:
        return self._people.channel(self._dm_with(str(request.body["recipient_id"])))

    def _dm_with(self, user_id: str) -> str:
        channel_id = self._people.dm_with(user_id)
        self._messages.channels.setdefault(channel_id, [])
        return channel_id

    def _get_channel(self, _request: Request, at: Payload) -> Payload:
        if at["channel"] not in self._messages.channels:
            raise DiscordError(10003)
        return self._people.channel(at["channel"])
