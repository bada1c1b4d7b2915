"""Bots without the second that their imports take: a process that has done them becomes a bot whenever one is wanted.

What comes of it is a process like any other: its own memory, signals, files and end.
"""

import asyncio
import gc
import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from bot.config import ROOT


@dataclass(frozen=True)
class Fork:
    """A bot: as much of `asyncio.subprocess.Process` as tests use. Who waits for it leaves its exit code in a file."""

    pid: int
    ended: Path

    @property
    def returncode(self) -> int | None:
        return int(self.ended.read_text()) if self.ended.exists() else None

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    async def wait(self) -> int:
        while (code := self.returncode) is None:  # noqa: ASYNC110 - no Event is set by another process
            await asyncio.sleep(0.01)
        return code


class Forks:
    """The process that forks, for all tests of one worker."""

    def __init__(self, module: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", module], stdin=subprocess.PIPE, stdout=subprocess.PIPE, cwd=ROOT
        )

    @property
    def _pipes(self) -> tuple[IO[bytes], IO[bytes]]:
        assert self._process.stdin
        assert self._process.stdout
        return self._process.stdin, self._process.stdout

    async def start(self, arguments: Sequence[str], *, out: Path, err: Path, env: Mapping[str, str], cwd: Path) -> Fork:
        ended = out.with_suffix(".ended")
        order = {
            "arguments": list(arguments),
            "out": str(out),
            "err": str(err),
            "env": dict(env),
            "cwd": str(cwd),
            "ended": str(ended),
        }
        asked, told = self._pipes
        asked.write(json.dumps(order).encode() + b"\n")
        asked.flush()
        return Fork(int(await asyncio.to_thread(told.readline)), ended)

    def close(self) -> None:
        for pipe in self._pipes:
            pipe.close()
        self._process.wait(10)


# The other side


def serve(main: Callable[[list[str]], None]) -> None:
    """Fork for every order that comes in; the child runs `main` with its arguments."""
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for those who wait
    gc.freeze()  # else every bot walks over, and so copies, all that was imported
    for line in sys.stdin.buffer:
        if os.fork() == 0:
            _wait_for_child(json.loads(line), main)


def _wait_for_child(order: Mapping[str, Any], main: Callable[[list[str]], None]) -> None:
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    child = os.fork()
    if child == 0:
        _become(order, main)
    os.write(1, b"%d\n" % child)
    os.close(1)
    _, status = os.waitpid(child, 0)
    partly = Path(f"{order['ended']}.new")
    partly.write_text(str(os.waitstatus_to_exitcode(status)))
    partly.rename(order["ended"])
    os._exit(0)


def _become(order: Mapping[str, Any], main: Callable[[list[str]], None]) -> None:
    for number, path in ((0, os.devnull), (1, order["out"]), (2, order["err"])):
        opened = os.open(path, os.O_RDWR | os.O_CREAT)
        os.dup2(opened, number)
        os.close(opened)
    os.environ.clear()
    os.environ.update(order["env"])
    os.chdir(order["cwd"])
    code: object = 1
    try:
        main(order["arguments"])
        code = 0
    except SystemExit as ending:
        code = ending.code
    except BaseException as error:  # noqa: BLE001 - as the interpreter would, for the test to read
        sys.excepthook(type(error), error, error.__traceback__)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(int(code) if isinstance(code, int) else 0 if code is None else 1)
