"""The three kinds of errors: safe to show, fatal at start, and everything else (which is ours)."""

from enum import IntEnum


class ExitCode(IntEnum):
    """What the `spoonful` command exits with; stable, so that a supervisor can decide whether to restart.

    The values above 1 follow the BSD sysexits convention. Restarting can mend `UNAVAILABLE` and `BUSY` only.
    """

    OK = 0
    PROBLEMS_FOUND = 1
    CONTENT = 65
    UNAVAILABLE = 69
    CRASH_LOOP = 70
    BUSY = 75
    DATABASE = 76
    TOKEN_REFUSED = 77
    CONFIG = 78


class UserError(Exception):
    """Its message is a kind, complete sentence, safe to show to the member who caused it."""


class StartupError(Exception):
    """The bot cannot start: one clear sentence for the operator, and the exit code that goes with it."""

    def __init__(self, message: str, code: ExitCode) -> None:
        super().__init__(message)
        self.code = code
