"""The health of a bot as its supervisor sees it: a real process is asked over HTTP while things go wrong."""

import asyncio
import contextlib
import errno
import re
import shutil
import socket
import sys
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from bot.config import ROOT
from bot.errors import ExitCode
from bot.health.ask import ALIVE, METRICS, READY, SILENT, ask
from tests.drill.disk import compiler, environment, library
from tests.loopback import faults
from tests.loopback.due import MEMBER, put_due_prompt, put_due_prompts
from tests.loopback.faults import Answer
from tests.loopback.process import RIGGED, SPOONFUL, TOKEN, Launcher, Running, until
from tests.loopback.server import FakeDiscord

SEND = "POST /channels/*/messages"
HASTY = (*RIGGED, "--heartbeat-every", "0.05")
SECRET = "a-secret-that-only-the-operator-knows"

needs_compiler = pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")


@pytest.fixture
def port() -> int:
    """One that is free."""
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@dataclass
class Watcher:
    """Whoever asks the health server."""

    port: int
    http: aiohttp.ClientSession

    async def get(self, path: str) -> tuple[int, str]:
        async with self.http.get(f"http://127.0.0.1:{self.port}{path}") as reply:
            return reply.status, await reply.text()

    async def ready(self) -> dict[str, Any]:
        status, _ = await self.get(READY)
        async with self.http.get(f"http://127.0.0.1:{self.port}{READY}") as reply:
            told = await reply.json()
        assert (status == 200) == told["ready"]
        return told

    async def metric(self, name: str, labels: str = "") -> float | None:
        _, text = await self.get(METRICS)
        match = re.search(rf"^{name}{re.escape(labels)} (\S+)$", text, re.MULTILINE)
        return float(match[1]) if match else None

    async def counted(self, name: str, labels: str, wanted: float) -> None:
        """Ask until the metric is that."""
        async with asyncio.timeout(10):
            while await self.metric(name, labels) != wanted:  # noqa: ASYNC110 - the bot is another process
                await asyncio.sleep(0.02)

    async def until(self, *, ready: bool) -> dict[str, Any]:
        """Ask until the answer is this one."""
        async with asyncio.timeout(20):
            while True:
                with contextlib.suppress(aiohttp.ClientConnectionError):
                    status, _ = await self.get(READY)
                    if (status == 200) == ready:
                        return await self.ready()
                await asyncio.sleep(0.02)


@pytest.fixture
async def watcher(port: int) -> AsyncIterator[Watcher]:
    async with aiohttp.ClientSession() as http:
        yield Watcher(port, http)


@dataclass
class Switch:
    """A dead man's switch: an address that wants to be called."""

    url: str = ""
    calls: list[str] = field(default_factory=list[str])
    status: int = 200
    silent: bool = False
    stopping: asyncio.Event = field(default_factory=asyncio.Event)

    async def called(self, request: web.Request) -> web.Response:
        self.calls.append(request.path)
        if self.silent:
            await self.stopping.wait()
        return web.Response(status=self.status)


@pytest.fixture
async def switch() -> AsyncIterator[Switch]:
    made = Switch()
    app = web.Application()
    app.router.add_get(f"/{SECRET}", made.called)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    made.url = f"http://127.0.0.1:{runner.addresses[0][1]}/{SECRET}"
    yield made
    made.stopping.set()
    await runner.cleanup()


async def test_ready_once_connected_and_alive_all_the_while(bots: Launcher, watcher: Watcher, port: int) -> None:
    bot = await bots.online(RIGGED, health_port=str(port))
    told = await watcher.until(ready=True)
    assert {name: each["state"] for name, each in told["signals"].items()} == {
        "gateway": "fine",
        "database": "fine",
        "delivery": "fine",
        "lateness": "fine",
        "backup": told["signals"]["backup"]["state"],  # the first one is being made
        "content": "fine",
        "beats": "fine",
    }
    assert await watcher.get(ALIVE) == (200, "alive\n")
    assert await watcher.metric("spoonful_ready") == 1
    assert await watcher.metric("process_resident_memory_bytes")
    async with watcher.http.post(f"http://127.0.0.1:{port}{READY}") as reply:
        assert reply.status == 405
    assert await bot.stop() == 0


def listening_at(port: int) -> list[str]:
    """The addresses at which somebody listens on a port, as the kernel writes them."""
    lines = [line.split() for name in ("tcp", "tcp6") for line in Path("/proc/net", name).read_text().splitlines()]
    places = [each[1].split(":") for each in lines if each[3] == "0A"]
    return [place[0] for place in places if int(place[1], 16) == port]


async def test_only_this_machine_is_answered(bots: Launcher, watcher: Watcher, port: int) -> None:
    bot = await bots.online(RIGGED, health_port=str(port))
    await watcher.until(ready=True)
    assert listening_at(port) == ["0100007F"]
    assert await bot.stop() == 0


async def test_without_a_port_nobody_is_answered(bots: Launcher, port: int) -> None:
    bot = await bots.online(RIGGED)
    await until(lambda: bot.told("commands synced"))
    assert bot.told("health server listens") == []
    assert await asyncio.to_thread(ask, port) == ask(port)
    assert not ask(port).well
    assert await bot.stop() == 0


async def test_a_port_that_is_taken_is_one_sentence_before_any_login(
    bots: Launcher, discord: FakeDiscord, port: int
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        bot = await bots.start(RIGGED, health_port=str(port), log_level="ERROR")
        assert await bot.exit_code() == ExitCode.CONFIG
    [sentence] = bot.said.splitlines()
    assert sentence.startswith(f"spoonful: The health server cannot use port {port}")
    assert discord.requests == []


async def test_what_a_supervisor_runs(bots: Launcher, watcher: Watcher, port: int) -> None:
    """The command, and the quick form of it for containers."""
    forms = [(sys.executable, "-m", "bot", "health"), (sys.executable, "-m", "bot.health")]

    async def codes() -> list[tuple[int, str]]:
        asked = [await bots.start(form, health_port=str(port)) for form in forms]
        return [(await each.exit_code(30), each.said) for each in asked]

    assert {(code, said.strip()) for code, said in await codes()} == {(1, SILENT)}
    bot = await bots.online(RIGGED, health_port=str(port))
    await watcher.until(ready=True)
    for code, said in await codes():
        assert code == 0
        assert "database" in said
    assert await bot.stop() == 0
    unset = [await bots.start(form) for form in forms]
    assert {await each.exit_code(30) for each in unset} == {ExitCode.CONFIG}
    assert all("SPOONFUL_HEALTH_PORT" in each.said for each in unset)


async def test_fault_13_held_back_sends_are_red_and_the_heartbeat_stops(
    bots: Launcher, discord: FakeDiscord, watcher: Watcher, switch: Switch, port: int
) -> None:
    due = await put_due_prompts(bots, range(1, 6))
    discord.script = faults.in_turn(SEND, [Answer(), faults.banned()])
    bot = await bots.online(HASTY, health_port=str(port), heartbeat_url=switch.url)
    await until(lambda: bot.told("sends held back"))
    told = await watcher.ready()
    assert not told["ready"]
    assert told["signals"]["delivery"]["state"] == "red"
    assert "429" in told["signals"]["delivery"]["said"]
    assert {name for name, each in told["signals"].items() if each["state"] == "red"} == {"delivery"}
    assert await watcher.metric("spoonful_delivery_held") == 1
    assert await watcher.metric("spoonful_ready") == 0
    assert await watcher.metric("spoonful_discord_replies_total", '{status="429"}') == 1
    assert await watcher.metric("spoonful_prompts_total", '{outcome="held"}') == 1
    assert await watcher.get(ALIVE) == (200, "alive\n")
    before = len(switch.calls)
    for _ in range(30):
        assert not (await watcher.ready())["ready"]
    assert len(switch.calls) <= before + 1  # one may have been on its way
    answer = await discord.slash(due[0][1], "help")
    await until(lambda: answer.original)
    assert await bot.stop() == 0


@needs_compiler
async def test_fault_38_a_full_disk_is_red_and_one_with_room_again_is_not(
    bots: Launcher, watcher: Watcher, port: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = tmp_path / "fails"
    for name, value in environment(library(tmp_path), bots.data_dir, fails=fails).items():
        monkeypatch.setenv(name, value)
    bot = await bots.online(SPOONFUL, health_port=str(port))
    monkeypatch.undo()
    await watcher.until(ready=True)
    fails.write_text(str(errno.ENOSPC))
    told = await watcher.until(ready=False)
    assert told["signals"]["database"]["state"] == "red"
    assert "cannot be written" in told["signals"]["database"]["said"]
    assert await watcher.metric("spoonful_database_up") == 0
    assert await watcher.get(ALIVE) == (200, "alive\n")
    fails.unlink()
    assert (await watcher.until(ready=True))["signals"]["database"]["state"] == "fine"
    assert await bot.stop() == 0


async def test_a_lost_connection_is_counted_and_found_again(
    bots: Launcher, discord: FakeDiscord, watcher: Watcher, port: int
) -> None:
    bot = await bots.online(RIGGED, health_port=str(port))
    await watcher.until(ready=True)
    assert discord.session
    discord.session.abort()
    await until(lambda: discord.gateway.resumes and discord.session)
    await watcher.until(ready=True)
    assert await watcher.metric("spoonful_gateway_events_total", '{event="disconnected"}') == 1
    assert await watcher.metric("spoonful_gateway_events_total", '{event="connected"}') == 1
    await watcher.counted("spoonful_gateway_events_total", '{event="resumed"}', 1)
    assert await watcher.metric("spoonful_gateway_connected") == 1
    assert await bot.stop() == 0


async def test_what_is_done_is_counted_and_nobody_is_named(
    bots: Launcher, discord: FakeDiscord, watcher: Watcher, port: int
) -> None:
    prompt, channel = await put_due_prompt(bots)
    bot = await bots.online((*RIGGED, "--broken"), health_port=str(port))
    await until(lambda: bot.told("prompt sent"))
    helped = await discord.slash(channel, "help")
    await until(lambda: helped.original)
    await discord.slash(channel, "checkin history")
    await until(lambda: bot.told("interaction failed"))
    await watcher.until(ready=True)
    assert await watcher.metric("spoonful_prompts_total", '{outcome="delivered"}') == 1
    assert await watcher.metric("spoonful_prompt_send_seconds_count") == 1
    assert await watcher.metric("spoonful_prompt_lateness_seconds_sum") >= 60  # pyright: ignore[reportOptionalOperand]
    await watcher.counted("spoonful_interaction_seconds_count", '{kind="application_command"}', 2)
    failures = '{event="interaction failed",level="error"}'
    assert await watcher.metric("spoonful_log_events_total", failures) == 1
    _, text = await watcher.get(METRICS)
    for somebody in (MEMBER, channel, discord.text_channel, discord.people.guild_id, prompt.id, prompt.plan_id, TOKEN):
        assert str(somebody) not in text
    assert await bot.stop() == 0


async def test_broken_card_files_are_told_and_the_bot_stays_ready(
    bots: Launcher, watcher: Watcher, port: int, tmp_path: Path
) -> None:
    content = tmp_path / "content"
    shutil.copytree(ROOT / "content", content)
    bot = await bots.online(RIGGED, content_dir=str(content), health_port=str(port))
    (content / "cards/yoga.yaml").write_text("id: yoga\n", "utf-8")
    await until(lambda: bot.told("content kept as it was"))
    told = await watcher.until(ready=True)
    assert told["signals"]["content"]["state"] == "strained"
    assert await watcher.metric("spoonful_content_problems") == 1
    (content / "cards/yoga.yaml").write_bytes((ROOT / "content/cards/yoga.yaml").read_bytes())
    await until(lambda: bot.told("content reloaded"))
    assert (await watcher.ready())["signals"]["content"]["state"] == "fine"
    assert await bot.stop() == 0


async def test_a_dispatcher_needs_no_gateway(bots: Launcher, discord: FakeDiscord, watcher: Watcher, port: int) -> None:
    bot = await bots.start((*RIGGED, "--role", "dispatcher"), health_port=str(port))
    told = await watcher.until(ready=True)
    assert "gateway" not in told["signals"]
    assert discord.sessions == []
    assert await bot.stop() == 0


async def test_the_heartbeat_comes_while_ready_and_its_failures_are_told_once(bots: Launcher, switch: Switch) -> None:
    bot = await bots.online(HASTY, heartbeat_url=switch.url, log_level="DEBUG")
    await until(lambda: len(switch.calls) >= 3)
    switch.status = 500
    await until(lambda: bot.told("heartbeat does not arrive"))
    seen = len(switch.calls)
    await until(lambda: len(switch.calls) >= seen + 3)
    switch.status = 200
    await until(lambda: bot.told("heartbeat arrives again"))
    assert await bot.stop() == 0
    assert [line["reason"] for line in bot.told("heartbeat does not arrive")] == ["status 500"]
    assert SECRET not in bot.said


async def test_a_heartbeat_to_nobody_is_told_without_its_address(bots: Launcher, port: int) -> None:
    bot = await bots.online(HASTY, heartbeat_url=f"http://127.0.0.1:{port}/{SECRET}", log_level="DEBUG")
    await until(lambda: bot.told("heartbeat does not arrive"))
    assert await bot.stop() == 0
    assert SECRET not in bot.said


async def stops_soon(bot: Running) -> None:
    began = asyncio.get_running_loop().time()
    assert await bot.stop() == 0
    assert asyncio.get_running_loop().time() - began < 5


async def test_a_heartbeat_without_an_answer_keeps_nobody_from_stopping(bots: Launcher, switch: Switch) -> None:
    switch.silent = True
    bot = await bots.online(HASTY, heartbeat_url=switch.url)
    await until(lambda: switch.calls)
    await stops_soon(bot)


async def test_whoever_holds_a_connection_keeps_nobody_from_stopping(
    bots: Launcher, watcher: Watcher, port: int
) -> None:
    bot = await bots.online(RIGGED, health_port=str(port))
    await watcher.until(ready=True)  # its connection stays open
    idle = socket.create_connection(("127.0.0.1", port))
    half = socket.create_connection(("127.0.0.1", port))
    half.sendall(b"GET /readyz HTTP/1.1\r\n")
    await stops_soon(bot)
    idle.close()
    half.close()
