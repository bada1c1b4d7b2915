"""The websocket half: HELLO, IDENTIFY, RESUME, heartbeats, and which session gets which event."""

import json
from collections.abc import Callable, Sequence

from aiohttp import WSMsgType, web

from tests.loopback.calls import Payload
from tests.loopback.ids import Ids
from tests.loopback.sessions import AUTHENTICATION_FAILED, INVALID_SEQUENCE, Connection, Event, Op, Session

HEARTBEAT_INTERVAL = 41_250
"""Milliseconds, as at Discord."""


class Gateway:
    """All sessions of a bot. `greet` makes the events that a new session begins with.

    With `copies` a session gets each event so many times, as a bot does that is connected to one shard more than once.
    """

    def __init__(self, token: str, ids: Ids, greet: Callable[[Session], Sequence[Event]]) -> None:
        self.sessions: list[Session] = []
        self.identifies: list[Payload] = []
        self.resumes: list[Payload] = []
        self.heartbeats = 0
        self.heartbeat_interval = HEARTBEAT_INTERVAL
        self.acknowledges_heartbeats = True
        self.refuse_identify_with: int | None = None
        self.shards = 1
        self.copies = 1
        self.starts_left = 1000
        self._token = token
        self._ids = ids
        self._greet = greet
        self._open: set[Connection] = set()

    @property
    def session(self) -> Session | None:
        """The newest session that has a connection."""
        return next((session for session in reversed(self.sessions) if session.ready), None)

    def describe(self, url: str) -> Payload:
        """What `GET /gateway/bot` says: where it is, the shards it recommends, and the IDENTIFYs left today."""
        limit = {"total": 1000, "remaining": self.starts_left, "reset_after": 14_400_000, "max_concurrency": 1}
        return {"url": url, "shards": self.shards, "session_start_limit": limit}

    async def dispatch(self, event: str, data: Payload, guild_id: str | None = None) -> None:
        """Send an event to every session whose shard it belongs to, twice to a bot that connected a shard twice.

        Raises:
            RuntimeError: nobody would ever get it.
        """
        meant = [session for session in self.sessions if not session.ended and session.serves(guild_id)]
        if not meant:
            raise RuntimeError("the bot is not on the gateway")
        for session in meant * self.copies:
            await session.dispatch(event, data)

    async def serve(self, raw: web.Request) -> web.WebSocketResponse:
        """Speak with this client until it leaves."""
        connection = Connection(raw)
        session: Session | None = None
        self._open.add(connection)
        try:
            await connection.socket.prepare(raw)
            await connection.send(Op.HELLO, {"heartbeat_interval": self.heartbeat_interval})
            async for frame in connection.socket:
                if frame.type is WSMsgType.TEXT:
                    session = await self._receive(connection, json.loads(frame.data)) or session
        finally:
            self._open.discard(connection)
            if session:
                session.detach(connection)
        return connection.socket

    async def stop(self) -> None:
        for connection in list(self._open):
            await connection.close(1001)

    async def _receive(self, connection: Connection, message: Payload) -> Session | None:
        """The session that this frame began or resumed, if it did."""
        match message["op"]:
            case Op.HEARTBEAT:
                self.heartbeats += 1
                if self.acknowledges_heartbeats:
                    await connection.send(Op.HEARTBEAT_ACK)
            case Op.IDENTIFY:
                return await self._identify(connection, message["d"])
            case Op.RESUME:
                return await self._resume(connection, message["d"])
            case _:
                pass  # presence and the like: nothing that is answered
        return None

    async def _identify(self, connection: Connection, data: Payload) -> Session:
        self.identifies.append(data)
        self.starts_left -= 1
        session = Session(self._ids.new(), data)
        self.sessions.append(session)
        refusal = self.refuse_identify_with if data["token"] == self._token else AUTHENTICATION_FAILED
        if refusal is not None:
            session.ended = True
            await connection.close(refusal)
            return session
        session.attach(connection)
        for event in self._greet(session):
            await session.dispatch(event.name, event.data)
        return session

    async def _resume(self, connection: Connection, data: Payload) -> Session | None:
        self.resumes.append(data)
        session = next((each for each in self.sessions if each.id == data["session_id"]), None)
        if data["token"] != self._token:
            await connection.close(AUTHENTICATION_FAILED)
        elif session is None or session.ended:
            await connection.send(Op.INVALID_SESSION, data=False)
        elif not session.knows(data["seq"]):
            await connection.close(INVALID_SEQUENCE)
        else:
            await session.resume(connection, data["seq"])
            return session
        return None
