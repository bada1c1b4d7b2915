"""What is wrong with the content, and where."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TypeAlias

from bot.errors import ExitCode, StartupError

Loc: TypeAlias = tuple[str | int, ...]
"""The path to a part of a file or value, such as ("harms", "common", 0)."""


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
    loc: Loc = ()
    """The path in the file, or in a value that is in no file."""

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
