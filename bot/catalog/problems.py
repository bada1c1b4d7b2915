"""What is wrong with the content, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from bot.errors import ExitCode, StartupError


class Severity(StrEnum):
    """An error keeps a card from being published; a warning asks for somebody's time."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """One thing to mend: the message is a sentence that says how. Lines count from 1."""

    path: Path
    line: int
    message: str
    severity: Severity = Severity.ERROR

    def __str__(self) -> str:
        mark = "warning: " if self.severity is Severity.WARNING else ""
        return f"{self.path}:{self.line}: {mark}{self.message}"


class ContentError(StartupError):
    """The content cannot be served; `problems` holds every reason."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        more = len(problems) - 1
        rest = f" ({more} more: run `spoonful cards check`)" if more else ""
        super().__init__(f"The content cannot be used: {problems[0]}{rest}", ExitCode.CONTENT)
