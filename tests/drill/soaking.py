"""Lets the bot work for a while and looks at what it uses: the same in a minute and in a day."""

import asyncio
import contextlib
import itertools
import json
import statistics
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.drill.crowd import fill
from tests.drill.fleet import environment
from tests.loopback.server import FakeDiscord, Payload
from tests.storage.places import Place

SOAK = (sys.executable, str(Path(__file__).with_name("soak.py")))
BETWEEN_PRESSES = 0.2
"""Seconds."""


@dataclass(frozen=True)
class Figures:
    """What the bot used, in the order of time, after it had warmed up."""

    lines: Sequence[dict[str, float]]

    @classmethod
    def read(cls, path: Path, warm: float) -> "Figures":
        """`warm` is the part of the time that does not count."""
        lines = [json.loads(line) for line in path.read_text().splitlines()]
        return cls(lines[int(len(lines) * warm) :])

    @property
    def sent(self) -> float:
        return self.lines[-1]["sent"] - self.lines[0]["sent"]

    def slope(self, name: str, over: str = "sent") -> float:
        """Growth for each prompt sent (or for each second), by least squares."""
        return statistics.linear_regression([each[over] for each in self.lines], [each[name] for each in self.lines])[0]

    def highest(self, name: str) -> float:
        return max(each[name] for each in self.lines)

    def grown(self, name: str) -> float:
        """By how much the usual value of the last third is above that of the first."""
        third = max(1, len(self.lines) // 3)
        first, last = self.lines[:third], self.lines[-third:]
        return statistics.median(each[name] for each in last) - statistics.median(each[name] for each in first)


async def soak(discord: FakeDiscord, folder: Path, *, members: int, rate: int, seconds: float) -> Path:
    """Work that long, with people who press the buttons of what they get; the file with the figures."""
    place, figures, log = Place(folder, None), folder / "figures", folder / "log"
    await fill(place, members, channel=discord.open_dm)
    command = (*SOAK, "--figures", str(figures), "--rate", str(rate), "--every", str(seconds / 200))
    surroundings = environment(place, discord, log_level="ERROR")
    with log.open("wb") as said:
        bot = await asyncio.create_subprocess_exec(*command, stderr=said, env=surroundings, cwd=folder)
    presses = asyncio.create_task(press_buttons(discord))
    try:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(bot.wait(), seconds)  # it should outlast this
        assert bot.returncode is None, log.read_text()
        presses.cancel()
        await asyncio.sleep(0.5)  # what was pressed last is answered
        bot.terminate()
        assert await asyncio.wait_for(bot.wait(), 30) == 0
    finally:
        presses.cancel()
        if bot.returncode is None:
            bot.kill()
            await bot.wait()
    assert not log.read_text()
    return figures


async def press_buttons(discord: FakeDiscord) -> None:
    """One person after another skips or answers the last thing they got."""
    for channel in itertools.cycle(list(discord._people._recipients)):  # pyright: ignore[reportPrivateUsage]
        got = discord.messages(int(channel))
        choices = [each for each in custom_ids(got[-1]["components"]) if each.startswith("skip:")] if got else []
        if choices and discord.session:
            await discord.press(int(channel), got[-1], choices[0])
            del got[:-3]  # what is long past need not be kept by the server either
        await asyncio.sleep(BETWEEN_PRESSES)
        discord.requests.clear()


def custom_ids(components: list[Payload]) -> list[str]:
    own = [part["custom_id"] for part in components if "custom_id" in part]
    return own + [each for part in components for each in custom_ids(part.get("components", []))]
