"""The content folder as a library that notices when a file changes."""

from dataclasses import dataclass
from pathlib import Path

from bot.catalog.loader import load
from bot.catalog.search.index import SearchIndex
from bot.domain.catalog import Catalog

Stamp = frozenset[tuple[Path, int, int]]


@dataclass(frozen=True)
class Library:
    """A catalog with the search over it."""

    catalog: Catalog
    search: SearchIndex


def indexed(catalog: Catalog) -> Library:
    """The catalog with a new search over it; takes a moment."""
    return Library(catalog, SearchIndex(catalog))


class LiveContent:
    """Loads a content folder, and loads it again when a file in it was changed, added or removed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: Stamp | None = None

    def load(self) -> Library:
        """Read everything. Takes a moment: off the event loop, please, once the bot runs.

        Raises:
            ContentError: with every problem. What was loaded before stays good.
        """
        self._seen = self._stamp()  # before reading: what changes meanwhile is seen next time
        return indexed(load(self._folder))

    def changed(self) -> bool:
        """Whether the files differ from those last read, well or badly."""
        return self._stamp() != self._seen

    def forget(self) -> None:
        """Count as changed, whatever the files say."""
        self._seen = None

    def _stamp(self) -> Stamp:
        files = (path for path in self._folder.glob("*/*.yaml"))
        return frozenset((path, stat.st_mtime_ns, stat.st_size) for path in files if (stat := path.stat()))
