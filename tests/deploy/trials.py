"""What the bot has to do in a box, whoever made it: its commands, a whole run against a server, pictures and files."""

import asyncio
import base64
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from bot.domain.trends import Appointment
from bot.errors import ExitCode
from tests.deploy.box import Box, descendants
from tests.loopback.process import TOKEN, until
from tests.loopback.server import FakeDiscord
from tests.unit.reports.examples import LAST, MONTH, over

PICTURES = """
import asyncio, base64, pickle, resource, sys
from bot.reports.press import Press

async def make():
    trend, page, diary = pickle.loads(base64.b64decode({made!r}))
    press = Press()
    print(len(await press.chart(trend, dark=True)), len(await press.appointment(page)), len(await press.csv(diary)),
          len(await press.json(diary)), len(await press.fhir(diary)))
    await press.close()

asyncio.run(make())
used = [resource.getrusage(who).ru_maxrss // 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
print("the worker used at most", used[1], "MiB")
"""
"""A chart, the page for an appointment and the three exports, made in the worker process as the bot does."""

NAMES = """
import asyncio, aiohttp

async def look():
    async with aiohttp.ClientSession() as session:
        try:
            await session.get("http://spoonful.invalid/", timeout=aiohttp.ClientTimeout(total=20))
        except aiohttp.ClientConnectorDNSError as error:
            assert not isinstance(error.os_error, PermissionError), error
            print("asked, and answered that there is none")

asyncio.run(look())
"""
"""The resolver asks, and its sockets and watches are not refused."""


@dataclass
class Report:
    """What was shown, printed as it comes."""

    failed: list[str] = field(default_factory=list[str])

    def note(self, name: str, seconds: float, said: str, *, good: bool) -> None:
        sys.stdout.write(f"{'ok    ' if good else 'FAILED'}  {seconds:5.1f} s  {name}\n")
        if not good:
            self.failed.append(name)
            sys.stdout.write("".join(f"        {line}\n" for line in said.splitlines()[-15:]))
        sys.stdout.flush()

    def close(self, not_shown: Mapping[str, str] | None = None) -> int:
        """The exit status; says what a box cannot show."""
        for what, why in (not_shown or {}).items():
            sys.stdout.write(f"NOT SHOWN: {what}: {why}\n")
        return 1 if self.failed else 0


def attempt(
    report: Report, name: str, box: Box, *words: str, code: int = 0, saying: str = "", within: float = 120
) -> str:
    """Run a command in the box and note whether it ended with the code, saying that; what it said."""
    began = time.monotonic()
    try:
        ended = box.run(*words, within=within)
        said = ended.stdout + ended.stderr
        good = ended.returncode == code and saying in said
        said += "" if good else f"\nexit status {ended.returncode}; expected: {code} {saying}"
    except subprocess.TimeoutExpired:
        said, good = f"not finished after {within} s", False
    report.note(name, time.monotonic() - began, said, good=good)
    return said


def commands(report: Report, box: Box, spoonful: str, python: str) -> None:
    """What needs no Discord."""
    attempt(report, "spoonful --help", box, spoonful, "--help")
    attempt(report, "cards check", box, spoonful, "cards", "check")
    attempt(report, "db upgrade", box, spoonful, "db", "upgrade")
    attempt(report, "db status", box, spoonful, "db", "status")
    nothing = {name: value for name, value in box.environment.items() if "TOKEN" not in name}
    tokenless = replace(box, environment=nothing)
    name = "run ends with 78 for want of a token"
    attempt(report, name, tokenless, spoonful, "run", code=ExitCode.CONFIG, saying="There is no token")
    made = base64.b64encode(pickle.dumps((over(30), Appointment(LAST, (over(30),)), MONTH))).decode()
    name = "chart, appointment page, CSV, JSON and FHIR"
    said = attempt(report, name, box, python, "-c", PICTURES.format(made=made))
    sys.stdout.write(f"                  {said.splitlines()[-1] if said else ''}\n")
    attempt(report, "a name is looked up", box, python, "-c", NAMES)


async def online(report: Report, box: Box, spoonful: str, *probe: str) -> None:
    """Log in, connect and sync on a server of ours; answer the probe, if any; SIGTERM ends it with 0."""
    began = time.monotonic()
    async with FakeDiscord.running(TOKEN) as discord:
        at_server = {
            "SPOONFUL_DISCORD_API_URL": discord.api_url,
            "SPOONFUL_DISCORD_GATEWAY_URL": discord.gateway_url,
        }
        if "SPOONFUL_HEALTH_PORT" in box.environment:
            at_server["SPOONFUL_HEALTH_PORT"] = str(_free_port())
        if "SPOONFUL_DISCORD_TOKEN_FILE" not in box.environment:
            at_server["SPOONFUL_DISCORD_TOKEN"] = TOKEN
        box = replace(box, environment={**box.environment, **at_server})
        async with _started(box, spoonful) as process:
            try:
                await until(lambda: discord.session or process.returncode is not None, within=40)
                report.note("run logs in and connects", time.monotonic() - began, "", good=bool(discord.session))
            except TimeoutError:
                report.note("run logs in and connects", 40, "no connection", good=False)
            if probe and process.returncode is None:
                await asyncio.to_thread(_eventually, box, *probe)
                await asyncio.to_thread(attempt, report, " ".join(probe), box, *probe)
            await _stop(report, process)


def _eventually(box: Box, *words: str, within: float = 20) -> None:
    """Connected is not ready yet: repeat the command until it ends with 0, or for so many seconds."""
    end = time.monotonic() + within
    while box.run(*words, within=within).returncode and time.monotonic() < end:
        pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@asynccontextmanager
async def _started(box: Box, spoonful: str) -> AsyncGenerator[asyncio.subprocess.Process]:
    process = await asyncio.create_subprocess_exec(
        *box.command(spoonful, "run"), stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def _stop(report: Report, process: asyncio.subprocess.Process) -> None:
    began = time.monotonic()
    if process.returncode is None:
        bot = descendants(process.pid)[-1]
        threads, memory = _status(bot, "Threads"), _status(bot, "VmHWM") // 1024
        os.kill(bot, signal.SIGTERM)
        sys.stdout.write(f"                  the bot used {memory} MiB at most and has {threads} threads\n")
    said, _ = await asyncio.wait_for(process.communicate(), 30)
    text = said.decode() + f"\nexit status {process.returncode}"
    report.note("SIGTERM ends it with 0", time.monotonic() - began, text, good=process.returncode == 0)


def _status(process: int, name: str) -> int:
    lines = Path(f"/proc/{process}/status").read_text("utf-8").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith(f"{name}:"))
