"""What can go wrong with the connection, and how the real bot starts and ends. The numbers are those of the faults."""

import contextlib
import os
import shutil
import signal
import subprocess
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from bot.domain.checkins import PromptStatus
from bot.errors import ExitCode, StartupError
from bot.services.starts import Starts
from tests.loopback import faults
from tests.loopback.due import put_due_prompt, put_due_prompts, stored
from tests.loopback.faults import Silence, Slow
from tests.loopback.process import RIGGED, SPOONFUL, Launcher, until
from tests.loopback.server import FakeDiscord
from tests.loopback.sessions import Session

SEND = "POST /channels/*/messages"
HASTY = (*RIGGED, "--heartbeat-timeout", "60")

Cause = Callable[[Session], Awaitable[None]]


async def broken(session: Session) -> None:
    session.abort()


async def answered(discord: FakeDiscord, channel: int) -> None:
    """The bot hears and speaks."""
    asked = await discord.slash(channel, "help")
    await until(lambda: asked.original)


CAUSES: dict[str, tuple[Cause, int]] = {
    "4000": (lambda session: session.close(4000), 0),
    "4008": (lambda session: session.close(4008), 0),
    "4009": (lambda session: session.close(4009), 1),
    "reset": (broken, 0),
    "op 7": (lambda session: session.reconnect(), 0),
    "op 9, resumable": (lambda session: session.invalidate(resumable=True), 0),
    "op 9": (lambda session: session.invalidate(resumable=False), 1),
}


async def bring_back(discord: FakeDiscord, cause: Cause) -> None:
    """Until the session is resumed, or another is in its place."""
    session = discord.session
    assert session
    resumes = session.resumes
    await cause(session)
    await until(lambda: discord.session and (discord.session is not session or session.resumes > resumes))


async def test_fault_32_whatever_ends_the_connection_it_comes_back(bots: Launcher, discord: FakeDiscord) -> None:
    """One after the other; a prompt that is due meanwhile is sent once."""
    prompt, channel = await put_due_prompt(bots)
    discord.script = faults.only_first(SEND, Slow(1))
    bot = await bots.online(HASTY)
    for name, (cause, allowed) in CAUSES.items():
        identifies = len(discord.gateway.identifies)
        await bring_back(discord, cause)
        await answered(discord, channel)
        assert len(discord.gateway.identifies) - identifies == allowed, name
    assert await bot.stop() == 0
    assert len(discord.calls(SEND)) == 1
    assert (await stored(bots, prompt)).status is PromptStatus.SENT


async def test_fault_32_a_heartbeat_that_is_not_acknowledged(bots: Launcher, discord: FakeDiscord) -> None:
    discord.gateway.heartbeat_interval = 50
    channel = discord.open_dm(1)
    bot = await bots.online((*RIGGED, "--heartbeat-timeout", "0.5"))
    discord.gateway.acknowledges_heartbeats = False
    await until(lambda: discord.gateway.resumes)
    discord.gateway.acknowledges_heartbeats = True
    await until(lambda: discord.session)
    await answered(discord, channel)
    assert await bot.stop() == 0
    assert len(discord.gateway.identifies) == 1


class Memory:
    """A `StateStore` for as long as the test lasts."""

    def __init__(self) -> None:
        self._kept: dict[str, str] = {}

    async def get(self, name: str) -> str | None:
        return self._kept.get(name)

    async def put(self, name: str, value: str) -> None:
        self._kept[name] = value


class Hands:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 23, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


async def crash_again_and_again(minutes: float) -> int:
    """How many starts there are in a day, of a bot that is started again so soon after each of its crashes."""
    clock, state, started = Hands(), Memory(), 0
    for _ in range(int(24 * 60 / minutes)):
        with contextlib.suppress(StartupError):
            await Starts(clock, state, "all").begin()
            started += 1
        clock.moment += timedelta(minutes=minutes)
    return started


@pytest.mark.parametrize("minutes", [1, 2.5, 20])
async def test_fault_34_no_more_than_fifty_starts_a_day(minutes: float) -> None:
    assert await crash_again_and_again(minutes) == 50


async def test_fault_34_starts_that_ended_well_do_not_count() -> None:
    clock, state = Hands(), Memory()
    for _ in range(100):
        starts = Starts(clock, state, "all")
        await starts.begin()
        await starts.end()
    for _ in range(4):
        await Starts(clock, state, "all").begin()
    await Starts(clock, state, "gateway").begin()  # another part, with logins of its own
    await Starts(clock, state, "all").begin()
    with pytest.raises(StartupError, match="started again in 10 minutes"):
        await Starts(clock, state, "all").begin()


async def test_fault_34_after_five_crashes_it_stays_down_for_a_while(bots: Launcher, discord: FakeDiscord) -> None:
    ended_well = await bots.online(RIGGED)
    assert await ended_well.stop() == 0
    for crashes in range(1, 6):
        victim = await bots.start(RIGGED)
        await until(lambda crashes=crashes: len(discord.gateway.identifies) == 1 + crashes)
        await victim.kill()
    sixth = await bots.start(RIGGED, log_level="ERROR")
    assert await sixth.exit_code() == ExitCode.CRASH_LOOP
    assert "5 times in 10 minutes" in sixth.said
    assert len(discord.gateway.identifies) == 6
    later = await bots.start((*RIGGED, "--ahead", "601"))
    await until(lambda: len(discord.gateway.identifies) == 7)
    assert await later.stop() == 0


async def test_fault_35_told_to_stop_in_the_middle_of_sends(bots: Launcher, discord: FakeDiscord) -> None:
    due = await put_due_prompts(bots, range(1, 9))
    discord.script = faults.every_time(SEND, Slow(0.5))
    bot = await bots.online(RIGGED)
    await until(lambda: discord.calls(SEND))
    assert await bot.stop() == 0
    for prompt, channel in due:
        assert (await stored(bots, prompt)).status is PromptStatus.SENT
        assert len(discord.messages(channel)) == 1


async def test_fault_35_told_again_it_ends_at_once(bots: Launcher, discord: FakeDiscord) -> None:
    await put_due_prompt(bots)
    discord.script = faults.every_time(SEND, Silence("hang"))
    bot = await bots.online(RIGGED)
    await until(lambda: discord.calls(SEND))
    bot.process.terminate()
    await until(lambda: bot.told("stopping"))
    assert await bot.stop(within=2) == -signal.SIGTERM


def can_be_first() -> bool:
    """Whether a process can be the first of its own here, as in a container."""
    unshare = shutil.which("unshare")
    if unshare is None:
        return False
    return subprocess.run([unshare, "--pid", "--fork", "true"], check=False, capture_output=True).returncode == 0


def only_child(pid: int) -> int:
    [child] = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return int(child)


@pytest.mark.parametrize("times", [1, 2])
async def test_fault_35_as_the_first_process_too(bots: Launcher, discord: FakeDiscord, times: int) -> None:
    """Told once it drains; told twice it ends at once, where the kernel would spare it."""
    if not can_be_first():
        pytest.skip("needs the right to make a process namespace (unshare --pid)")
    prompt, _ = await put_due_prompt(bots)
    discord.script = faults.every_time(SEND, Slow(0.5) if times == 1 else Silence("hang"))
    bot = await bots.online(("unshare", "--pid", "--fork", "--kill-child", *SPOONFUL))
    await until(lambda: discord.calls(SEND))
    for told in range(times):
        os.kill(only_child(bot.process.pid), signal.SIGTERM)
        await until(lambda told=told: bot.told("stopping") or told)
    assert await bot.exit_code(within=6) == (0 if times == 1 else 128 + signal.SIGTERM)
    assert (await stored(bots, prompt)).status is (PromptStatus.SENT if times == 1 else PromptStatus.SENDING)


# Parts of the bot


async def test_a_dispatcher_delivers_without_a_connection(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.start((*RIGGED, "--role", "dispatcher"))
    await until(lambda: bot.told("prompt sent"))
    assert await bot.stop() == 0
    assert len(discord.messages(channel)) == 1
    assert (discord.sessions, discord.calls("GET /gateway/*")) == ([], [])
    assert (await stored(bots, prompt)).status is PromptStatus.SENT


async def test_a_gateway_connects_and_delivers_nothing(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online((*RIGGED, "--role", "gateway"))
    await answered(discord, channel)  # what is due is sent before anybody connects, where it is sent
    assert await bot.stop() == 0
    assert discord.calls(SEND) == []
    assert (await stored(bots, prompt)).status is PromptStatus.DUE


async def test_two_shards_are_two_connections(bots: Launcher, discord: FakeDiscord) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online((*HASTY, "--shards", "0-1/2"))
    await until(lambda: len([session for session in discord.sessions if session.ready]) == 2)
    await answered(discord, channel)
    await until(lambda: bot.told("prompt sent"))
    assert await bot.stop() == 0
    assert [(session.shard, session.shards) for session in discord.sessions] == [(0, 2), (1, 2)]
    assert (await stored(bots, prompt)).status is PromptStatus.SENT
