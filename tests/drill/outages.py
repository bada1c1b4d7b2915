"""Power cuts while something works on a place that is in use: recorded once, then cut at many moments."""

import random
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from bot.config import ROOT
from tests.drill.cuts import MOODS, Told, lay_out
from tests.drill.disk import Act, Death, Mood, Operation, environment, library, operations, power_cut
from tests.storage.places import Place


@dataclass(frozen=True)
class Run:
    """A module that is run, with its arguments; `dies` if it is killed."""

    module: str
    arguments: tuple[str | Path, ...]
    dies: Death | None = None

    def through(self, surroundings: Mapping[str, str]) -> None:
        command = [sys.executable, "-m", self.module, *map(str, self.arguments)]
        code = subprocess.run(command, cwd=ROOT, check=False, timeout=60, env=surroundings).returncode
        assert code == (-signal.SIGKILL if self.dies else 0)


@dataclass(frozen=True)
class Cut:
    """What is found when the power is back that went after so many operations."""

    place: Place
    told: Told
    moment: int
    mood: Mood


@dataclass(frozen=True)
class Recording:
    """What was done to a folder that was on the platter for certain before."""

    place: Place
    before: Mapping[str, bytes]
    done: Sequence[Operation]

    @classmethod
    def of(cls, place: Place, *runs: Run) -> "Recording":
        """One after the other."""
        beside = place.folder.with_name(f"{place.folder.name}-recorded")
        beside.mkdir()
        built, journal = library(beside), beside / "journal"
        before = {str(path): path.read_bytes() for path in place.folder.rglob("*") if path.is_file()}
        for run in runs:
            run.through(environment(built, place.folder, journal=journal, dies=run.dies))
        return cls(place, before, list(operations(journal)))

    def around(self, *folders: Path) -> list[int]:
        """The moments before and after each operation on these folders and the files in them."""
        here = {str(each) for each in folders}
        met = [n for n, each in enumerate(self.done) if here & {each.path, str(Path(each.path).parent)}]
        return sorted({*met, *(n + 1 for n in met)})

    def after(self, *acts: Act) -> list[int]:
        return [n + 1 for n, each in enumerate(self.done) if each.act in acts]

    def some(self, count: int, seed: int = 1) -> list[int]:
        """Moments anywhere."""
        return random.Random(seed).sample(range(len(self.done) + 1), count)  # noqa: S311 - the same every time

    def cuts(self, moments: Iterable[int], seed: int = 1) -> Iterator[Cut]:
        """Places to look at, one after the other, for each mood. What was found before is not found again."""
        seen, folder = set[frozenset[tuple[str, bytes]]](), self.place.folder.with_name(f"{self.place.folder.name}-cut")
        for moment in moments:
            for mood in MOODS:
                chance = random.Random(f"{seed} {moment}")  # noqa: S311 - the same every time
                files = power_cut(self.done[:moment], chance, mood, self.before)
                if (found := frozenset(files.items())) not in seen:
                    seen.add(found)
                    yield Cut(lay_out(files, self.place.folder, folder), Told.by(self.done[:moment]), moment, mood)
                    shutil.rmtree(folder)
