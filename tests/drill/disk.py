"""A disk that loses what was not fsynced, and one that fails: real SQLite on real files, below a preloaded library."""

import os
import random
import shutil
import struct
import subprocess
from collections.abc import Iterator, Mapping, Sequence
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
    RENAME = 7


Death = tuple[Act, int]
"""A process is killed right after it did this for the n-th time."""


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


def environment(
    built: Path, folder: Path, *, journal: Path | None = None, fails: Path | None = None, dies: Death | None = None
) -> dict[str, str]:
    """What makes a process use that disk for everything below `folder`."""
    named = {"DISK_JOURNAL": journal, "DISK_FAILS": fails, "DISK_DIES": dies and f"{dies[0]:d} {dies[1]}"}
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


Mood = Literal["all gone", "only names", "some left", "all there"]


Step = Mapping[str, _File | None]
"""Names that come and go together."""


@dataclass
class Disk:
    """The state of a folder, operation by operation. Names too are only certain when their folder is synced."""

    files: dict[str, _File] = field(default_factory=dict[str, _File])
    names: dict[str, _File] = field(default_factory=dict[str, _File])
    steps: list[Step] = field(default_factory=list[Step])

    @classmethod
    def of(cls, before: Mapping[str, bytes]) -> "Disk":
        """A disk with files that are there for certain."""
        files = {path: _File(bytearray(content)) for path, content in before.items()}
        return cls(files, dict(files))

    def do(self, done: Operation) -> None:
        match done.act:
            case Act.CREATE:
                self._rename({done.path: _File()})
            case Act.UNLINK:
                self._rename({done.path: None})
            case Act.LINK:
                self._rename({done.data.decode(): self.files[done.path]})
            case Act.RENAME:
                self._rename({done.path: None, done.data.decode(): self.files[done.path]})
            case Act.SYNC if done.path in self.files:
                self.files[done.path].sync()
            case Act.SYNC:  # of a folder
                self._sync_names(done.path)
            case Act.WRITE | Act.TRUNCATE:
                self.files.setdefault(done.path, _File()).pending.append(done)

    def cut(self, chance: random.Random, mood: Mood) -> dict[str, bytes]:
        """The files as they are found when the power is back."""
        kept = {"all gone": 0.0, "only names": 0.0, "some left": chance.random(), "all there": 1.0}[mood]
        named = 1.0 if mood == "only names" else kept
        names = dict(self.names)
        for step in self.steps[: round(len(self.steps) * named)]:  # a journal of the file system is in order
            _take(names, step)
        return {path: file.after_the_cut(chance, kept) for path, file in names.items()}

    def _rename(self, step: Step) -> None:
        _take(self.files, step)
        self.steps.append(step)

    def _sync_names(self, folder: str) -> None:
        """With a step between two folders goes whatever was done before it in the other one."""
        folders, certain, left = {folder}, list[Step](), list[Step]()
        for step in reversed(self.steps):
            within = {str(Path(path).parent) for path in step}
            if folders & within:
                folders |= within
            (certain if folders & within else left).append(step)
        for step in reversed(certain):
            _take(self.names, step)
        self.steps = left[::-1]


def _take(names: dict[str, _File], step: Step) -> None:
    for path, file in step.items():
        if file is None:
            names.pop(path, None)
        else:
            names[path] = file


def power_cut(
    done: Sequence[Operation], chance: random.Random, mood: Mood, before: Mapping[str, bytes] | None = None
) -> dict[str, bytes]:
    """What is left of everything that was done up to this moment, to a disk that held these files before."""
    disk = Disk.of(before or {})
    for each in done:
        if not each.path.endswith("-shm"):  # shared memory: SQLite makes it anew
            disk.do(each)
    return disk.cut(chance, mood)
