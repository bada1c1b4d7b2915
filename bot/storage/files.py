"""Files that only the bot's own user can read, and the lock that keeps a second process off a database file."""

import fcntl
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from bot.errors import ExitCode, StartupError


def make_private(path: Path) -> None:
    """Create the file, empty, unless it is there; its mode is 0600 either way. A new folder gets 0700.

    SQLite gives `-wal` and `-shm` the mode of the database file, so this covers them too.

    Raises:
        StartupError: the file system refuses.
    """
    try:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
        path.chmod(0o600)
    except OSError as error:
        raise StartupError(f"{path} cannot be written: {error.strerror}.", ExitCode.DATABASE) from error


class FileLock:
    """The exclusive right to a database file, held until `release` or the end of the process, however it ends.

    Raises:
        StartupError: another process has it (`ExitCode.BUSY`).
    """

    def __init__(self, database: Path) -> None:
        path = database.with_name(f"{database.name}.lock")
        make_private(path)
        self._file = os.open(path, os.O_RDWR)
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            os.close(self._file)
            raise StartupError(
                f"Another Spoonful process is using {database}. Stop it first: two must not share one file.",
                ExitCode.BUSY,
            ) from None

    def release(self) -> None:
        os.close(self._file)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
