"""Work for a worker process: it must be importable there, which a test module is not."""

import os
import signal
from pathlib import Path


def who() -> bytes:
    return str(os.getpid()).encode()


def die() -> bytes:
    os.kill(os.getpid(), signal.SIGKILL)
    return b""


def die_once(path: Path) -> bytes:
    if path.exists():
        return b"alive"
    path.touch()
    return die()


def fail(words: str) -> bytes:
    raise ValueError(words)
