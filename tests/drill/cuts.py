"""Simulated power cuts: run a writer once, then look at what is left for many moments at which the power could fail."""

import random
import sqlite3
import subprocess
import sys
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import get_args

from bot.config import ROOT
from tests.drill.disk import Act, Mood, Operation, environment, library, operations, power_cut
from tests.storage.places import Place

MOODS: tuple[Mood, ...] = get_args(Mood)


@dataclass(frozen=True)
class Told:
    """What members had been told up to a moment: their entries' prompts by member, and who was erased."""

    entries: dict[int, str]
    erased: set[int]

    @classmethod
    def by(cls, done: Sequence[Operation]) -> "Told":
        said = b"".join(each.data for each in done if each.act is Act.WRITE and each.path.endswith("/acks"))
        words = [line.split() for line in said.decode().splitlines()]
        erased = {int(each[1]) for each in words if each[0] == "erased"}
        return cls({int(each[1]): each[2] for each in words if each[0] == "entry"}, erased)


def recorded(folder: Path, members: int) -> list[Operation]:
    """Everything that one run of the writer did to its disk."""
    written, journal = folder / "written", folder / "journal"
    written.mkdir()
    command = [sys.executable, "-m", "tests.drill.writer", str(written), str(members)]
    subprocess.run(
        command, cwd=ROOT, check=True, timeout=300, env=environment(library(folder), written, journal=journal)
    )
    return list(operations(journal))


def lay_out(files: dict[str, bytes], old: Path, new: Path) -> Place:
    """The folder after the cut."""
    for path, content in files.items():
        target = new / Path(path).relative_to(old)
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        target.write_bytes(content)
        target.chmod(0o600)
    return Place(new, None)


async def lost_in(place: Place, told: Told) -> list[str]:
    """What was promised and is not there, when the bot is started again."""
    storage = await place.open()
    kept = {member: await storage.entries.of_prompt(prompt) for member, prompt in _standing(told).items()}
    back = [member for member in told.erased if await storage.members.get(member)]
    await storage.close()
    with closing(sqlite3.connect(place.data_dir / "vault.db")) as vault:
        keys = {row[0] for row in vault.execute("SELECT member_id FROM member_key")}
    with closing(sqlite3.connect(place.file)) as file:
        sound = file.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    lost = [f"entry of {member}" for member, entry in kept.items() if entry is None]
    returned = [f"erased {member} is back" for member in (*back, *(told.erased & keys))]
    return lost + returned + ([] if sound else ["integrity"])


def _standing(told: Told) -> dict[int, str]:
    """Entries whose member may not be in the middle of being erased."""
    return {member: prompt for member, prompt in told.entries.items() if member % 7}


async def cut_at_random(folder: Path, members: int, cuts: int, seed: int = 1) -> tuple[int, list[str]]:
    """Cut the power that often. Returns how many promises were looked at in all, and those that were broken."""
    done, chance = recorded(folder, members), random.Random(seed)  # noqa: S311 - the same every time
    promises, broken = 0, list[str]()
    for number in range(cuts):
        moment, mood = chance.randrange(len(done)), MOODS[number % len(MOODS)]
        told = Told.by(done[:moment])
        promises += len(told.entries) + len(told.erased)
        files = power_cut(done[:moment], chance, mood)
        place = lay_out(files, folder / "written", folder / f"cut-{number}")
        broken += [f"{mood} at {moment}: {each}" for each in await lost_in(place, told)]
    return promises, broken
