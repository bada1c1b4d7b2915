"""Power cuts while an operator's command is at work on real files: recorded once, cut at the moments that matter."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from bot.storage.backups.folder import backups_in
from bot.storage.backups.making import create, verify
from bot.storage.backups.restoring import restore
from tests.drill.disk import Act, Death, compiler
from tests.drill.outages import Cut, Recording, Run
from tests.storage.backing import backed_up, home_of
from tests.storage.backing import fill as fill_for_backups
from tests.storage.examples import HOUR, NOW, entry, sent_prompt
from tests.storage.places import Place
from tests.storage.rotating import rotated
from tests.storage.test_backup import ALL, entries_in
from tests.storage.test_rotation import (
    Wrapped,
    all_is_there,
    back_up,
    fill,
    starts_or_says_what_to_do,
    the_old_key_opens_nothing,
)

LATECOMER = 100

pytestmark = pytest.mark.skipif(compiler() is None, reason="there is no C compiler here")


@dataclass(frozen=True)
class Rotation:
    """A recorded one, and what there was before."""

    recording: Recording
    old: bytes
    before: Wrapped

    @classmethod
    async def of(cls, place: Place, *deaths: Death) -> "Rotation":
        """Of a vault in use, with its backups: killed so often, and then run to its end."""
        backups = place.folder / "backups"
        await fill(place)
        backups.mkdir()
        back_up(place, backups)
        old, before = place.key_file.read_bytes(), await Wrapped.of(place)
        runs = [Run("tests.storage.rotating", (place.folder, backups), dies) for dies in (*deaths, None)]
        return cls(Recording.of(place, *runs), old, before)

    @property
    def on_key_files(self) -> list[int]:
        return self.recording.around(self.recording.place.key_file.parent)

    async def starts_after(self, cut: Cut) -> bool:
        """Whether a bot did, before the next rotation, which came to the end."""
        backups = cut.place.folder / "backups"
        starts = await starts_or_says_what_to_do(cut.place)
        assert (await rotated(cut.place, backups)).broken == 0
        await the_old_key_opens_nothing(cut.place, self.old, self.before, backups)
        await all_is_there(cut.place)
        return starts


async def test_fault_51_a_power_cut_while_the_key_files_are_exchanged_loses_no_key(tmp_path: Path) -> None:
    rotation = await Rotation.of(Place(tmp_path / "bot", None))
    moments = [*rotation.on_key_files, *rotation.recording.some(8)]
    started = [await rotation.starts_after(cut) for cut in rotation.recording.cuts(moments)]
    assert started[0]
    assert started.count(False) > 3


@pytest.mark.parametrize("dies", [(Act.LINK, 1), (Act.RENAME, 2)], ids=["new key", "backup"])
async def test_fault_51_a_power_cut_after_a_kill_loses_no_key_and_no_backup(tmp_path: Path, dies: Death) -> None:
    """A run that is killed has not made certain what it named last, and the next one finds it done."""
    rotation = await Rotation.of(Place(tmp_path / "bot", None), dies)
    started = [await rotation.starts_after(cut) for cut in rotation.recording.cuts(rotation.on_key_files)]
    assert started.count(False) > 3


@dataclass(frozen=True)
class Backups:
    """A recorded `create` or `restore`, killed so often and then run to its end; `there` is what was restored."""

    recording: Recording
    there: Sequence[Path] = ()

    @classmethod
    async def created(cls, place: Place, *deaths: Death) -> "Backups":
        await fill_for_backups(place)
        return cls(Recording.of(place, *_runs(deaths, "once", place.folder)))

    @classmethod
    async def restored(cls, place: Place, *deaths: Death) -> "Backups":
        """Both kinds, over a place where one member came and answered since."""
        await fill_for_backups(place)
        there = [made.path for made in (await backed_up(place)).values()]
        storage = await place.open()
        await storage.entries.record(entry(await sent_prompt(storage, LATECOMER), note="since"))
        await storage.close()
        return cls(Recording.of(place, *_runs(deaths, "restore", place.folder, *there)), there)

    @property
    def on_backups(self) -> list[int]:
        return self.recording.around(home_of(self.recording.place).backups)

    @property
    def on_names(self) -> list[int]:
        return self.recording.after(Act.LINK, Act.RENAME, Act.UNLINK)

    async def whole_after(self, cut: Cut) -> int:
        """How many backups there are, each of which opens; the next run makes all, and leaves nothing lying about."""
        home = home_of(cut.place)
        found = [verify(home, each.path) for each in backups_in(home.backups)]
        made = await create(home, NOW + HOUR)
        assert [verify(home, each.path) for each in made] == made
        assert not list(home.backups.glob("*.unfinished"))
        assert not (cut.place.data_dir / "backup-scratch").exists()
        return len(found)

    async def restored_after(self, cut: Cut) -> bool:
        """Whether the backup has taken the place; if not, everything is as it was. The next restore works."""
        found = await entries_in(cut.place)
        assert found in (ALL, {**ALL, LATECOMER: "since"})
        assert await cut.place.sql("PRAGMA integrity_check") == [("ok",)]
        assert await cut.place.sql("PRAGMA integrity_check", vault=True) == [("ok",)]
        files = [cut.place.folder / each.relative_to(self.recording.place.folder) for each in self.there]
        await restore(home_of(cut.place), files, NOW + 2 * HOUR)
        assert await entries_in(cut.place) == ALL
        assert not (cut.place.data_dir / "backup-scratch").exists()
        return found == ALL


def _runs(deaths: Sequence[Death], *arguments: str | Path) -> list[Run]:
    return [Run("tests.storage.backing", arguments, dies) for dies in (*deaths, None)]


async def test_a_power_cut_leaves_only_whole_backups(tmp_path: Path) -> None:
    backups = await Backups.created(Place(tmp_path / "bot", None))
    recording = backups.recording
    moments = [*backups.on_backups, *recording.some(8)]
    assert {await backups.whole_after(cut) for cut in recording.cuts(moments)} == {0, 1, 2}


async def test_fault_41_a_power_cut_in_a_restore_leaves_the_old_or_the_new_and_both_open(tmp_path: Path) -> None:
    backups = await Backups.restored(Place(tmp_path / "bot", None))
    moments = backups.recording.after(Act.LINK, Act.RENAME)
    assert {await backups.restored_after(cut) for cut in backups.recording.cuts(moments)} == {False, True}
