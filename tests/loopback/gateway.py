"""The websocket half: HELLO, IDENTIFY, READY, heartbeats, and events on their way to the bot."""

import json
import zlib
from collections.abc import Callable
from enum import IntEnum
from typing import Any

import zstandard
from aiohttp import WSMsgType, web

HEARTBEAT_INTERVAL = 41_250
"""Milliseconds, as at Discord."""

AUTHENTICATION_FAILED = 4004


class Op(IntEnum):
    DISPATCH = 0
    HEARTBEAT = 1
    IDENTIFY = 2
    RESUME = 6
    INVALID_SESSION = 9
    HELLO = 10
    HEARTBEAT_ACK = 11


Pack = Callable[[bytes], bytes]


def packer(compress: str | None) -> Pack | None:
    """The stream compression that a client asked for in the address; every frame of a session goes through one."""
    match compress:
        case "zlib-stream":
            deflate = zlib.compressobj()
            return lambda frame: deflate.compress(frame) + deflate.flush(zlib.Z_SYNC_FLUSH)
        case "zstd-stream":
            squeeze = zstandard.ZstdCompressor().compressobj()
            return lambda frame: squeeze.compress(frame) + squeeze.flush(zstandard.COMPRESSOBJ_FLUSH_BLOCK)
        case _:
            return None


class Session:
    """One connection of a bot. It cannot be resumed: a RESUME is answered with "identify anew"."""

    def __init__(self, token: str, ready: Callable[[], dict[str, Any]], refuse_with: int | None) -> None:
        self.identify: dict[str, Any] | None = None
        self.ready = False
        self.heartbeats = 0
        self.close_code: int | None = None
        self._token = token
        self._ready_event = ready
        self._refuse_with = refuse_with
        self._socket = web.WebSocketResponse(compress=False)
        self._pack: Pack | None = None
        self._sequence = 0

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        """Speak with this client until it leaves."""
        self._pack = packer(request.query.get("compress"))
        await self._socket.prepare(request)
        await self._send(Op.HELLO, {"heartbeat_interval": HEARTBEAT_INTERVAL})
        async for frame in self._socket:
            if frame.type is WSMsgType.TEXT:
                await self._receive(json.loads(frame.data))
        self.ready = False
        self.close_code = self._socket.close_code
        return self._socket

    async def dispatch(self, event: str, data: dict[str, Any]) -> None:
        """Send an event to the bot."""
        self._sequence += 1
        await self._send(Op.DISPATCH, data, event)

    async def close(self, code: int) -> None:
        await self._socket.close(code=code)

    async def _receive(self, message: dict[str, Any]) -> None:
        match message["op"]:
            case Op.HEARTBEAT:
                self.heartbeats += 1
                await self._send(Op.HEARTBEAT_ACK)
            case Op.IDENTIFY:
                await self._identified(message["d"])
            case Op.RESUME:
                await self._send(Op.INVALID_SESSION, False)
            case _:
                pass  # presence and the like: nothing that is answered

    async def _identified(self, data: dict[str, Any]) -> None:
        self.identify = data
        if data["token"] != self._token:
            await self.close(AUTHENTICATION_FAILED)
        elif self._refuse_with is not None:
            await self.close(self._refuse_with)
        else:
            await self.dispatch("READY", self._ready_event())
            self.ready = True

    async def _send(self, op: Op, data: Any = None, event: str | None = None) -> None:
        frame = json.dumps({"op": op, "d": data, "s": self._sequence if event else None, "t": event})
        if self._pack:
            await self._socket.send_bytes(self._pack(frame.encode()))
        else:
            await self._socket.send_str(frame)
