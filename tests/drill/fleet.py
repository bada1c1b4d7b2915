"""Dispatchers that are started and killed, from the side of the drill."""

import asyncio
import contextlib
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.drill.crowd import unsettled
from tests.loopback.process import TOKEN
from tests.loopback.server import FakeDiscord
from tests.storage.places import Place

NURSERY = Path(__file__).with_name("nursery.py")


def number(name: str, default: int) -> int:
    """A size of a drill, from the environment: `DRILL_KILLS` and so on."""
    return int(os.environ.get(f"DRILL_{name}", default))


def report(name: str, **figures: object) -> None:
    """One line of figures, shown by `make drill` and by CI, whatever comes after."""
    sys.stdout.write(f"\ndrill {name}: {', '.join(f'{key} {value}' for key, value in figures.items())}\n")


def environment(place: Place, discord: FakeDiscord, **settings: str) -> dict[str, str]:
    """Settings are named as in the environment, without the prefix, in lower case."""
    ours = {
        "discord_token": TOKEN,
        "discord_api_url": discord.api_url,
        "discord_gateway_url": discord.gateway_url,
        "data_dir": str(place.data_dir),
        "master_key_file": str(place.key_file),
        **({"database_url": place.url} if place.url else {}),
        "log_level": "WARNING",
        **settings,
    }
    kept = {name: value for name, value in os.environ.items() if not name.upper().startswith("SPOONFUL_")}
    return kept | {f"SPOONFUL_{name.upper()}": value for name, value in ours.items()}


@dataclass
class Dispatcher:
    """One at a time, on one place and one server; `log` holds what all of them said."""

    process: Process
    log: Path

    @classmethod
    @contextlib.asynccontextmanager
    async def on(
        cls, place: Place, discord: FakeDiscord, log: Path, *arguments: str, **settings: str
    ) -> AsyncGenerator[Self]:
        """Arguments are those of the nursery."""
        command = (sys.executable, str(NURSERY), *arguments)
        with log.open("ab") as said:
            process = await asyncio.create_subprocess_exec(
                *command,
                stdin=PIPE,
                stdout=PIPE,
                stderr=said,
                env=environment(place, discord, **settings),
                cwd=place.folder,
            )
        try:
            yield cls(process, log)
        finally:
            await cls(process, log).leave()

    async def start(self) -> int:
        """Begin a life; the process id."""
        return await self._order("start")

    async def kill(self) -> int:
        """`kill -9`; the exit status."""
        return await self._order("kill")

    async def stop(self) -> int:
        """SIGTERM; the exit status."""
        return await self._order("stop")

    async def leave(self) -> None:
        """The nursery ends when nobody talks to it any more, and takes its child along."""
        if self.process.stdin is not None:
            self.process.stdin.close()
        await asyncio.wait_for(self.process.wait(), 10)

    async def _order(self, word: str) -> int:
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write(f"{word}\n".encode())
        await self.process.stdin.drain()
        answer = await asyncio.wait_for(self.process.stdout.readline(), 60)
        assert answer, self.log.read_text("utf-8")[-2000:]
        return int(answer)


async def settle(place: Place, within: float) -> None:
    """Wait until every one of these prompts has come to an end."""
    async with asyncio.timeout(within):
        while await unsettled(place):  # noqa: ASYNC110 - other processes do it
            await asyncio.sleep(0.5)
