"""Rate limits and ready-made bad days, as a real client meets them."""

import asyncio
import time
from typing import Any

import aiohttp
import discord as library
import pytest

from tests.loopback import faults
from tests.loopback.calls import Request, most_within
from tests.loopback.clients import Client, online
from tests.loopback.faults import Answer, Fate, Instead, Silence, Slow
from tests.loopback.limits import Limits
from tests.loopback.process import TOKEN, until
from tests.loopback.server import FakeDiscord

SEND = "POST /channels/*/messages"
EDIT = "PATCH /channels/*/messages/*"


async def send(client: Client, channel: int, text: str = "hello") -> None:
    await client.get_partial_messageable(channel).send(text)


async def test_a_client_that_reads_the_headers_is_never_refused(discord: FakeDiscord) -> None:
    one, other = discord.open_dm(1), discord.open_dm(2)
    discord.limits = Limits(per_route={SEND: (3, 0.2)})
    client = Client()
    async with online(discord, client):
        await asyncio.gather(*(send(client, channel) for channel in [one, other] * 7))
    assert (discord.limits.refused, discord.statuses[429]) == (0, 0)
    assert len(discord.messages(one)) == len(discord.messages(other)) == 7


async def test_the_headers_are_discords(discord: FakeDiscord) -> None:
    channel = discord.open_dm(1)
    discord.limits = Limits(per_route={SEND: (2, 60)})
    replies = [await post(discord, channel) for _ in range(3)]
    assert [reply.status for reply in replies] == [200, 200, 429]
    assert [reply.headers["X-RateLimit-Remaining"] for reply in replies] == ["1", "0", "0"]
    assert {reply.headers["X-RateLimit-Limit"] for reply in replies} == {"2"}
    assert len({reply.headers["X-RateLimit-Bucket"] for reply in replies}) == 1
    last = replies[-1]
    after = float(last.headers["X-RateLimit-Reset-After"])
    assert 55 < after <= 60
    assert abs(float(last.headers["X-RateLimit-Reset"]) - time.time() - after) < 1
    assert (last.headers["X-RateLimit-Scope"], last.headers["Via"]) == ("user", "1.1 google")
    assert await last.json() == {"message": "You are being rate limited.", "retry_after": after, "global": False}
    assert len(discord.messages(channel)) == 2
    assert (await post(discord, discord.open_dm(2))).status == 200  # a count of its own


async def test_the_total_counts_everything_but_interactions_and_webhooks(discord: FakeDiscord) -> None:
    discord.limits = Limits(per_second=2)
    async with aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as http:
        for method, path, status in (
            ("GET", "/users/@me", 200),
            ("GET", "/gateway/bot", 200),
            ("POST", "/webhooks/1/token", 404),
            ("POST", "/interactions/1/token/callback", 404),
            ("GET", "/users/@me", 429),
        ):
            async with http.request(
                method, discord.api_url + path, json={"type": 6} if method == "POST" else None
            ) as it:
                assert it.status == status
        assert (it.headers["X-RateLimit-Scope"], it.headers["X-RateLimit-Global"]) == ("global", "true")
    assert (discord.limits.refused, discord.statuses[429]) == (1, 1)


async def test_a_client_outlives_the_total(discord: FakeDiscord) -> None:
    channels = [discord.open_dm(number) for number in range(1, 9)]
    client = Client()
    async with online(discord, client):
        discord.limits = Limits(per_second=5)
        await asyncio.gather(*(send(client, channel) for channel in channels))
    assert discord.limits.refused
    assert all(len(discord.messages(channel)) == 1 for channel in channels)


def call(at: float = 0) -> Request:
    return Request("POST", "/channels/1/messages", {}, None, None, at)


@pytest.mark.parametrize(
    ("route", "meant"),
    [
        ("POST /channels/*/messages", True),
        ("POST /channels/1/messages", True),
        ("* /channels/*/messages", True),
        ("* /**", True),
        ("POST /channels/**", True),
        ("GET /**", False),
        ("POST /channels/*", False),
        ("POST /channels/*/messages/*", False),
    ],
)
def test_routes(route: str, *, meant: bool) -> None:
    assert call().matches(route) is meant


def test_the_busiest_time() -> None:
    assert most_within(1, []) == 0
    assert most_within(1, [call(at) for at in (0, 0.5, 0.9, 1.0, 1.4, 3)]) == 4


@pytest.mark.parametrize(
    ("fate", "status", "code", "via"),
    [
        (faults.route_limited(900), 429, None, True),
        (faults.globally_limited(3), 429, None, True),
        (faults.banned(), 429, None, False),
        (faults.unauthorized(), 401, 0, True),
        (faults.refused(50007), 403, 50007, True),
        (faults.refused(50278), 403, 50278, True),
        (faults.refused(40003), 400, 40003, True),
        (faults.refused(40003, status=403), 403, 40003, True),
        (faults.refused(10003), 404, 10003, True),
        (faults.refused(10008), 404, 10008, True),
        (faults.refused(10013), 404, 10013, True),
        (faults.broken(), 503, None, True),
        (faults.broken(500), 500, None, True),
    ],
)
async def test_ready_made_fates(discord: FakeDiscord, fate: Fate, status: int, code: int | None, *, via: bool) -> None:
    channel = discord.open_dm(1)
    discord.script = faults.every_time(SEND, fate)
    reply = await post(discord, channel)
    assert (reply.status, "Via" in reply.headers) == (status, via)
    body: Any = await reply.json() if reply.content_type == "application/json" else {}
    assert body.get("code") == code
    assert discord.messages(channel) == []


async def test_cloudflare_is_not_discord(discord: FakeDiscord) -> None:
    discord.script = faults.every_time(SEND, faults.banned())
    client = Client()
    async with online(discord, client):
        with pytest.raises(library.HTTPException, match="1015") as caught:
            await send(client, discord.open_dm(1))
    assert caught.value.status == 429
    assert len(discord.calls(SEND)) == 1  # a client does not try again by itself


async def test_fates_in_turn_and_scripts_together(discord: FakeDiscord) -> None:
    channel = discord.open_dm(1)
    discord.script = faults.together(
        faults.in_turn(SEND, [faults.broken(), Answer(), faults.refused(50007)]),
        faults.in_turn(EDIT, [faults.refused(10008)]),
    )
    assert [(await post(discord, channel)).status for _ in range(4)] == [503, 200, 403, 200]
    assert len(discord.messages(channel)) == 2


async def test_a_slow_answer_takes_effect_even_if_nobody_waits(discord: FakeDiscord) -> None:
    channel = discord.open_dm(1)
    discord.script = faults.in_turn(SEND, [Slow(0.5), Slow(0.01, Instead(503, {})), Slow(0.01, Silence("close"))])
    with pytest.raises(TimeoutError):
        await post(discord, channel, within=0.05)
    assert discord.messages(channel) == []
    assert (await post(discord, channel)).status == 503
    with pytest.raises(aiohttp.ServerDisconnectedError):
        await post(discord, channel)
    assert len(discord.messages(channel)) == 1
    await until(lambda: len(discord.messages(channel)) == 2)


async def post(discord: FakeDiscord, channel: int, within: float = 5) -> aiohttp.ClientResponse:
    async with (
        aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"}) as http,
        http.post(
            f"{discord.api_url}/channels/{channel}/messages",
            json={"content": "hello"},
            timeout=aiohttp.ClientTimeout(within),
        ) as response,
    ):
        await response.read()
        return response
