"""Backups after the master key was exchanged: their headers are wrapped anew, what is inside stays as it is."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from bot.storage.backups.folder import alone, headers_in, new_file
from bot.storage.backups.sealed import Header, read_header, write_header
from bot.storage.sealing import SealBroken, sync_folder


@dataclass(frozen=True)
class Rewrapped:
    """How many files open with the new key now, and those that neither key opens: they stay as they are."""

    done: int
    foreign: tuple[Path, ...]


def rewrap(folder: Path, old: bytes, new: bytes) -> Rewrapped:
    """Let every backup in a folder open with the new master key. Repeating it goes on where it was.

    In a backup of the vault the members' keys stay wrapped with the old master key, which goes along, sealed by the new
    one; a restore wraps them anew. It is gone when these files are, after some days.

    Raises:
        StartupError: another process is at work on these backups.
        OSError: the disk is full or fails; each file is as it was, or done.
    """
    done, foreign = 0, list[Path]()
    with alone(folder):
        for path, header in headers_in(folder):
            try:
                if not _opens(header, new):
                    _exchange(path, header.rewrapped(old, new))
            except SealBroken:
                foreign.append(path)
            else:
                done += 1
        sync_folder(folder)  # a run that was killed may have exchanged one last, and not come to this
    return Rewrapped(done, tuple(foreign))


def _opens(header: Header, master: bytes) -> bool:
    try:
        header.key_of_content(master)
    except SealBroken:
        return False
    return True


def _exchange(path: Path, header: Header) -> None:
    with path.open("rb") as old, new_file(path) as file:
        read_header(old, path)
        write_header(file, header)
        shutil.copyfileobj(old, file, 1024 * 1024)
