"""`/treatment` answered as fast as it goes, beside the least that bots on discord.py and hikari can be.

The bare bots answer with as many bytes, made of nothing: no card is looked up, no view is built, nothing is counted.
All bots run at once, each with a server of its own, and take turns.
"""

import contextlib
import json
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import mean, median

from bench.bots import BARE_DISCORD_PY, BARE_HIKARI, SPOONFUL, Process, Stage, run, stage, until
from bench.table import Row, ms, p99
from bot.config import ROOT

ROUNDS = 5
SECONDS = 3.0
OUTSTANDING = 16
WARM_UP = 1.5
OURS = "Spoonful"
DISCORD_PY, ON_UVLOOP, HIKARI = "bare discord.py", "bare discord.py on uvloop", "bare hikari"


@dataclass
class Bot:
    """One contestant and what its rounds gave."""

    place: Stage
    process: Process
    rates: list[float] = field(default_factory=list[float])
    took: list[float] = field(default_factory=list[float])
    cpu: list[float] = field(default_factory=list[float])

    async def round(self, names: Sequence[str]) -> None:
        used, begin = self.process.cpu_seconds, time.perf_counter()
        took = await self.place.ask_for(SECONDS, names, OUTSTANDING)
        self.rates.append(len(took) / (time.perf_counter() - begin))
        self.cpu.append((self.process.cpu_seconds - used) / len(took))
        self.took += took
        self.place.discord.requests.clear()


def treatments() -> list[str]:
    """The ids of all cards; each is asked for in turn."""
    return sorted(path.stem for path in (ROOT / "content/cards").glob("*.yaml"))


def rows() -> Iterator[Row]:
    with tempfile.TemporaryDirectory() as folder:
        bots = run(_measure(Path(folder)))
    ours = bots.pop(OURS)
    rate, cpu = median(ours.rates), median(ours.cpu)
    for name, peer in bots.items():
        figures = f"{rate:,.0f}/s", f"{median(peer.rates):,.0f}/s"
        ratio = rate / median(peer.rates)
        target, met = ("≥ 0.9", ratio >= 0.9) if name == DISCORD_PY else ("", None)
        yield Row(f"/treatment answered a second, beside {name}", *figures, f"{ratio:.3g}", target, met)
        late = p99(ours.took), p99(peer.took)
        what = f"... p99, {OUTSTANDING} open at a time"
        yield Row(what, ms(late[0]), ms(late[1]), f"{late[0] / late[1]:.3g}")
        yield Row("... CPU per answer", ms(cpu), ms(median(peer.cpu)), f"{cpu / median(peer.cpu):.3g}")


async def _measure(folder: Path) -> dict[str, Bot]:
    names = treatments()
    async with contextlib.AsyncExitStack() as stack:

        async def start(name: str, command: Sequence[str]) -> Bot:
            place = await stack.enter_async_context(stage(folder / name))
            process = await place.start(command)
            await until(lambda: place.discord.commands)
            await place.ask_for(WARM_UP, names, OUTSTANDING)
            return Bot(place, process)

        bots = {OURS: await start(OURS, SPOONFUL)}
        size = str(_size_of_answers(bots[OURS].place))
        bots[DISCORD_PY] = await start(DISCORD_PY, (*BARE_DISCORD_PY, size))
        bots[ON_UVLOOP] = await start(ON_UVLOOP, (*BARE_DISCORD_PY, size, "--uvloop"))
        bots[HIKARI] = await start(HIKARI, (*BARE_HIKARI, size))
        for _ in range(ROUNDS):
            for bot in bots.values():
                await bot.round(names)
        return bots


def _size_of_answers(place: Stage) -> int:
    """Bytes of JSON in the middle of our answers."""
    answers = place.discord.calls("POST /interactions/*/*/callback")
    return round(mean(len(json.dumps(answer.body)) for answer in answers))
