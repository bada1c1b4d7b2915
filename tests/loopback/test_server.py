"""The laboratory itself: it must fail in the way it says, or what it shows about the bot is worth nothing."""

import errno
import json
import zlib
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import pytest
import zstandard

from tests.loopback.faults import Instead, Silence, only_first
from tests.loopback.process import TOKEN
from tests.loopback.server import FakeDiscord
from tests.loopback.sessions import Op

SEND = "POST /channels/*/messages"
WITH_NONCE = {"content": "hello", "nonce": "abc", "enforce_nonce": True}


@pytest.fixture
async def http() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as session:
        yield session


async def send(http: aiohttp.ClientSession, discord: FakeDiscord, channel: int) -> str:
    """Post a message with a nonce; the message's id."""
    async with http.post(f"{discord.api_url}/channels/{channel}/messages", json=WITH_NONCE) as response:
        return (await response.json())["id"]


async def test_content_type_is_what_discord_py_insists_on(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{discord.api_url}/users/@me") as response:
        assert response.headers["Content-Type"] == "application/json"


async def test_a_wrong_token_is_refused(discord: FakeDiscord) -> None:
    async with aiohttp.ClientSession() as http, http.get(f"{discord.api_url}/users/@me") as response:
        assert response.status == 401


async def test_an_unknown_channel_is_refused(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    async with http.post(f"{discord.api_url}/channels/1/messages", json=WITH_NONCE) as response:
        assert response.status == 404
        assert (await response.json())["code"] == 10003


async def test_an_unknown_route_is_remembered(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    async with http.get(f"{discord.api_url}/stickers/1") as response:
        assert response.status == 404
    assert "GET /stickers/1" in discord.forgive()


async def test_a_nonce_is_one_message_within_its_window(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    channel = discord.open_dm(1)
    first = await send(http, discord, channel)
    assert await send(http, discord, channel) == first
    discord.nonce_window = 0
    assert await send(http, discord, channel) != first
    assert len(discord.messages(channel)) == 2
    assert len(discord.calls(SEND)) == 3


async def test_a_nonce_finds_its_message_in_another_channel(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    one, other = discord.open_dm(1), discord.open_dm(2)
    assert await send(http, discord, one) == await send(http, discord, other)
    assert discord.messages(other) == []


async def test_history_is_newest_first_and_pages(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    channel = discord.open_dm(1)
    discord.nonce_window = 0
    ids = [await send(http, discord, channel) for _ in range(4)]
    url = f"{discord.api_url}/channels/{channel}/messages"
    for query, expected in (
        ({}, ids[::-1]),
        ({"limit": "2"}, [ids[3], ids[2]]),
        ({"before": ids[2], "limit": "1"}, [ids[1]]),
        ({"after": ids[0], "limit": "2"}, [ids[2], ids[1]]),
    ):
        async with http.get(url, params=query) as response:
            assert [message["id"] for message in await response.json()] == expected


@pytest.mark.parametrize("accepted", [True, False])
async def test_close_is_an_end_without_reply(
    discord: FakeDiscord, http: aiohttp.ClientSession, *, accepted: bool
) -> None:
    channel = discord.open_dm(1)
    discord.script = only_first(SEND, Silence("close", accepted))
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await send(http, discord, channel)
    assert len(discord.messages(channel)) == accepted


async def test_reset_is_errno_104(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    channel = discord.open_dm(1)
    discord.script = only_first(SEND, Silence("reset"))
    with pytest.raises(OSError, match="reset") as caught:
        await send(http, discord, channel)
    assert caught.value.errno == errno.ECONNRESET
    assert len(discord.messages(channel)) == 1


async def test_hang_outlasts_the_caller(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    channel = discord.open_dm(1)
    discord.script = only_first(SEND, Silence("hang"))
    with pytest.raises(TimeoutError):
        await http.post(
            f"{discord.api_url}/channels/{channel}/messages", json=WITH_NONCE, timeout=aiohttp.ClientTimeout(0.2)
        )
    assert len(discord.messages(channel)) == 1
    await send(http, discord, channel)


async def test_instead_has_no_effect(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    channel = discord.open_dm(1)
    discord.script = only_first(SEND, Instead(503, {"message": "overloaded", "code": 0}, {"Retry-After": "2"}))
    async with http.post(f"{discord.api_url}/channels/{channel}/messages", json=WITH_NONCE) as response:
        assert (response.status, response.headers["Retry-After"]) == (503, "2")
        assert response.headers["Content-Type"] == "application/json"
    assert discord.messages(channel) == []


def plain(frame: bytes) -> bytes:
    return frame


@pytest.mark.parametrize(
    ("query", "unpack"),
    [
        ("", plain),
        ("?compress=zlib-stream", zlib.decompressobj().decompress),
        ("?compress=zstd-stream", zstandard.ZstdDecompressor().decompressobj().decompress),
    ],
)
async def test_the_gateway_speaks_as_asked(
    discord: FakeDiscord, http: aiohttp.ClientSession, query: str, unpack: Callable[[bytes], bytes]
) -> None:
    async with http.ws_connect(discord.gateway_url + query) as socket:

        async def receive() -> dict[str, Any]:
            frame = (await socket.receive(timeout=5)).data
            return json.loads(unpack(frame if isinstance(frame, bytes) else frame.encode()))

        assert (await receive())["op"] == Op.HELLO
        await socket.send_json({"op": Op.RESUME, "d": {"token": TOKEN, "session_id": "gone", "seq": 1}})
        assert await receive() == {"op": Op.INVALID_SESSION, "d": False, "s": None, "t": None}
        await socket.send_json({"op": Op.IDENTIFY, "d": {"token": TOKEN, "intents": 1}})
        ready = await receive()
        assert (ready["t"], ready["s"]) == ("READY", 1)
        assert (await receive())["t"] == "GUILD_CREATE"
        await socket.send_json({"op": Op.HEARTBEAT, "d": 1})
        assert (await receive())["op"] == Op.HEARTBEAT_ACK


async def test_the_gateway_refuses_a_wrong_token(discord: FakeDiscord, http: aiohttp.ClientSession) -> None:
    async with http.ws_connect(discord.gateway_url) as socket:
        await socket.receive(timeout=5)
        await socket.send_json({"op": Op.IDENTIFY, "d": {"token": "other", "intents": 1}})
        await socket.receive(timeout=5)
        assert socket.close_code == 4004
