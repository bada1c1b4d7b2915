"""Connections and the sessions that outlive them: events on their way to the bot."""

import contextlib
import json
import zlib
from collections.abc import Callable
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import zstandard
from aiohttp import web

from tests.loopback.calls import Payload
from tests.loopback.faults import cut

AUTHENTICATION_FAILED, INVALID_SEQUENCE, SESSION_TIMED_OUT = 4004, 4007, 4009
ENDS_SESSION = {AUTHENTICATION_FAILED, INVALID_SEQUENCE, SESSION_TIMED_OUT, *range(4010, 4015)}
"""Codes after which Discord knows a session no more; after any other it can be resumed."""

GOODBYES = {1000, 1001}
"""Codes by which a bot says that it will not resume."""

FAREWELL = 2.0
"""Seconds a bot has for its half of a close."""


class Op(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    RECONNECT = 7
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


Pack = Callable[[bytes], bytes]


def packer(compress: str | None) -> Pack | None:
    """The stream compression that a client asked for in the address; every frame of a connection goes through one."""
    match compress:
        case "zlib-stream":
            deflate = zlib.compressobj()
            return lambda frame: deflate.compress(frame) + deflate.flush(zlib.Z_SYNC_FLUSH)
        case "zstd-stream":
            squeeze = zstandard.ZstdCompressor().compressobj()
            return lambda frame: squeeze.compress(frame) + squeeze.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        case _:
            return None


class Connection:
    """One websocket."""

    def __init__(self, raw: web.Request) -> None:
        self.closed_with: int | None = None
        self._raw = raw
        self._pack = packer(raw.query.get("compress"))
        self.socket = web.WebSocketResponse(compress=False, timeout=FAREWELL)

    @property
    def close_code(self) -> int | None:
        """The bot's code, not ours: 1006 is none."""
        return self.socket.close_code

    async def send(self, op: Op, data: Any = None, event: str | None = None, sequence: int | None = None) -> None:
        frame = json.dumps({"op": op, "d": data, "s": sequence, "t": event})
        with contextlib.suppress(ConnectionError):  # what a session sends is kept for its next connection
            if self._pack:
                await self.socket.send_bytes(self._pack(frame.encode()))
            else:
                await self.socket.send_str(frame)

    async def close(self, code: int) -> None:
        self.closed_with = code
        await self.socket.close(code=code)

    def abort(self) -> None:
        """Break it without a word (errno 104)."""
        cut(self._raw.transport, reset=True)


@dataclass(frozen=True)
class Event:
    name: str
    data: Payload


class Session:
    """What an IDENTIFY begins. It outlives its connection: what is sent meanwhile is replayed by a RESUME."""

    def __init__(self, session_id: str, identify: Payload) -> None:
        self.id = session_id
        self.identify = identify
        self.shard, self.shards = identify.get("shard") or (0, 1)
        self.resumes = 0
        self.close_code: int | None = None
        self.ended = False
        self._events: list[Event] = []
        self._connection: Connection | None = None

    # What a test does

    async def dispatch(self, event: str, data: Payload) -> None:
        """Send an event to the bot, now or when it has resumed."""
        self._events.append(Event(event, data))
        if self._connection:
            await self._connection.send(Op.DISPATCH, data, event, len(self._events))

    async def close(self, code: int) -> None:
        """Close the connection; some codes end the session too."""
        self.ended = self.ended or code in ENDS_SESSION
        if self._connection:
            await self._connection.close(code)

    def abort(self) -> None:
        """Break the connection without a word (errno 104)."""
        self._connected.abort()

    async def reconnect(self) -> None:
        """Op 7: tell the bot to come again and resume."""
        await self._connected.send(Op.RECONNECT)

    async def invalidate(self, *, resumable: bool) -> None:
        """Op 9: tell the bot that the session is no good, or that it may still resume it."""
        self.ended = self.ended or not resumable
        await self._connected.send(Op.INVALID_SESSION, resumable)

    # What the gateway does

    @property
    def ready(self) -> bool:
        """Whether the bot is connected and gets what is sent."""
        return self._connection is not None

    @property
    def _connected(self) -> Connection:
        if self._connection is None:
            raise RuntimeError("this session has no connection")
        return self._connection

    def serves(self, guild_id: str | None) -> bool:
        """Whether this shard gets the events of a server; what is in no server goes to shard 0."""
        return (int(guild_id or 0) >> 22) % self.shards == self.shard

    def knows(self, sequence: int) -> bool:
        return 0 <= sequence <= len(self._events)

    def attach(self, connection: Connection) -> None:
        self._connection = connection

    async def resume(self, connection: Connection, seen: int) -> None:
        """Send everything after the event with this number, then all that follows."""
        self._connection = None
        position = seen
        while position < len(self._events):  # it may grow while we send
            event = self._events[position]
            position += 1
            await connection.send(Op.DISPATCH, event.data, event.name, position)
        self._connection = connection
        self.resumes += 1
        await self.dispatch("RESUMED", {"_trace": []})

    def detach(self, connection: Connection) -> None:
        """The connection is over; a later one may already be in its place."""
        self.close_code = connection.close_code
        if connection.closed_with is None and self.close_code in GOODBYES:
            self.ended = True
        if self._connection is connection:
            self._connection = None
