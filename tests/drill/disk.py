"""A disk that loses what was not fsynced, and one that fails: real SQLite on real files, below a preloaded library."""

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from enum import IntEnum
from pathlib import Path
from typing import Literal

SOURCE = Path(__file__).with_name("disk.c")
_HEAD = struct.Struct("=IIQQ")
SECTOR = 512


class Act(IntEnum):
    """What can be done to a disk; as in `disk.c`."""

    WRITE = 1
    TRUNCATE = 2
    SYNC = 3
    CREATE = 4
    UNLINK = 5
    LINK = 6


@dataclass(frozen=True)
class Operation:
    act: Act
    path: str
    at: int
    data: bytes


def compiler() -> str | None:
    """A C compiler, where there is one."""
    return shutil.which("cc") or shutil.which("gcc")


def library(folder: Path) -> Path:
    """The preloaded half, compiled."""
    built, command = folder / "disk.so", compiler()
    assert command is not None
    subprocess.run([command, "-shared", "-fPIC", "-O1", "-o", str(built), str(SOURCE), "-ldl"], check=True)
    return built


def environment(built: Path, folder: Path, *, journal: Path | None = None, fails: Path | None = None) -> dict[str, str]:
    """What makes a process use that disk for everything below `folder`."""
    named = {"DISK_JOURNAL": journal, "DISK_FAILS": fails}
    ours = {name: str(path) for name, path in named.items() if path is not None}
    return {**os.environ, "LD_PRELOAD": str(built), "DISK_FOLDER": str(folder), **ours}


def operations(journal: Path) -> Iterator[Operation]:
    """Everything that was done, in order; the last record may have been broken off."""
    noted, start = journal.read_bytes(), 0
    while start + _HEAD.size <= len(noted):
        act, name, at, length = _HEAD.unpack_from(noted, start)
        middle = start + _HEAD.size + name
        yield Operation(Act(act), noted[start + _HEAD.size : middle].decode(), at, noted[middle : middle + length])
        start = middle + length


@dataclass
class _File:
    """What is on the platter for certain, and what is only in memory."""

    certain: bytearray = field(default_factory=bytearray)
    pending: list[Operation] = field(default_factory=list[Operation])

    def sync(self) -> None:
        for each in self.pending:
            _apply(self.certain, each)
        self.pending.clear()

    def after_the_cut(self, chance: random.Random, kept: float) -> bytes:
        """What of the pending operations happens to have reached the platter, whole or torn, in any selection."""
        content = bytearray(self.certain)
        for each in self.pending:
            if chance.random() < kept:
                _apply(content, _torn(each, chance) if chance.random() < kept / 4 else each)
        return bytes(content)


def _apply(content: bytearray, done: Operation) -> None:
    if done.act is Act.TRUNCATE:
        del content[done.at :]
        content.extend(bytes(done.at - len(content)))
        return
    content.extend(bytes(max(0, done.at + len(done.data) - len(content))))
    content[done.at : done.at + len(done.data)] = done.data


def _torn(done: Operation, chance: random.Random) -> Operation:
    """Its first sectors only."""
    return Operation(done.act, done.path, done.at, done.data[: chance.randrange(len(done.data) + 1) // SECTOR * SECTOR])


Mood = Literal["all gone", "some left", "all there"]


@dataclass
class Disk:
    """The state of a folder, operation by operation. Names too are only certain when their folder is synced."""

    files: dict[str, _File] = field(default_factory=dict[str, _File])
    names: dict[str, _File] = field(default_factory=dict[str, _File])
    renamed: list[tuple[str, _File | None]] = field(default_factory=list[tuple[str, _File | None]])

    def do(self, done: Operation) -> None:
        match done.act:
            case Act.CREATE:
                self.files[done.path] = _File()
                self.renamed.append((done.path, self.files[done.path]))
            case Act.UNLINK:
                self.files.pop(done.path, None)
                self.renamed.append((done.path, None))
            case Act.LINK:
                second = done.data.decode()
                self.files[second] = self.files[done.path]
                self.renamed.append((second, self.files[second]))
            case Act.SYNC if done.path in self.files:
                self.files[done.path].sync()
            case Act.SYNC:  # of a folder
                self._sync_names(done.path)
            case Act.WRITE | Act.TRUNCATE:
                self.files.setdefault(done.path, _File()).pending.append(done)

    def cut(self, chance: random.Random, mood: Mood) -> dict[str, bytes]:
        """The files as they are found when the power is back."""
        kept = {"all gone": 0.0, "some left": chance.random(), "all there": 1.0}[mood]
        names = dict(self.names)
        for path, file in self.renamed[: round(len(self.renamed) * kept)]:  # a journal of the file system is in order
            _rename(names, path, file)
        return {path: file.after_the_cut(chance, kept if kept < 1 else 1.0) for path, file in names.items()}

    def _sync_names(self, folder: str) -> None:
        for path, file in self.renamed:
            if str(Path(path).parent) == folder:
                _rename(self.names, path, file)
        self.renamed = [each for each in self.renamed if str(Path(each[0]).parent) != folder]


def _rename(names: dict[str, _File], path: str, file: _File | None) -> None:
    if file is None:
        names.pop(path, None)
    else:
        names[path] = file


def power_cut(done: Sequence[Operation], chance: random.Random, mood: Mood) -> dict[str, bytes]:
    """What is left of everything that was done up to this moment."""
    disk = Disk()
    for each in done:
        if not each.path.endswith("-shm"):  # shared memory: SQLite makes it anew
            disk.do(each)
    return disk.cut(chance, mood)
