"""What earlier runs were told, so that nobody is asked the same thing again for a while."""

from datetime import date, timedelta
from pathlib import Path
from typing import Self

from pydantic import ValidationError

from bot.catalog.verify.report import Finding, Result
from bot.domain.cards import Frozen, Source
from bot.errors import ExitCode, StartupError

KEPT_FOR = timedelta(days=30)

VERSION = 1
"""Raise it when findings are made differently: older files are then forgotten."""


class _Entry(Frozen):
    """Findings hold for what was asked: a source whose title or number was mended is asked anew."""

    title: str
    doi: str | None
    pmid: str | None
    asked_on: date
    findings: tuple[Finding, ...]


class _File(Frozen):
    version: int
    entries: dict[str, _Entry]


class Memory:
    """A JSON file of settled results, by source id."""

    def __init__(self, path: Path, entries: dict[str, _Entry], today: date) -> None:
        self._path = path
        self._entries = entries
        self._today = today

    @classmethod
    def load(cls, path: Path, today: date) -> Self:
        """What is still fresh. A damaged file, or one of another version, is an empty one.

        Raises:
            StartupError: the file cannot be read or written; better known before an hour of asking than after it.
        """
        try:
            file = _File.model_validate_json(path.read_bytes())
        except (FileNotFoundError, ValidationError):
            file = _File(version=VERSION, entries={})
        except OSError as error:
            raise _unusable(path, error) from error
        entries = file.entries if file.version == VERSION else {}
        fresh = {key: entry for key, entry in entries.items() if timedelta(0) <= today - entry.asked_on < KEPT_FOR}
        memory = cls(path, fresh, today)
        memory.save()
        return memory

    def recall(self, source: Source) -> Result | None:
        """The result of an earlier run, if the source is still the same."""
        entry = self._entries.get(source.id)
        if entry is None or (entry.title, entry.doi, entry.pmid) != (source.title, source.doi, source.pmid):
            return None
        return Result(source, entry.findings, entry.asked_on)

    def keep(self, result: Result) -> None:
        """Remember it if it is settled; a failure never is."""
        if result.is_settled:
            source = result.source
            self._entries[source.id] = _Entry(
                title=source.title,
                doi=source.doi,
                pmid=source.pmid,
                asked_on=result.asked_on,
                findings=result.findings,
            )

    def save(self) -> None:
        """Replace the file in one step.

        Raises:
            StartupError: the file system refuses.
        """
        new = self._path.with_name(f"{self._path.name}.new")
        try:
            self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            new.write_text(_File(version=VERSION, entries=self._entries).model_dump_json(indent=1), "utf-8")
            new.replace(self._path)
        except OSError as error:
            raise _unusable(self._path, error) from error


def _unusable(path: Path, error: OSError) -> StartupError:
    return StartupError(f"{path} cannot be used to remember results: {error.strerror}.", ExitCode.CONFIG)
