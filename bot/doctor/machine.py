"""What the machine offers: clock, disk, and who can read which files."""

import os
import shutil
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from bot.config import Settings
from bot.doctor.findings import Finding, ok, problem, warning
from bot.services.delivery import EARLIEST
from bot.storage.checkup import Checkup

LEAST_FREE = 1_000_000_000
FREE_PER_DATABASE = 5
"""A backup, a snapshot before an upgrade and a restore each need room for another copy or two."""

OTHERS = 0o077


def clock(now: datetime) -> Finding:
    if now < EARLIEST:
        return problem(
            "clock", f"It reads {now:%Y-%m-%d}, which is before this program was made.", "Set it: timedatectl"
        )
    return ok("clock", f"It reads {now:%Y-%m-%d %H:%M} UTC.")


def disk(folder: Path, checkup: Checkup | None) -> Finding:
    """The folder, or the nearest one above it that is there."""
    there = next(each for each in (folder.absolute(), *folder.absolute().parents) if each.is_dir())
    free, size = shutil.disk_usage(there).free, checkup.size if checkup else 0
    said = f"{free / 1e9:.1f} GB are free where the data is."
    if free < max(LEAST_FREE, FREE_PER_DATABASE * size):
        wanted = "1 GB, or five times the database if that is more"
        return warning("disk", said, f"Make room: backups and upgrades need copies. There should be {wanted}.")
    return ok("disk", said)


def files(settings: Settings) -> Sequence[Finding]:
    """Who else can read what only the bot should, and whether it can write where it must."""
    found = [*_readable(settings), *_not_writable(settings.data_dir)]
    return found or [ok("files", "Nobody else on this machine can read data, keys, token or backups.")]


def _readable(settings: Settings) -> Iterator[Finding]:
    for path in _private(settings):
        mode = path.stat().st_mode & OTHERS
        if mode:
            wanted = 700 if path.is_dir() else 600
            said = f"Others on this machine can get at {path}."
            yield problem("files", said, f"Run: chmod {wanted} {path}")


def _private(settings: Settings) -> Iterator[Path]:
    """Everything that is for the bot alone, as far as it is there."""
    folders = dict.fromkeys((settings.data_dir, settings.backups))
    wanted = [settings.key_file, settings.discord_token_file, Path(".env"), *folders]
    for folder in folders:
        for pattern in ("*.db", "*.db-*", "*.db.before-*", "*.backup", "tombstones"):
            wanted += sorted(folder.glob(pattern))
    yield from (path for path in wanted if path is not None and path.exists())


def _not_writable(folder: Path) -> Iterator[Finding]:
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK | os.X_OK)):
        yield problem("files", f"{folder} is no folder in which I may write.", "Run the bot as the user who owns it.")
