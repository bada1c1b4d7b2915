"""What the gateway does to a real client. Each cause brings at most one RESUME and one IDENTIFY."""

from collections.abc import Awaitable, Callable

import aiohttp
import pytest

from tests.loopback.clients import Client, Sharded, online
from tests.loopback.interactions import Interaction
from tests.loopback.process import TOKEN, until
from tests.loopback.server import FakeDiscord
from tests.loopback.sessions import Op, Session

SOMEBODY = 7
HELLO = {"content": "hello"}

Press = Callable[[], Awaitable[Interaction]]
Cause = Callable[[Session], Awaitable[None]]


def raw() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(headers={"Authorization": f"Bot {TOKEN}"})


def session_of(discord: FakeDiscord) -> Session:
    assert discord.session
    return discord.session


async def broken(session: Session) -> None:
    session.abort()


CAUSES: dict[str, tuple[Cause, int]] = {
    "4000": (lambda session: session.close(4000), 0),
    "4008": (lambda session: session.close(4008), 0),
    "4009": (lambda session: session.close(4009), 1),
    "1000": (lambda session: session.close(1000), 0),
    "reset": (broken, 0),
    "op 7": (lambda session: session.reconnect(), 0),
    "op 9, resumable": (lambda session: session.invalidate(resumable=True), 0),
    "op 9": (lambda session: session.invalidate(resumable=False), 1),
}


@pytest.fixture
async def button(discord: FakeDiscord) -> Press:
    """Somebody presses the same button again."""
    channel = discord.open_dm(SOMEBODY)
    async with raw() as http, http.post(f"{discord.api_url}/channels/{channel}/messages", json=HELLO) as said:
        message = await said.json()
    return lambda: discord.press(channel, message, "again")


@pytest.mark.parametrize(("cause", "identifies"), CAUSES.values(), ids=CAUSES)
async def test_a_client_comes_back(discord: FakeDiscord, button: Press, cause: Cause, identifies: int) -> None:
    client = Client()
    async with online(discord, client):
        first = session_of(discord)
        await cause(first)
        await until(lambda: first.resumes or len(discord.sessions) > 1)
        await until(lambda: discord.session)
        await button()
        await until(lambda: client.seen)
        assert len(discord.gateway.identifies) == 1 + identifies
        assert len(discord.gateway.resumes) <= 1
        assert first.ended == bool(identifies)
    assert len(client.seen) == 1
    assert discord.session is None


async def test_what_happened_meanwhile_is_replayed(discord: FakeDiscord, button: Press) -> None:
    client = Client()
    async with online(discord, client):
        session = session_of(discord)
        await button()
        await until(lambda: client.seen)
        session.abort()
        made = [await button() for _ in range(3)]
        await until(lambda: len(client.seen) == 4)
        assert [each.id for each in client.seen[1:]] == [int(each.id) for each in made]
        assert (session.resumes, len(discord.gateway.identifies)) == (1, 1)
        assert discord.gateway.resumes[0]["seq"] == 3  # READY, GUILD_CREATE and the first press


async def test_an_unanswered_heartbeat_makes_the_client_come_again(discord: FakeDiscord) -> None:
    discord.gateway.heartbeat_interval = 50
    discord.gateway.acknowledges_heartbeats = False
    async with online(discord, Client(heartbeat_timeout=0.3)):
        await until(lambda: discord.gateway.resumes)
        discord.gateway.acknowledges_heartbeats = True
        await until(lambda: discord.session)
        beats = discord.gateway.heartbeats
        await until(lambda: discord.gateway.heartbeats > beats + 2)
        assert len(discord.gateway.identifies) == 1


async def test_shards_are_advised_and_dms_go_to_the_first(discord: FakeDiscord, button: Press) -> None:
    discord.gateway.shards, discord.gateway.starts_left = 3, 5
    client = Sharded()
    async with online(discord, client, shards=3):
        assert [session.shard for session in discord.sessions] == [0, 1, 2]
        assert {session.shards for session in discord.sessions} == {3}
        assert discord.gateway.starts_left == 2
        await until(lambda: client.guilds)
        [guild] = client.guilds
        assert discord.sessions[guild.shard_id].serves(str(guild.id))
        for session in discord.sessions[1:]:
            await session.close(4000)
        await button()
        await until(lambda: client.seen)
        await until(lambda: all(session.ready for session in discord.sessions))
        assert [session.resumes for session in discord.sessions] == [0, 1, 1]
    assert len(client.seen) == 1


async def test_a_shard_that_is_connected_twice_hears_all_twice(discord: FakeDiscord, button: Press) -> None:
    one, other = Client(), Client()
    async with online(discord, one), online(discord, other, shards=2):
        made = await button()
        await until(lambda: one.seen and other.seen)
        assert one.seen[0].id == other.seen[0].id == int(made.id)
    assert len(one.seen) == len(other.seen) == 1


async def test_a_number_that_never_was_cannot_be_resumed_from(discord: FakeDiscord) -> None:
    async with raw() as http, http.ws_connect(discord.gateway_url) as socket:
        await socket.send_json({"op": Op.IDENTIFY, "d": {"token": TOKEN, "intents": 1}})
        await until(lambda: discord.session)
        resume = {"token": TOKEN, "session_id": session_of(discord).id, "seq": 99}
        async with http.ws_connect(discord.gateway_url) as second:
            await second.send_json({"op": Op.RESUME, "d": resume})
            await second.receive(timeout=5)
            await second.receive(timeout=5)
            assert second.close_code == 4007


async def test_nobody_is_there(discord: FakeDiscord, button: Press) -> None:
    with pytest.raises(RuntimeError, match="not on the gateway"):
        await button()
    async with raw() as http, http.ws_connect(discord.gateway_url) as socket:
        await socket.send_json({"op": Op.IDENTIFY, "d": {"token": TOKEN, "intents": 1}})
        await until(lambda: discord.session)
        await socket.close(code=1000)
    await until(lambda: discord.sessions[0].ended)
    with pytest.raises(RuntimeError, match="not on the gateway"):
        await button()
