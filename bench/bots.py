"""Bots as processes of their own beside a small Discord, which stays in the process that measures."""

import asyncio
import contextlib
import os
import sys
import time
from base64 import b64encode
from collections.abc import AsyncGenerator, Callable, Coroutine, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from unittest.mock import patch

import uvloop

from bot.config import ROOT
from tests.loopback import rest
from tests.loopback.calls import Request
from tests.loopback.faults import Answer, Fate
from tests.loopback.server import FakeDiscord

T = TypeVar("T")

# Put together from parts so that no scanner, and no person, takes it for a real one. hikari reads an id in the first.
TOKEN = ".".join((b64encode(b"100000000000000000").decode(), "benchmark", "made-up-for-these-figures"))

PEERS = Path(__file__).with_name("peers")
SPOONFUL = (sys.executable, "-m", "bot", "run")
BARE_DISCORD_PY = (sys.executable, str(PEERS / "bare_discord_py.py"))
BARE_HIKARI = (str(ROOT / ".venv-peers/bin/python"), str(PEERS / "bare_hikari.py"))  # its needs are not ours
PROBED = (sys.executable, str(Path(__file__).with_name("probed.py")))

REQUIRED_BY_HIKARI = {"mfa_enabled": False, "locale": "en-GB", "verified": True, "email": None, "flags": 0}
"""What it insists on knowing about the bot itself."""

PEOPLE = 500
PATIENCE = 30.0
"""Seconds. A bot that has not answered by then never will."""


def run(work: Coroutine[Any, Any, T]) -> T:
    """Run it on a fast loop, so that the server is not what is measured."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(work)


class Server(FakeDiscord):
    def __init__(self, token: str) -> None:
        super().__init__(token)
        self._people.bot.update(REQUIRED_BY_HIKARI)


@dataclass(frozen=True)
class Process:
    """A bot that runs."""

    process: asyncio.subprocess.Process

    @property
    def cpu_seconds(self) -> float:
        """What all its threads have used."""
        fields = self._proc("stat").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    @property
    def resident_mb(self) -> float:
        kilobytes = next(line.split()[1] for line in self._proc("status").splitlines() if line.startswith("VmRSS"))
        return int(kilobytes) / 1024

    async def stop(self) -> None:
        """SIGTERM, and the end of patience if that is not heard."""
        if self.process.returncode is None:
            self.process.terminate()
            try:
                async with asyncio.timeout(PATIENCE):
                    await self.process.wait()
            except TimeoutError:
                await self.kill()

    async def kill(self) -> None:
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def _proc(self, name: str) -> str:
        return Path(f"/proc/{self.process.pid}/{name}").read_text("utf-8")


@dataclass
class Stage:
    """A server, and the bots started against it; `answered` has the time at which each interaction was."""

    discord: FakeDiscord
    folder: Path
    started: list[Process] = field(default_factory=list[Process])
    answered: dict[str, "asyncio.Future[float]"] = field(default_factory=dict[str, "asyncio.Future[float]"])

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    async def start(self, command: Sequence[str] = SPOONFUL, **settings: str) -> Process:
        """Start a bot, and wait until it is connected. Settings are named without their prefix, in lower case."""
        ours = {
            "discord_token": TOKEN,
            "discord_api_url": self.discord.api_url,
            "discord_gateway_url": self.discord.gateway_url,
            "data_dir": str(self.data_dir),
            "log_level": "WARNING",
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.startswith("SPOONFUL_")}
        env = kept | {f"SPOONFUL_{name.upper()}": value for name, value in ours.items()} | {"PYTHONPATH": str(ROOT)}
        with (self.folder / "said").open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                *command, stdout=said, stderr=said, env=env, cwd=self.folder, stdin=asyncio.subprocess.DEVNULL
            )
        self.started.append(Process(process))
        await until(lambda: self.discord.session or process.returncode is not None)
        if process.returncode is not None:
            raise RuntimeError((self.folder / "said").read_text("utf-8")[-2000:])
        return self.started[-1]

    async def ask(self, person: int, name: str) -> float:
        """`/treatment` in the server's channel; the seconds until the answer arrived."""
        begin = time.perf_counter()
        made = await self.discord.slash(self.discord.text_channel, "treatment", by=10_000 + person, name=name)
        arrived = self.answered.setdefault(made.token, asyncio.get_running_loop().create_future())
        async with asyncio.timeout(PATIENCE):
            took = await arrived - begin
        del self.answered[made.token]
        return took

    async def ask_for(self, seconds: float, names: Sequence[str], outstanding: int) -> list[float]:
        """Keep so many questions open all the time; what each took."""
        end = time.perf_counter() + seconds
        took: list[float] = []

        async def person(number: int) -> None:
            while time.perf_counter() < end:
                took.append(await self.ask(number, names[len(took) % len(names)]))

        await asyncio.gather(*(person(number) for number in range(outstanding)))
        return took

    async def ask_steadily(self, seconds: float, names: Sequence[str], rate: float) -> list[float]:
        """Ask so often a second, however long the answers take."""
        begin = time.perf_counter()
        asked: list[asyncio.Task[float]] = []
        for number in range(int(seconds * rate)):
            await asyncio.sleep(begin + number / rate - time.perf_counter())
            asked.append(asyncio.create_task(self.ask(number % PEOPLE, names[number % len(names)])))
        return list(await asyncio.gather(*asked))

    async def note(self, call: Request) -> Fate:
        """The server's script: everything is well, and answers are noted as they arrive."""
        if call.path.startswith("/interactions/"):
            token = call.path.split("/")[3]
            arrived = self.answered.setdefault(token, asyncio.get_running_loop().create_future())
            if not arrived.done():
                arrived.set_result(time.perf_counter())
        return Answer()


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not condition():  # noqa: ASYNC110 - what happens in another process sets no Event here
            await asyncio.sleep(0.005)


@contextlib.asynccontextmanager
async def stage(folder: Path) -> AsyncGenerator[Stage]:
    """A server that does not hold every call against Discord's description: the tests do, and it takes time."""
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    with patch.object(rest, "contract", return_value=None):
        async with Server.running(TOKEN) as discord:
            made = Stage(discord, folder)
            discord.script = made.note
            try:
                yield made
            finally:
                for process in made.started:
                    await process.kill()
