"""Empty databases that are migrated already: migrating one takes longer than most tests."""

import asyncio
import shutil
import tempfile
from functools import cache
from pathlib import Path
from threading import Thread

from bot.storage import Storage


@cache
def _migrated() -> tempfile.TemporaryDirectory[str]:
    """Made once in each process; gone with it."""
    folder = tempfile.TemporaryDirectory(prefix="spoonful-ready-")

    async def make() -> None:
        await (await Storage.open(None, Path(folder.name), Path(folder.name) / "master.key")).close()

    thread = Thread(target=asyncio.run, args=[make()])  # whoever asks may be in an event loop already
    thread.start()
    thread.join()
    return folder


async def open_ready(data_dir: Path, key_file: Path | None = None) -> Storage:
    """The storage of a data folder that is still empty, with a key that every other one has too."""
    key_file = key_file or data_dir / "master.key"
    _fill(data_dir, key_file)
    return await Storage.open(None, data_dir, key_file)


def _fill(data_dir: Path, key_file: Path) -> None:
    made = Path(_migrated().name)
    for path, name in (
        (data_dir / "spoonful.db", "spoonful.db"),
        (data_dir / "vault.db", "vault.db"),
        (key_file, "master.key"),
    ):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        shutil.copy2(made / name, path)
