"""The bot as a process of its own, the way an operator runs it."""

import asyncio
import json
import os
import sys
from asyncio.subprocess import Process
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.loopback.forks import Fork, Forks
from tests.loopback.server import FakeDiscord

# Put together from parts so that no scanner, and no person, takes it for a real one.
TOKEN = ".".join(("not-a-real-token-at-all", "loopback", "made-up-for-these-tests"))
SPOONFUL = (sys.executable, "-m", "bot", "run")
RIGGED = ("rigged",)
"""The same with arguments of `rigged.py`, if any; it is up sooner."""


async def until(condition: Callable[[], object], within: float = 15) -> None:
    """Wait for something to become true; a test that waits longer than `within` seconds fails here."""
    async with asyncio.timeout(within):
        while not condition():  # noqa: ASYNC110 - what happens in another process sets no Event here
            await asyncio.sleep(0.02)


@dataclass(frozen=True)
class Running:
    """A started process and what it wrote."""

    process: Process | Fork
    out: Path
    err: Path

    @property
    def stderr(self) -> str:
        return self.err.read_text("utf-8")

    @property
    def log(self) -> list[dict[str, Any]]:
        """Every finished line of standard error; one that is not JSON fails the test."""
        finished, _, _ = self.stderr.rpartition("\n")
        return [json.loads(line) for line in finished.splitlines()]

    @property
    def said(self) -> str:
        """All it wrote anywhere."""
        return self.out.read_text("utf-8") + self.stderr

    async def exit_code(self, within: float = 15) -> int:
        async with asyncio.timeout(within):
            return await self.process.wait()

    def told(self, event: str) -> list[dict[str, Any]]:
        """The log lines of one event."""
        return [line for line in self.log if line["event"] == event]

    async def stop(self, within: float = 6) -> int:
        """SIGTERM; the exit code."""
        self.process.terminate()
        return await self.exit_code(within)

    async def kill(self) -> None:
        """`kill -9`: no goodbye."""
        self.process.kill()
        await self.exit_code()


@dataclass
class Launcher:
    """Starts bots on one data folder and one server."""

    folder: Path
    discord: FakeDiscord
    forks: Forks
    started: list[Running] = field(default_factory=list[Running])

    @property
    def data_dir(self) -> Path:
        return self.folder / "data"

    async def start(self, command: Sequence[str] = SPOONFUL, **settings: str) -> Running:
        """Settings are named as in the environment, without the prefix, in lower case."""
        number = len(self.started)
        out, err = self.folder / f"{number}.out", self.folder / f"{number}.err"
        env = self._environment(settings)
        with out.open("wb") as stdout, err.open("wb") as stderr:
            if command[0] in RIGGED:
                process = await self.forks.start(command[1:], out=out, err=err, env=env, cwd=self.folder)
            else:
                process = await asyncio.create_subprocess_exec(
                    *command, stdout=stdout, stderr=stderr, env=env, cwd=self.folder
                )
        self.started.append(Running(process, out, err))
        return self.started[-1]

    async def online(self, command: Sequence[str] = SPOONFUL, **settings: str) -> Running:
        """Start, and wait until it is connected."""
        running = await self.start(command, **settings)
        await until(lambda: self.discord.session or running.process.returncode is not None)
        assert running.process.returncode is None, running.said
        return running

    async def end_all(self) -> None:
        for running in self.started:
            if running.process.returncode is None:
                await running.kill()

    def _environment(self, settings: Mapping[str, str]) -> dict[str, str]:
        """Nothing of the developer's own settings."""
        ours = {
            "discord_token": TOKEN,
            "discord_api_url": self.discord.api_url,
            "discord_gateway_url": self.discord.gateway_url,
            "data_dir": str(self.data_dir),
            **settings,
        }
        kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("SPOONFUL_")}
        return kept | {f"SPOONFUL_{name.upper()}": value for name, value in ours.items()}
