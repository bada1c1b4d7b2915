"""A rotation that is killed at its n-th step: before each thing that it does to a file or to the vault.

`python -m tests.storage.rotating FOLDER BACKUPS` comes to its end.
"""

import asyncio
import itertools
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from bot.storage import rotate, rotation
from bot.storage.engine import Database
from tests.storage.places import Place

BATCH = 2
FILE_STEPS = ("write", "fsync", "rename", "link", "unlink", "chown")


def quiet(_done: int, _total: int) -> None:
    """Nobody is watching."""


async def rotated(place: Place, backups: Path | None = None) -> rotation.Rotated:
    return await rotate(place.url, place.data_dir, place.key_file, backups, quiet)


def rotate_and_die(folder: Path, url: str | None, backups: Path, fatal: int) -> None:
    """To be run in a process of its own, which ends by SIGKILL at that step, or with 0 if there are fewer."""
    steps = itertools.count()

    def step() -> None:
        if next(steps) == fatal:
            os.kill(os.getpid(), signal.SIGKILL)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rotation, "BATCH", BATCH)
        for name in FILE_STEPS:
            patch.setattr(os, name, _after(step, getattr(os, name)))
        patch.setattr(Database, "write", _after(step, Database.write))
        asyncio.run(rotated(Place(folder, url), backups))


def _after(step: Callable[[], None], act: Callable[..., Any]) -> Callable[..., Any]:
    def stepped(*arguments: Any, **named: Any) -> Any:
        step()
        return act(*arguments, **named)

    return stepped


if __name__ == "__main__":
    rotate_and_die(Path(sys.argv[1]), None, Path(sys.argv[2]), fatal=-1)
